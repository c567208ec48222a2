// The real Claude Code and Codex against a scripted model: the canary, collisions in every way of writing, and the pages that
// are followed with them. They are fetched once into a cache outside of the repository; without a registry it skips, with the
// reason. Run by `npm run test:harness`.
import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { ANTHROPIC } from '../../daemon/canary/anthropic.ts'
import { startModel, type Step } from '../../daemon/canary/model.ts'
import type { CanaryReport } from '../../daemon/cli/setup.ts'
import { blocksOf, type Desk } from '../helpers/page-blocks.ts'
import { ENV, layClients, must, runClaude, skip } from './clients.ts'

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
    const run = await runClaude(desk, model, ['-p', 'go'], { SKEIN_WAIT: 'refuse' })
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
