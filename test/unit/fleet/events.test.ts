import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { WorkerEvent } from '../../../daemon/fleet/events.ts'
import { openReader } from '../../../daemon/fleet/launchers.ts'
import { noteEvent, startProgress, tellProgress } from '../../../daemon/fleet/progress.ts'
import { signsIn } from '../../../daemon/fleet/signs.ts'

function claude(...lines: readonly unknown[]): readonly WorkerEvent[] {
  const read = openReader('claude')
  return lines.flatMap((line) => read(typeof line === 'string' ? line : JSON.stringify(line)))
}

function progressOf(events: readonly WorkerEvent[], silentMs: number | null = 0) {
  const state = startProgress()
  for (const event of events) noteEvent(state, event)
  return tellProgress(state, silentMs)
}

const says = (...content: readonly object[]) => ({ type: 'assistant', message: { content } })
const uses = (name: string, input: object) => says({ type: 'tool_use', id: 't', name, input })
const text = (words: string) => says({ type: 'text', text: words })

describe('what Claude Code says', () => {
  it('is folded into turns, tools, files, commands, cost and its own words', () => {
    const progress = progressOf(
      claude(
        { type: 'system', subtype: 'init', session_id: 'abc', model: 'sonnet' },
        '# a line of the shell',
        'no JSON {',
        '{"cut',
        text('I begin.\nSTATUS: read it → write it → confidence: medium'),
        uses('Edit', { file_path: 'src/a.ts' }),
        uses('NotebookEdit', { notebook_path: 'b.ipynb' }),
        uses('Bash', { command: 'git commit -m x' }),
        { type: 'user', message: { content: [{ type: 'tool_result' }] } },
        { type: 'result', subtype: 'success', num_turns: 9, total_cost_usd: 0.25 },
      ),
    )
    assert.deepEqual(progress, {
      ...{ model: 'sonnet', turns: 9, tools: 3, last: 'Bash: git commit -m x', cost_usd: 0.25 },
      ...{ files: ['src/a.ts', 'b.ipynb'], stuck: null, warnings: [] },
      updates: ['read it → write it → confidence: medium'],
    })
  })

  it('is stuck by what it says last, and not when it goes on', () => {
    const stuck = text('**STUCK: tried both; no access; which key?**')
    assert.equal(progressOf(claude(stuck)).stuck, 'tried both; no access; which key?*'.slice(0, -1))
    assert.equal(progressOf(claude(stuck, text('STATUS: found it'))).stuck, null)
  })

  it('breaks nothing, whatever it is', () => {
    for (const line of ['null', '[]', '{}', '7', '{"type":"assistant"}', '{"type":7}'])
      assert.deepEqual(
        openReader('claude')(line),
        line === '{"type":"assistant"}' ? [{ kind: 'turn' }] : [],
      )
    const odd = { type: 'assistant', message: { content: [null, 'x', { type: 'tool_use' }] } }
    assert.doesNotThrow(() => claude(odd, { type: 'result', permission_denials: 7 }))
  })

  it('warns of circles, denials, limits, many turns without a commit, doubt and silence', () => {
    const limit = (status: string) => ({ type: 'rate_limit_event', rate_limit_info: { status } })
    const healthy = claude(
      text('STATUS: confidence: low'),
      limit('allowed'),
      limit('allowed_warning'),
    )
    assert.deepEqual(progressOf(healthy).warnings, [])
    const wrong = claude(
      ...Array.from({ length: 15 }, () => uses('Bash', { command: 'npm test' })),
      limit('rejected'),
      text('STATUS: a → low\nSTATUS: b → low'),
      { type: 'result', subtype: 'error_max_turns', is_error: true, permission_denials: [{}, {}] },
    )
    assert.deepEqual(progressOf(wrong, 601_000).warnings, [
      'the same command 15 times in a row',
      '2 permission denials',
      'rate limited',
      '16 turns without a commit',
      'low confidence, twice in a row',
      '10 minutes without output',
    ])
    assert.ok(!progressOf(wrong, null).warnings.includes('10 minutes without output'))
  })
})

describe('signs of a worker', () => {
  for (const [line, sign] of [
    [
      'STATUS: a → b → confidence: high',
      { kind: 'status', text: 'a → b → confidence: high', confidence: 'high' },
    ],
    ['  > STATUS: done', { kind: 'status', text: 'done', confidence: null }],
    ['`STUCK: why`', { kind: 'stuck', text: 'why' }],
    ['the word STUCK: inside of a line', null],
    ['stuck: in small letters', null],
  ] as const)
    it(`are read from "${line}"`, () => {
      assert.deepEqual(signsIn(line), sign === null ? [] : [sign])
    })
})
