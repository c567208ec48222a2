// The real Claude Code waits for what another session holds: parked, in its hook, and after its turn. Run by
// `npm run test:harness`.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { ANTHROPIC } from '../../daemon/canary/anthropic.ts'
import {
  startModel,
  type ScriptedModel,
  type Step,
  type ToolCall,
} from '../../daemon/canary/model.ts'
import type { OperationResult } from '../../protocol/index.ts'
import type { Desk } from '../helpers/page-blocks.ts'
import { until } from '../helpers/poll.ts'
import { layClients, must, runClaude, skip } from './clients.ts'

const NAME = 'shared.ts'
const TEXT = 'export function one() {\n  return 1\n}\n\nexport function two() {\n  return 2\n}\n'

async function lay(t: TestContext, held: string): Promise<{ desk: Desk; file: string }> {
  const desk = layClients(t)
  await must(desk, 'skein up --background --quiet; skein init --tool claude --yes --quiet')
  const file = path.join(desk.root, NAME)
  writeFileSync(file, TEXT)
  await must(desk, `git add ${NAME}; skein claim ${held} --agent carl --session other --quiet`)
  return { desk, file }
}

async function model(t: TestContext, steps: readonly Step[]): Promise<ScriptedModel> {
  const started = await startModel(steps, ANTHROPIC)
  t.after(() => started.close())
  return started
}

function step(id: string, call: ToolCall | (() => ToolCall | null)): Step {
  return { id, tool: typeof call === 'function' ? call : () => call }
}

function read(file: string): ToolCall {
  return { name: 'Read', input: { file_path: file } }
}

function edit(file: string): ToolCall {
  const [old_string, new_string] = ['return 2', 'return 22']
  return { name: 'Edit', input: { file_path: file, old_string, new_string } }
}

function append(text: string): ToolCall {
  return { name: 'Bash', input: { command: `echo '${text}' >> ${NAME}`, description: 'x' } }
}

const release = (desk: Desk): Promise<string> =>
  must(desk, 'skein release --mine --agent carl --session other --quiet')

async function place(desk: Desk): Promise<{ readonly id: string; readonly session: string }> {
  const { entries } = JSON.parse(await must(desk, 'skein queue --json')) as OperationResult<'queue'>
  const [entry] = entries
  assert.ok(entry !== undefined, 'somebody waits')
  return entry
}

function untilWaiting(desk: Desk): Promise<{ readonly id: string; readonly session: string }> {
  return until('it waits', () => place(desk).catch(() => null), { withinMs: 60_000, everyMs: 100 })
}

async function held(desk: Desk, session: string): Promise<number> {
  const text = await must(desk, `skein claims --of-session ${session} --json`)
  return (JSON.parse(text) as OperationResult<'claims'>).claims.length
}

describe('Claude Code without a person', { skip }, () => {
  it('is parked at a contested edit, goes on from there on the grant, and gives all back', async (t) => {
    const { desk, file } = await lay(t, `${NAME} --no-narrow`)
    const script = await model(t, [step('toolu_read', read(file)), step('toolu_edit', edit(file))])
    const defer = { SKEIN_WAIT: 'defer' }
    const parked = await runClaude(desk, script, ['-p', 'go', '--output-format', 'json'], defer)
    const told = JSON.parse(parked.said) as Readonly<Record<string, unknown>>
    assert.equal(told['stop_reason'], 'tool_deferred', parked.said)
    assert.equal((told['deferred_tool_use'] as { id: string }).id, 'toolu_edit')
    assert.equal(script.results.has('toolu_edit'), false)
    assert.equal(readFileSync(file, 'utf8'), TEXT)
    const { id, session } = await place(desk)
    assert.equal(told['session_id'], session)
    const waiting = must(desk, `skein wait ${id}`)
    await release(desk)
    await waiting
    const resumed = await runClaude(desk, script, ['-p', '--resume', session], defer)
    assert.equal(resumed.exit, 0, resumed.said)
    assert.equal(readFileSync(file, 'utf8'), TEXT.replace('return 2', 'return 22'))
    assert.equal(await held(desk, session), 0, 'its end releases')
  })

  it('waits in its hook, without a turn of its model', async (t) => {
    const { desk } = await lay(t, `${NAME} --no-narrow`)
    const script = await model(t, [step('toolu_shell', append('// more'))])
    const run = runClaude(desk, script, ['-p', 'go'])
    const { session } = await untilWaiting(desk)
    assert.equal(script.results.size, 0)
    await release(desk)
    const { exit, said } = await run
    assert.equal(exit, 0, said)
    assert.equal(readFileSync(path.join(desk.root, NAME), 'utf8'), `${TEXT}// more\n`)
    assert.equal(await held(desk, session), 0, 'its end releases')
  })

  it('is woken after its turn, told what it holds, and edits it', async (t) => {
    const { desk, file } = await lay(t, `${NAME} --no-narrow`)
    // An older wiring, which does not say how long a hook has.
    const settings = path.join(desk.root, '.claude/settings.json')
    const wired = readFileSync(settings, 'utf8')
    writeFileSync(
      settings,
      wired.replace('guard --harness claude --patience 10m', 'guard --harness claude'),
    )
    let isFree = false
    const script = await model(t, [
      step('toolu_denied', append('// denied')),
      step('toolu_woken', () => (isFree ? append('// woken') : null)),
    ])
    const run = runClaude(desk, script, ['-p', 'go'])
    await untilWaiting(desk)
    isFree = true
    await release(desk)
    const { exit, said } = await run
    assert.equal(exit, 0, said)
    assert.match(script.results.get('toolu_denied')?.text ?? '', /carl[^]*waits for it now/)
    assert.equal(readFileSync(file, 'utf8'), `${TEXT}// woken\n`)
  })

  it('edits a declaration while another is held', async (t) => {
    const { desk, file } = await lay(t, `--symbol ${NAME}:one`)
    const script = await model(t, [step('toolu_read', read(file)), step('toolu_edit', edit(file))])
    const { exit, said } = await runClaude(desk, script, ['-p', 'go'])
    assert.equal(exit, 0, said)
    assert.equal(readFileSync(file, 'utf8'), TEXT.replace('return 2', 'return 22'))
  })
})
