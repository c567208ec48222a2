// What a person who watches a worker sees of its log.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { watchedLines } from '../../../daemon/cli/output/watched.ts'

const ROWS: readonly (readonly [what: string, line: unknown, shown: readonly string[]])[] = [
  ['noise', 'compiling 3 files', []],
  ['a sign in plain text', '  STUCK: no key', ['STUCK: no key']],
  [
    'how it began',
    { type: 'system', subtype: 'init', model: 'opus', session_id: '0123456789' },
    ['[init] opus, session 01234567'],
  ],
  [
    'a sign in what it says',
    said('fine\nSTATUS: half → rest → confidence: low\n'),
    ['STATUS: half → rest → confidence: low'],
  ],
  ['what it says otherwise', said('let me look'), []],
  [
    'a limit that is allowed',
    { type: 'rate_limit_event', rate_limit_info: { status: 'allowed' } },
    [],
  ],
  [
    'a limit',
    { type: 'rate_limit_event', rate_limit_info: { status: 'rejected' } },
    ['[rate limit] rejected'],
  ],
  ['a limit without a word', { type: 'rate_limit_event' }, ['[rate limit]']],
  [
    'the result with its denials',
    {
      ...{ type: 'result', duration_ms: 61_000, num_turns: 3, total_cost_usd: 0.5 },
      ...{ subtype: 'success', permission_denials: [{ tool_name: 'Bash' }] },
    },
    ['[result] completed, 1m 1s, 3 turns, $0.50, success', '[denied] Bash'],
  ],
  ['half a line of JSON', '{"type":', []],
]

function said(text: string) {
  return { type: 'assistant', message: { content: [{ type: 'text', text }] } }
}

describe('watching a worker', () => {
  for (const [what, line, shown] of ROWS)
    it(`shows of ${what} ${shown.length === 0 ? 'nothing' : 'what matters'}`, () => {
      const text = typeof line === 'string' ? line : JSON.stringify(line)
      assert.deepEqual(watchedLines(text), shown)
    })
})
