import assert from 'node:assert/strict'
import { describe, it, mock, type TestContext } from 'node:test'
import { createWaits, type KeptWait, type Waits } from '../../../daemon/guard/waiting/waits.ts'
import { asQueueId, asRepoId, type AuditEvent } from '../../../protocol/index.ts'

const UNUSED_MS = 1_000
/** What is noted of parked runs is of no interest here. */
const FORGETFUL = { read: () => [], write: () => undefined }

function kept(number: number, session = 's'): KeptWait {
  return {
    id: asQueueId(`que_${String(number).padStart(26, '0')}`),
    repo: asRepoId('acme/shop'),
    session,
    agent: 'ann',
    what: `${String(number)}.ts`,
    files: [`src/${String(number)}`],
    claims: [],
  }
}

function ends({ id }: KeptWait, kind = 'queue.granted', reason?: string): AuditEvent {
  return { kind, data: { queue: id, reason } } as unknown as AuditEvent
}

interface Seen {
  readonly waits: Waits
  readonly unused: string[]
  readonly resumable: (readonly [string, string | null])[]
}

function seen(t: TestContext): Seen {
  mock.timers.enable({ apis: ['setTimeout'] })
  const waits = createWaits(UNUSED_MS, FORGETFUL)
  t.after(() => {
    waits.stop()
    mock.timers.reset()
  })
  const unused: string[] = []
  const resumable: [string, string | null][] = []
  waits.tend({
    unused: ({ what }, wasParked) => unused.push(`${what}${wasParked ? ', parked' : ''}`),
    resumable: ({ wait }, reason) => resumable.push([wait.what, reason]),
  })
  return { waits, unused, resumable }
}

function sleep(waits: Waits, wait: KeptWait, more: { isForTurn?: boolean; signal?: AbortSignal }) {
  const { session, id } = wait
  const signal = more.signal ?? new AbortController().signal
  const isForTurn = more.isForTurn ?? false
  return waits.wait({ session, ids: [id], patienceMs: 60_000, signal, isForTurn })
}

describe('a grant', () => {
  it('passes on when it is not taken up in time', (t) => {
    const { waits, unused } = seen(t)
    waits.keep(kept(1))
    waits.hear(ends(kept(1)))
    assert.deepEqual([waits.of('s'), waits.hasGrant('s')], [[], true])
    mock.timers.tick(UNUSED_MS - 1)
    assert.deepEqual(unused, [])
    mock.timers.tick(1)
    assert.deepEqual([unused, waits.hasGrant('s')], [['1.ts'], false])
  })

  it('stays with a session that writes what it waited for, and with nobody else', (t) => {
    const { waits, unused } = seen(t)
    const numbers = [1, 2, 3, 4, 5]
    for (const number of numbers) {
      waits.keep(kept(number))
      waits.hear(ends(kept(number)))
    }
    const { repo } = kept(1)
    waits.use('s', repo, ['src/1'])
    waits.use('s', repo, ['src/2/in/a/folder.ts', 'src/33'])
    waits.use('another', repo, ['src/4'])
    waits.use('s', asRepoId('acme/other'), ['src/5'])
    mock.timers.tick(UNUSED_MS)
    assert.deepEqual(unused, ['3.ts', '4.ts', '5.ts'])
  })

  it('is nobody’s business where a call waits for the place itself', (t) => {
    const { waits, unused } = seen(t)
    waits.keep(kept(1))
    waits.leave(kept(1).id)
    waits.hear(ends(kept(1)))
    mock.timers.tick(UNUSED_MS)
    assert.deepEqual(unused, [])
  })
})

describe('whoever waits in a hook', () => {
  it('is woken by the grant, by the loss of its place, by its own end, and when its time is over', async (t) => {
    const { waits } = seen(t)
    const each = [1, 2, 3, 4].map((number) => kept(number, `s${String(number)}`))
    for (const wait of each) waits.keep(wait)
    const ending = new AbortController()
    const [granted, lost, gone, late] = each.map((wait) =>
      sleep(waits, wait, wait.session === 's3' ? { signal: ending.signal } : {}),
    )
    waits.hear(ends(kept(1)))
    waits.hear(ends(kept(2), 'queue.expired'))
    ending.abort()
    mock.timers.tick(60_000)
    assert.deepEqual(await Promise.all([granted, lost, gone, late]), [true, false, false, false])
  })

  it('is one for each turn, however many for edits', async (t) => {
    const { waits } = seen(t)
    waits.keep(kept(1))
    const edits = [sleep(waits, kept(1), {}), sleep(waits, kept(1), {})]
    const turns = [true, true].map((isForTurn) => sleep(waits, kept(1), { isForTurn }))
    waits.hear(ends(kept(1)))
    assert.deepEqual(await Promise.all([...edits, ...turns]), [true, true, false, true])
  })

  it('is let go when its session ends', async (t) => {
    const { waits } = seen(t)
    waits.keep(kept(1))
    const waiting = sleep(waits, kept(1), {})
    assert.deepEqual(waits.end('s'), [kept(1)])
    assert.equal(await waiting, false)
  })
})

describe('a parked run', () => {
  it('may go on with the end of any of its waits, until it is back', (t) => {
    const { waits, resumable, unused } = seen(t)
    for (const number of [1, 2, 3]) waits.keep(kept(number))
    waits.park({ session: 's', wait: kept(1), toolUse: 'toolu_1', untilMs: 1e15 })
    waits.hear(ends(kept(1)))
    waits.hear(ends(kept(2), 'queue.cancelled', 'cancelled'))
    mock.timers.tick(UNUSED_MS)
    assert.deepEqual(unused, ['1.ts, parked'])
    waits.resume('s')
    waits.hear(ends(kept(3)))
    assert.deepEqual(resumable, [
      ['1.ts', null],
      ['2.ts', 'cancelled'],
    ])
  })
})
