// Claude Code whose hooks are posted to the daemon: what it refuses reaches the model, and an edit costs no process of skein's. What
// that saves is told, and decides nothing.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { ANTHROPIC } from '../../daemon/canary/anthropic.ts'
import { startModel, type ScriptedModel, type Step } from '../../daemon/canary/model.ts'
import type { Desk } from '../helpers/page-blocks.ts'
import { binOf, claudeOverHttp, layClients, must, runClaude, skip as skipAll } from './clients.ts'

const { program, skip: skipThis } = skipAll === false ? claudeOverHttp() : { program: '', skip: '' }
const skip = skipAll === false ? skipThis : skipAll
const EDITS = 12

async function lay(t: TestContext): Promise<Desk> {
  const desk = layClients(t, program)
  await must(desk, 'skein up --background --quiet; skein init --tool claude --yes --quiet')
  return desk
}

function write({ root }: Desk, file: string): Step {
  const input = { file_path: path.join(root, file), content: 'x\n' }
  return { id: `toolu_${file.replace(/\W/g, '_')}`, tool: () => ({ name: 'Write', input }) }
}

/** Leaves the model's side of it, and how long it took. */
async function run(
  t: TestContext,
  desk: Desk,
  steps: readonly Step[],
): Promise<{ readonly model: ScriptedModel; readonly ms: number }> {
  const model = await startModel(steps, ANTHROPIC)
  t.after(() => model.close())
  const startedAt = performance.now()
  const ran = await runClaude(desk, model, ['-p', 'go'], { SKEIN_WAIT: 'refuse' })
  assert.equal(ran.exit, 0, ran.said)
  return { model, ms: performance.now() - startedAt }
}

interface Settings {
  hooks: Record<string, { hooks: { type: string }[] }[]>
}

/** Hooks of this type are all that is left of them. */
function keepOnly(desk: Desk, type: 'http' | 'command'): void {
  const file = path.join(desk.root, '.claude/settings.local.json')
  const settings = JSON.parse(readFileSync(file, 'utf8')) as Settings
  for (const entries of Object.values(settings.hooks))
    for (const entry of entries) entry.hooks = entry.hooks.filter((hook) => hook.type === type)
  writeFileSync(file, JSON.stringify(settings))
}

/** From now on each start of `skein` is a line of the file. */
function countStarts(desk: Desk): string {
  const own = path.join(binOf(desk), 'skein')
  const [real, log] = [`${own}-itself`, `${own}-starts`]
  renameSync(own, real)
  const script = `#!/bin/sh\necho "$1" >>'${log}'\nexec '${real}' "$@"\n`
  writeFileSync(own, script, { mode: 0o755 })
  return log
}

/** How often the guard was started, beside the MCP server and what else is `skein`. */
function guardsIn(log: string): number {
  if (!existsSync(log)) return 0
  const words = readFileSync(log, 'utf8').split('\n')
  return words.filter((word) => word === 'guard').length
}

describe('hooks that Claude Code posts', { skip }, () => {
  it('refuse an edit by themselves, with a reason that reaches the model', async (t) => {
    const desk = await lay(t)
    rmSync(path.join(desk.root, '.claude/settings.json'))
    keepOnly(desk, 'http')
    await must(
      desk,
      'echo held > held.txt; skein claim held.txt --agent carl --session other --quiet',
    )
    const log = countStarts(desk)
    const { model } = await run(t, desk, [write(desk, 'held.txt'), write(desk, 'free.txt')])
    assert.equal(readFileSync(path.join(desk.root, 'held.txt'), 'utf8'), 'held\n')
    assert.match(model.results.get('toolu_held_txt')?.text ?? '', /carl/)
    assert.equal(readFileSync(path.join(desk.root, 'free.txt'), 'utf8'), 'x\n')
    assert.equal(guardsIn(log), 0)
  })

  it('cost a process at the first edit only, as `init` wires them', async (t) => {
    const times = new Map<string, number>()
    for (const way of ['posted', 'started'] as const) {
      const desk = await lay(t)
      if (way === 'started') rmSync(path.join(desk.root, '.claude/settings.local.json'))
      const files = Array.from({ length: EDITS }, (_, at) => `new-${String(at)}.txt`)
      const log = countStarts(desk)
      const { ms } = await run(
        t,
        desk,
        files.map((file) => write(desk, file)),
      )
      for (const file of files) assert.ok(existsSync(path.join(desk.root, file)), file)
      const guards = guardsIn(log)
      if (way === 'started') assert.equal(guards, EDITS)
      // The hook that is posted and the commands of both files are asked side by side at the first.
      else assert.ok(guards <= 2, `${String(guards)} were started`)
      times.set(way, ms)
    }
    for (const [way, ms] of times)
      t.diagnostic(`${way}: ${String(EDITS)} edits in ${ms.toFixed(0)} ms`)
  })
})
