import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { waitingFor, type Ask } from '../../../daemon/cli/commands/waiting-for.ts'

const NOW = Date.parse('2026-11-21T12:00:00Z')
const SCOPES = [{ kind: 'file', pattern: 'src/a.ts' }]

/** A daemon that answers `queue` and `check` with these. */
function answering(entries: readonly object[], conflicts: readonly object[]): Ask {
  return (name) => Promise.resolve(name === 'queue' ? { entries } : { conflicts })
}

const held = { claim: { agent: 'alice', pattern: 'src/**', expires_at: '2026-11-21T12:05:00Z' } }

describe('whom a caller waits for', () => {
  it('is the holder, with what it holds and until when', async () => {
    const ask = answering([{ session: 's', ahead: [] }], [held])
    assert.match(
      (await waitingFor(ask, SCOPES, 's', NOW)) ?? '',
      /^for alice \(src\/\*\*, until \d/,
    )
  })

  it('is the last of those before it in the queue', async () => {
    const others = { session: 'other', ahead: [] }
    const behind = (...agents: string[]): Ask =>
      answering([others, { session: 's', ahead: agents.map((agent) => ({ agent })) }], [held])
    assert.equal(await waitingFor(behind('bob'), SCOPES, 's', NOW), 'behind bob')
    assert.equal(
      await waitingFor(behind('bob', 'carol'), SCOPES, 's', NOW),
      'behind carol and 1 more',
    )
  })

  it('is nobody where nothing stands against it any more', async () => {
    assert.equal(await waitingFor(answering([], []), SCOPES, 's', NOW), null)
    assert.equal(await waitingFor(answering([], [held]), undefined, 's', NOW), null)
  })
})
