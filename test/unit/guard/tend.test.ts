// What becomes of a grant that nobody takes up, with a ledger that only notes what it is asked.
import assert from 'node:assert/strict'
import { describe, it, mock, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { sessionKey } from '../../../daemon/core/view.ts'
import { tendWaits } from '../../../daemon/guard/waiting/tend.ts'
import { createWaits, type KeptWait, type Waits } from '../../../daemon/guard/waiting/waits.ts'
import type { Parts } from '../../../daemon/operations/context.ts'
import {
  asPeerId,
  asQueueId,
  asRepoId,
  asSessionId,
  type AuditEvent,
  type ClaimId,
} from '../../../protocol/index.ts'

const UNUSED_MS = 1_000
/** What is noted of parked runs is of no interest here. */
const FORGETFUL = { read: () => [], write: () => undefined }
const WAIT: KeptWait = {
  id: asQueueId('que_00000000000000000000000001'),
  repo: asRepoId('acme/shop'),
  session: 's',
  agent: 'ann',
  what: 'a.ts',
  files: ['a.ts'],
  claims: ['clm_1' as ClaimId],
}

interface Stage {
  readonly waits: Waits
  readonly seen: string[]
  /** The work is kept. */
  readonly kept: () => void
}

/** The session holds `clm_1`, which it waited for, and `clm_2`. */
function stage(t: TestContext): Stage {
  mock.timers.enable({ apis: ['setTimeout'] })
  const waits = createWaits(UNUSED_MS, FORGETFUL)
  const seen: string[] = []
  let kept = (): void => undefined
  const isKept = new Promise<void>((resolve) => (kept = resolve))
  const of = (id: string) => [id, { id, session: 's', peer: 'p' }] as const
  const view = {
    state: { claims: new Map([of('clm_1'), of('clm_2')]), queue: new Map(), applied: {} },
    sessions: new Map([[sessionKey(asPeerId('p'), asSessionId('s')), ['clm_1', 'clm_2']]]),
  }
  const submit = ({ ids, reason }: { ids: readonly string[]; reason: string }) => {
    seen.push(`ended ${ids.join(' ')}: ${reason}`)
    return Promise.resolve({ kind: 'done' })
  }
  const repo = {
    id: WAIT.repo,
    host: { loop: { view: () => view, submit }, audit: { append: () => undefined } },
  }
  const keepLost = (_: unknown, lost: readonly { id: string }[], reason: string) => {
    seen.push(`kept ${lost.map(({ id }) => id).join(' ')}: ${reason}`)
    return isKept
  }
  const parts = {
    guard: { waits, notices: { tell: () => undefined } },
    repos: { get: () => repo, all: () => [repo] },
    sessions: { hold: () => undefined },
    about: { peer: 'p', machine: 'box' },
    clock: { wall: () => 0 },
    wip: { keeping: { keepLost } },
  } as unknown as Parts
  const log = { info: () => undefined, warn: () => undefined } as never
  const stop = tendWaits(parts, log)
  t.after(() => {
    stop()
    mock.timers.reset()
  })
  waits.keep(WAIT)
  return { waits, seen, kept }
}

function grant(waits: Waits): void {
  waits.hear({ kind: 'queue.granted', data: { queue: WAIT.id } } as unknown as AuditEvent)
}

describe('a grant that nobody takes up', () => {
  it('ends against its holder’s will, after the work under it is kept', async (t) => {
    const { waits, seen, kept } = stage(t)
    grant(waits)
    mock.timers.tick(UNUSED_MS)
    await turn()
    assert.deepEqual(seen, ['kept clm_1: idle'])
    kept()
    await turn()
    assert.deepEqual(seen, ['kept clm_1: idle', 'ended clm_1: idle'])
  })

  it('is followed by all else of a run that nobody has resumed', async (t) => {
    const { waits, seen, kept } = stage(t)
    waits.park({ session: 's', wait: WAIT, toolUse: 'toolu_1', untilMs: 1e15 })
    grant(waits)
    mock.timers.tick(UNUSED_MS)
    kept()
    await turn()
    assert.deepEqual(seen, ['kept clm_1 clm_2: idle', 'ended clm_1 clm_2: idle'])
  })

  it('stays with a run that is resumed while its work is kept', async (t) => {
    const { waits, seen, kept } = stage(t)
    waits.park({ session: 's', wait: WAIT, toolUse: 'toolu_1', untilMs: 1e15 })
    grant(waits)
    mock.timers.tick(UNUSED_MS)
    waits.resume('s')
    kept()
    await turn()
    assert.deepEqual(seen, ['kept clm_1 clm_2: idle'])
  })
})
