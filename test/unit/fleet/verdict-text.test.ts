import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { verdictIn, wordsIn } from '../../../daemon/fleet/verdict-text.ts'

const review = (...lines: readonly string[]) => verdictIn('review', lines.join('\n'))
const BLOCKING = ['## Blocking findings', '- a.ts:1: no test', '## Nits', '- None']
const NOTHING = ['Blocking findings:', '- None.', 'Non-blocking concerns', '- slow', 'Nits', 'None']

describe('the verdict of a review', () => {
  for (const [what, lines, outcome] of [
    ['approves', ['REVIEW_VERDICT: approve', 'fine', 'END_REVIEW'], 'pass'],
    ['approves in bold', ['**REVIEW_VERDICT: APPROVE**', '`END_REVIEW`'], 'pass'],
    ['passes', ['REVIEW_VERDICT: pass', 'END_REVIEW'], 'pass'],
    ['wants changes', ['REVIEW_VERDICT request-changes', ...BLOCKING, 'END_REVIEW'], 'fail'],
    ['fails', ['REVIEW_VERDICT: fail', 'END_REVIEW'], 'fail'],
    [
      'wants changes, none of which blocks',
      ['REVIEW_VERDICT: request-changes', ...NOTHING, 'END_REVIEW'],
      'pass',
    ],
    [
      'counts by its last block',
      ['REVIEW_VERDICT: approve', 'END_REVIEW', 'REVIEW_VERDICT: fail', 'END_REVIEW'],
      'fail',
    ],
    ['is none without its end', ['REVIEW_VERDICT: approve', 'and'], null],
    [
      'is none with a word of its own',
      ['REVIEW_VERDICT: approve or request-changes', 'END_REVIEW'],
      null,
    ],
    ['is none with no word', ['REVIEW_VERDICT:', 'END_REVIEW'], null],
    ['is none after its end', ['END_REVIEW', 'REVIEW_VERDICT: approve'], null],
    ['is none in a sentence', ['I would say REVIEW_VERDICT: approve', 'END_REVIEW'], null],
    ['is none in nothing', [], null],
  ] as const)
    it(what, () => {
      assert.equal(review(...lines)?.outcome ?? null, outcome)
    })

  it('has the body as its note', () => {
    const { note } =
      review('x', 'REVIEW_VERDICT: fail', 'REVIEW_BODY', ...BLOCKING, 'END_REVIEW') ?? {}
    assert.equal(note, BLOCKING.join('\n'))
  })
})

describe('the verdict of a test', () => {
  for (const [text, told] of [
    ['SMOKE: pass', { outcome: 'pass', note: '' }],
    ['ran it\n**SMOKE: fail the page is empty**\n', { outcome: 'fail', note: 'the page is empty' }],
    ['SMOKE: pass\nSMOKE: fail later', { outcome: 'fail', note: 'later' }],
    ['SMOKE: baseline-red the base fails, too', null],
    ['SMOKE: passable', null],
    ['SMOKE: pass or fail?\nSMOKE: unsure', null],
    ['all good', null],
  ] as const)
    it(`is read from ${JSON.stringify(text)}`, () => {
      assert.deepEqual(verdictIn('smoke', text), told)
      assert.deepEqual(verdictIn('test', text), told)
      assert.equal(verdictIn('work', text), null)
    })
})

describe('the words of a worker', () => {
  const line = (value: unknown) => JSON.stringify(value)
  const log = [
    '# run 2: bob answered',
    line({ type: 'assistant', message: { content: [{ type: 'text', text: 'SMOKE: fail' }] } }),
    line({ type: 'user', message: { content: [{ type: 'tool_result', content: 'SMOKE: pass' }] } }),
    line({ type: 'item.completed', item: { type: 'agent_message', text: 'by codex' } }),
    line({ type: 'item.completed', item: { type: 'command_execution', text: 'SMOKE: pass' } }),
    line({ type: 'text', part: { text: 'by opencode' } }),
    '{"cut',
    'SMOKE: pass',
  ].join('\n')

  it('are texts of its own, and nothing that a tool answered', () => {
    assert.equal(wordsIn(log, false), 'SMOKE: fail\nby codex\nby opencode')
  })

  it('are plain lines where it speaks so', () => {
    assert.equal(verdictIn('smoke', wordsIn(log, true))?.outcome, 'pass')
  })
})
