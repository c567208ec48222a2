// The real Claude Code and Codex against a scripted model: the canary, collisions in every way of writing, and the pages that
// are followed with them. They are fetched once into a cache outside of the repository; without a registry it skips, with the
// reason. Run by `npm run test:harness`.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { ANTHROPIC } from '../../daemon/canary/anthropic.ts'
import { runClient } from '../../daemon/canary/client.ts'
import { startModel, type Step } from '../../daemon/canary/model.ts'
import type { CanaryReport } from '../../daemon/cli/setup.ts'
import { findVerb } from '../../daemon/cli/verbs.ts'
import { PROGRAM } from '../helpers/cli-daemon.ts'
import { blocksOf, layDesk, type Desk } from '../helpers/page-blocks.ts'

const CLIENTS = ['@anthropic-ai/claude-code@2.1.197', '@openai/codex@0.169.0']
const INSTALL_MS_MAX = 600_000

const cache = process.env['SKEIN_HARNESS_CACHE'] ?? path.join(cacheFolder(), 'skein-harness')
const skip = install()

/** Where this system keeps what can be fetched again. */
function cacheFolder(): string {
  if (process.platform === 'darwin') return path.join(os.homedir(), 'Library', 'Caches')
  const given = process.env['XDG_CACHE_HOME'] ?? ''
  return given === '' ? path.join(os.homedir(), '.cache') : given
}

/** False once both are there, else why they are not. */
function install(): string | false {
  const programs = ['claude', 'codex'].map((name) => path.join(cache, 'node_modules', '.bin', name))
  if (programs.every((program) => existsSync(program))) return false
  mkdirSync(cache, { recursive: true })
  const words = ['install', '--prefix', cache, '--no-audit', '--no-fund', ...CLIENTS]
  const { status, stderr } = spawnSync('npm', words, { encoding: 'utf8', timeout: INSTALL_MS_MAX })
  return status === 0
    ? false
    : `the clients cannot be fetched: ${stderr.trim().split('\n').at(-1) ?? ''}`
}

/** The guard itself where this program has one, else its stand-in. */
const skein =
  findVerb('guard') === undefined ? path.resolve('test/helpers/stand-in-guard.mjs') : PROGRAM

function layClients(t: TestContext): Desk {
  const desk = layDesk(t)
  const [bin = ''] = (desk.env['PATH'] ?? '').split(path.delimiter)
  for (const name of ['claude', 'codex'])
    symlinkSync(path.join(cache, 'node_modules', '.bin', name), path.join(bin, name))
  if (skein !== PROGRAM) {
    rmSync(path.join(bin, 'skein'))
    copyFileSync(skein, path.join(bin, 'skein'))
    chmodSync(path.join(bin, 'skein'), 0o755)
  }
  return desk
}

const ENV = { STAND_IN_PROGRAM: PROGRAM }

async function must(desk: Desk, text: string): Promise<string> {
  const { exit, stdout, stderr } = await desk.run('sh', `set -e\n${text}`, ENV)
  assert.equal(exit, 0, `${text}\n${stdout}${stderr}`)
  return stdout
}

async function canary(desk: Desk, tool: string): Promise<readonly string[]> {
  const { stdout, stderr } = await desk.run(
    'sh',
    `skein doctor --canary --tool ${tool} --json`,
    ENV,
  )
  assert.ok(stdout.startsWith('{'), stderr)
  const { canary: reports } = JSON.parse(stdout) as { canary: readonly CanaryReport[] }
  return reports.map(({ way, verdict, says }) =>
    verdict === 'UNKNOWN' ? says : `${way} ${verdict}`,
  )
}

describe('the canary with the real clients', { skip }, () => {
  it('sees Claude Code refused, and let through once its hooks are gone', async (t) => {
    const desk = layClients(t)
    await must(desk, 'skein up --background --quiet; skein init --tool claude --yes --quiet')
    assert.deepEqual(await canary(desk, 'claude'), ['edit BLOCKED', 'shell BLOCKED'])
    rmSync(path.join(desk.root, '.claude'), { recursive: true })
    assert.deepEqual(await canary(desk, 'claude'), ['edit LEAKED', 'shell LEAKED'])
  })

  it('sees Codex skip hooks that nobody trusts, and refused once they are trusted', async (t) => {
    const desk = layClients(t)
    await must(desk, 'skein up --background --quiet; skein init --tool codex --yes --quiet')
    assert.deepEqual(await canary(desk, 'codex'), ['edit LEAKED', 'shell LEAKED'])
    await must(desk, 'mkdir -p ~/.codex; skein init --tool codex --trust --yes --quiet')
    assert.deepEqual(await canary(desk, 'codex'), ['edit BLOCKED', 'shell BLOCKED'])
    const hooks = path.join(desk.root, '.codex/hooks.json')
    await must(
      desk,
      `sed -i.old 's/"timeout": 30/"timeout": 29/; s/"timeout": 630/"timeout": 629/' ${hooks}`,
    )
    assert.deepEqual(await canary(desk, 'codex'), ['edit LEAKED', 'shell LEAKED'], 'changed since')
  })
})

describe('a collision in Claude Code', { skip }, () => {
  it('is refused in every way of writing, with a reason that reaches the model', async (t) => {
    const desk = layClients(t)
    await must(desk, 'skein up --background --quiet; skein init --tool claude --yes --quiet')
    const name = 'skein-canary-0000.txt'
    await must(
      desk,
      `echo held > ${name}; skein claim ${name} --agent carl --session other --quiet`,
    )
    const file = path.join(desk.root, name)
    const commands = {
      toolu_redirect: `echo x > ${name}`,
      toolu_sed: `sed -i s/held/x/ ${name}`,
      toolu_tee: `echo x | tee ${name}`,
      toolu_heredoc: `cat > ${name} <<'EOF'\nx\nEOF`,
      toolu_remove: `rm ${name}`,
    }
    const steps: readonly Step[] = [
      ...Object.entries(commands).map(([id, command]) => ({
        id,
        tool: () => ({ name: 'Bash', input: { command, description: 'x' } }),
      })),
      {
        id: 'toolu_write',
        tool: () => ({ name: 'Write', input: { file_path: file, content: 'x' } }),
      },
    ]
    const model = await startModel(steps, ANTHROPIC)
    t.after(() => model.close())
    const env = {
      ...desk.env,
      ...ENV,
      ANTHROPIC_BASE_URL: model.url,
      ANTHROPIC_API_KEY: 'none',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      IS_SANDBOX: '1',
    }
    const words = ['-p', 'go', '--permission-mode', 'bypassPermissions']
    const signal = new AbortController().signal
    const at = { cwd: desk.root, env, millisecondsMax: 60_000, signal }
    const run = await runClient(path.join(cache, 'node_modules/.bin/claude'), words, at)
    assert.equal(run.exit, 0, run.said)
    assert.equal(readFileSync(file, 'utf8'), 'held\n')
    for (const { id } of steps.slice(0, -1))
      assert.match(model.results.get(id)?.text ?? '', /carl/, id)
  })
})

describe('the pages', { skip }, () => {
  for (const name of ['claude-code', 'codex']) {
    it(`work with the real clients: ${name}`, async (t) => {
      const desk = layClients(t)
      for (const block of blocksOf(`docs/how-to/${name}.md`)) {
        if (block.language !== 'sh') continue
        // A person who has started Codex once has its folder.
        const stdout = await must(desk, `mkdir -p ~/.codex\n${block.text}`)
        if (block.text.includes('--canary')) assert.match(stdout, /^BLOCKED .*\nBLOCKED .*$/m)
      }
    })
  }
})
