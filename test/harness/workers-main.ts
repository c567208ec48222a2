// Real harnesses as workers, on a scripted model: from `skein assign` to a pushed branch, with a word on the way over MCP, from a
// worktree in which nobody has approved or trusted anything.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { ANTHROPIC } from '../../daemon/canary/anthropic.ts'
import {
  startModel,
  type Dialect,
  type ScriptedModel,
  type Step,
} from '../../daemon/canary/model.ts'
import { OPENAI } from '../../daemon/canary/openai.ts'
import type { OperationResult } from '../../protocol/index.ts'
import type { Desk } from '../helpers/page-blocks.ts'
import { layClients, must, skip } from './clients.ts'

type Worker = OperationResult<'workers'>['workers'][number]

const REPORT = { text: 'wrote it → commit', confidence: 'high' }

/** Codex offers the tools of a server under the server's name. */
const CODEX: Dialect = {
  ...OPENAI,
  call: (step, call, turn) =>
    OPENAI.call(step, call, turn).replace(
      '"name":"mcp__skein__',
      '"namespace":"mcp__skein","name":"',
    ),
}

async function lay(
  t: TestContext,
  steps: readonly Step[],
  dialect: Dialect,
  config: (desk: Desk, model: ScriptedModel) => string,
): Promise<{ readonly desk: Desk; readonly model: ScriptedModel }> {
  const desk = layClients(t)
  const model = await startModel(steps, dialect)
  t.after(() => model.close())
  mkdirSync(desk.home, { recursive: true })
  writeFileSync(path.join(desk.home, 'config.yml'), config(desk, model))
  await must(
    desk,
    `skein up --background --quiet; skein init --tool all --yes --quiet
    git add -A; git commit -q -m wired; git push -q origin HEAD:main`,
  )
  return { desk, model }
}

/** Gives it the task and waits for its end. */
async function work(desk: Desk, launcher: string): Promise<Worker> {
  const text = await must(desk, `skein assign 'write the page' --launcher ${launcher} --json`)
  const { worker } = JSON.parse(text) as OperationResult<'assign'>
  const waited = await desk.run('sh', `skein wait ${worker.id} --for 90s`)
  const log = await must(desk, `skein log ${worker.id}`)
  assert.equal(waited.exit, 0, `${waited.stdout}${waited.stderr}\n${log}`)
  const { workers } = JSON.parse(
    await must(desk, `skein workers ${worker.id} --json`),
  ) as OperationResult<'workers'>
  const [over] = workers
  assert.ok(over)
  const remote = await must(desk, `git ls-remote origin ${over.branch}`)
  assert.equal(remote.split('\t')[0], over.commit)
  assert.equal(await must(desk, `git show ${over.commit ?? ''}:page.txt`), 'a page\n')
  return over
}

const COMMIT = 'git add page.txt && git commit -q -m page'

describe('a worker', { skip }, () => {
  it('is Claude Code: it says how far it is, writes, commits, and its branch is pushed', async (t) => {
    const steps: readonly Step[] = [
      {
        id: 'toolu_push',
        tool: () => ({
          name: 'Bash',
          input: { command: 'git push origin HEAD', description: 'x' },
        }),
      },
      {
        id: 'toolu_write',
        tool: () => ({ name: 'Write', input: { file_path: 'page.txt', content: 'a page\n' } }),
      },
      {
        id: 'toolu_report',
        tool: (offered) =>
          offered.includes('mcp__skein__report_status')
            ? { name: 'mcp__skein__report_status', input: REPORT }
            : null,
      },
      {
        id: 'toolu_commit',
        tool: () => ({ name: 'Bash', input: { command: COMMIT, description: 'x' } }),
      },
    ]
    const { desk, model } = await lay(t, steps, ANTHROPIC, (_, { url }) => {
      const env = {
        ...{ ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: 'none', IS_SANDBOX: '1' },
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      }
      return JSON.stringify({ fleet: { launchers: { claude: { kind: 'claude', env } } } })
    })
    const { progress } = await work(desk, 'claude')
    assert.deepEqual(progress?.updates, ['wrote it → commit → confidence: high'])
    assert.match(model.results.get('toolu_report')?.text ?? '', /Noted|running/)
    assert.match(model.results.get('toolu_push')?.text ?? '', /denied|permission/i)
    assert.ok(progress.turns >= 4 && progress.files.length === 1)
    assert.deepEqual(progress.warnings, ['1 permission denials'])
  })

  it('is Codex: it says how far it is, writes and commits in its sandbox, and its branch is pushed', async (t) => {
    const shell = (cmd: string) => ({ name: 'exec_command', input: { cmd, yield_time_ms: 10_000 } })
    const steps: readonly Step[] = [
      { id: 'call_write', tool: () => shell("printf 'a page\\n' > page.txt") },
      {
        id: 'call_report',
        tool: () => ({ name: 'mcp__skein__report_status', input: REPORT }),
      },
      { id: 'call_commit', tool: () => shell(COMMIT) },
    ]
    const { desk, model } = await lay(t, steps, CODEX, ({ home }, { url }) => {
      const codexHome = path.join(home, 'codex')
      mkdirSync(codexHome)
      const provider = `base_url = "${url}/v1"\nwire_api = "responses"\nenv_key = "CANARY_KEY"\n`
      writeFileSync(
        path.join(codexHome, 'config.toml'),
        `model = "gpt-5-codex"\nmodel_provider = "canary"\n[model_providers.canary]\nname = "canary"\n${provider}`,
      )
      const env = { CODEX_HOME: codexHome, CANARY_KEY: 'none' }
      return JSON.stringify({ fleet: { launchers: { codex: { kind: 'codex', env } } } })
    })
    const { progress } = await work(desk, 'codex')
    assert.deepEqual(progress?.updates, ['wrote it → commit → confidence: high'])
    assert.match(model.results.get('call_report')?.text ?? '', /running/)
    assert.ok(progress.tools >= 3)
  })
})
