// The end of a model's turn, at the moment in which its wait has ended in the ledger and nobody has told of it yet.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Asked } from '../../../daemon/guard/asked.ts'
import { createNotices } from '../../../daemon/guard/notices.ts'
import { endTurn } from '../../../daemon/guard/waiting/turn.ts'
import { createWaits } from '../../../daemon/guard/waiting/waits.ts'
import type { Parts } from '../../../daemon/operations/context.ts'
import { asQueueId, asRepoId, type AuditEvent } from '../../../protocol/index.ts'

const QUEUE = asQueueId('que_00000000000000000000000001')
const REPO = asRepoId('acme/shop')
const MACHINE = 'box'

/** Its place is no longer in the queue; the audit log tells why when it is read. */
function stage(untold: readonly Partial<AuditEvent>[]) {
  const notices = createNotices(MACHINE)
  const waits = createWaits(1_000, { read: () => [], write: () => undefined })
  const last = (): void => {
    for (const event of untold) {
      notices.hear(event as AuditEvent)
      waits.hear(event as AuditEvent)
    }
  }
  const host = { loop: { view: () => ({ state: { queue: new Map() } }) }, audit: { last } }
  const repo = { id: REPO, host }
  const parts = {
    guard: { waits, notices },
    repos: { all: () => [repo] },
    clock: { uptime: () => 0 },
  } as unknown as Parts
  notices.expect('s')
  const kept = { repo: REPO, session: 's', agent: 'ann', what: 'a.ts', files: ['a.ts'] }
  waits.keep({ ...kept, id: QUEUE, claims: [] })
  const asked = { caller: { session: 's', context: {} }, patientUntilMs: 0 } as unknown as Asked
  return { waits, end: () => endTurn(parts, asked) }
}

describe('the end of a turn', () => {
  it('tells of a grant that nobody has told of yet', async () => {
    const data = { queue: QUEUE, session: 's', patterns: ['a.ts'] }
    const granted = { kind: 'queue.granted', machine: MACHINE, actor: 'ann', data } as const
    const { notes } = await stage([granted]).end()
    assert.match(notes.join(), /the wait is over: you hold a\.ts/)
  })

  it('forgets a place whose end has gone by unheard', async () => {
    const { waits, end } = stage([])
    assert.deepEqual((await end()).notes, [])
    assert.deepEqual(waits.of('s'), [])
  })
})
