// Parked runs over restarts: what is noted of them, and what the next daemon of the home does with it.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, mock, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { openParkedNotes, PARKED_MAX } from '../../../daemon/guard/waiting/parked-notes.ts'
import { takeUpParked } from '../../../daemon/guard/waiting/take-up.ts'
import { createWaits, type KeptWait, type Waits } from '../../../daemon/guard/waiting/waits.ts'
import type { Parts } from '../../../daemon/operations/context.ts'
import { asClaimId, asQueueId, asRepoId } from '../../../protocol/index.ts'
import { makeFolder } from '../../helpers/repo.ts'

const UNUSED_MS = 1_000
const UNTIL_MS = 10_000
const REPO = asRepoId('acme/shop')

function kept(number: number, session = 's'): KeptWait {
  return {
    id: asQueueId(`que_${String(number).padStart(26, '0')}`),
    repo: REPO,
    session,
    agent: 'ann',
    what: `${String(number)}.ts`,
    files: [`${String(number)}.ts`],
    claims: [asClaimId(`clm_${String(number).padStart(26, '0')}`)],
  }
}

interface Home {
  readonly file: string
  readonly warned: string[]
  nowMs: number
  /** As a daemon that starts. */
  open(): Waits
}

function makeHome(t: TestContext): Home {
  const folder = makeFolder(t)
  const opened: Waits[] = []
  t.after(() => {
    for (const waits of opened) waits.stop()
  })
  const warned: string[] = []
  const home: Home = {
    file: path.join(folder, 'parked.json'),
    warned,
    nowMs: 0,
    open() {
      const log = { warn: (_: unknown, what: unknown) => warned.push(String(what)) } as never
      const notes = openParkedNotes({ home: folder, wallMs: () => home.nowMs, log })
      const waits = createWaits(UNUSED_MS, notes)
      opened.push(waits)
      return waits
    },
  }
  return home
}

function park(waits: Waits, wait: KeptWait, untilMs = UNTIL_MS): void {
  waits.keep(wait)
  waits.park({ session: wait.session, wait, toolUse: 'toolu_1', untilMs })
}

describe('a parked run', () => {
  it('is known to the next daemon of the home, with the places that it waits for', async (t) => {
    const home = makeHome(t)
    const first = home.open()
    park(first, kept(1))
    first.keep(kept(2))
    first.keep(kept(3, 'another'))
    await turn()
    const second = home.open()
    assert.deepEqual(second.parked('s'), first.parked('s'))
    assert.deepEqual(second.of('s'), [kept(1), kept(2)])
    assert.deepEqual(second.of('another'), [], 'it is not parked, and asks again')
  })

  it('is noted before a caller can be answered', async (t) => {
    const home = makeHome(t)
    const waits = home.open()
    park(waits, kept(1))
    await Promise.resolve()
    assert.match(readFileSync(home.file, 'utf8'), /toolu_1/)
  })

  it('is forgotten when it is back, when it ends, and when its time is over', async (t) => {
    const home = makeHome(t)
    const waits = home.open()
    for (const [number, session] of ['resumed', 'ended', 'late', 'kept'].entries())
      park(waits, kept(number, session), session === 'late' ? 5_000 : UNTIL_MS)
    waits.resume('resumed')
    waits.end('ended')
    await turn()
    home.nowMs = 5_000
    const sessions = (): readonly string[] =>
      home
        .open()
        .runs()
        .map(({ session }) => session)
    assert.deepEqual(sessions(), ['kept'])
    home.nowMs = UNTIL_MS
    assert.deepEqual(sessions(), [])
  })

  it('still has what it was granted, with the whole time to take it up', async (t) => {
    const home = makeHome(t)
    const first = home.open()
    park(first, kept(1))
    first.over(kept(1).id, null)
    await turn()
    first.stop()
    mock.timers.enable({ apis: ['setTimeout'] })
    t.after(() => {
      mock.timers.reset()
    })
    const second = home.open()
    const unused: string[] = []
    second.tend({
      resumable: () => assert.fail('it was told'),
      unused: ({ what }, wasParked) => unused.push(`${what} ${String(wasParked)}`),
    })
    mock.timers.tick(UNUSED_MS - 1)
    assert.deepEqual([unused, second.hasGrant('s')], [[], true])
    mock.timers.tick(1)
    assert.deepEqual(unused, ['1.ts true'])
  })

  it('is written for no other session, and not while the daemon ends', async (t) => {
    const home = makeHome(t)
    const waits = home.open()
    waits.keep(kept(1))
    waits.over(kept(1).id, null)
    await turn()
    assert.equal(existsSync(home.file), false)
    park(waits, kept(2))
    await turn()
    const before = readFileSync(home.file, 'utf8')
    waits.stop()
    waits.resume('s')
    await turn()
    assert.equal(readFileSync(home.file, 'utf8'), before)
  })

  it('is one of so many at most', async (t) => {
    const home = makeHome(t)
    const waits = home.open()
    for (let number = 0; number <= PARKED_MAX; number++)
      park(waits, kept(number, `s${String(number)}`))
    await turn()
    const runs = home.open().runs()
    assert.equal(runs.length, PARKED_MAX)
    assert.equal(runs[0]?.session, 's1')
  })

  it('stands in a file that may be unreadable; then none is taken up, and the log says so', (t) => {
    const home = makeHome(t)
    for (const text of ['{', '[{"session":1}]']) {
      writeFileSync(home.file, text)
      assert.deepEqual(home.open().runs(), [])
    }
    assert.equal(home.warned.length, 2)
  })
})

describe('the next daemon', () => {
  /** One place still waits, one was granted meanwhile, one is gone. */
  it('holds the session, and tells what became of its places once the ledger is up to date', async (t) => {
    const home = makeHome(t)
    const first = home.open()
    for (const number of [1, 2, 3]) park(first, kept(number))
    await turn()
    mock.timers.enable({ apis: ['setTimeout'] })
    t.after(() => {
      mock.timers.reset()
    })
    home.nowMs = 4_000
    const waits = home.open()
    const told: (readonly [string, string | null])[] = []
    waits.tend({
      resumable: ({ wait }, reason) => told.push([wait.what, reason]),
      unused: () => undefined,
    })
    const held: (readonly [string, number])[] = []
    let isAttached = false
    const state = {
      queue: new Map([[kept(1).id, {}]]),
      claims: new Map([
        [kept(2).claims[0], { session: 's' }],
        [kept(3).claims[0], { session: 'another' }],
      ]),
    }
    const submit = () =>
      Promise.resolve(
        isAttached
          ? { kind: 'verified', claims: [] }
          : { kind: 'failed', failure: { code: 'NO_QUORUM', message: 'none' } },
      )
    const repo = { id: REPO, host: { loop: { view: () => ({ state }), submit } } }
    const parts = {
      guard: { waits },
      repos: { get: () => repo },
      sessions: { hold: (session: string, until: number) => held.push([session, until]) },
      clock: { wall: () => home.nowMs, uptime: () => 100 },
      about: { peer: 'p', machine: 'box' },
    } as unknown as Parts
    const stop = takeUpParked(parts, { debug: () => undefined } as never)
    t.after(stop)
    assert.deepEqual(held, [['s', 100 + UNTIL_MS - 4_000]])
    await turn()
    assert.deepEqual(told, [], 'its copy of the ledger may lag')
    isAttached = true
    mock.timers.tick(5_000)
    await turn()
    assert.deepEqual(told, [
      ['2.ts', null],
      ['3.ts', 'gone'],
    ])
    assert.deepEqual(waits.of('s'), [kept(1)])
  })
})
