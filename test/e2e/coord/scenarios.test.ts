// What a client of coord relies on, at coord's routes: conflicts that take nothing, symbols, overlap, urgency, and the life of
// a request to a holder. The queue and time have a file of their own.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { createCleaner } from '../../helpers/cleanup.ts'
import {
  coordClient,
  type CoordAnswer,
  type CoordBody,
  type CoordClaim,
  type CoordClient,
} from '../../helpers/coord.ts'
import { startDaemon, type Daemon } from '../../helpers/daemon.ts'
import { until } from '../../helpers/poll.ts'
import { git, makeRepo, writeIn } from '../../helpers/repo.ts'

const REPO = 'test/shop'
const OTHER = 'test/other'
const ROUTER = `export class Router {
  handleA(): number {
    return 1
  }

  handleB(): number {
    return 2
  }
}
`
const OUTER = `class Outer:
    class Inner:
        def m(self):
            pass

    class Other:
        def m(self):
            pass
`
const MINUTE_MS = 60_000

const suite = createCleaner()
let daemon: Daemon
let coord: CoordClient
let scenes = 0
/** Of the scene alone. */
let folder: string

before(async () => {
  const root = makeRepo(suite)
  for (let at = 0; at < 40; at++) {
    writeIn(root, `s${String(at)}/router.ts`, ROUTER)
    writeIn(root, `s${String(at)}/outer.py`, OUTER)
  }
  git(root, 'add', '--all')
  git(root, 'commit', '--quiet', '--message', 'scenes')
  const other = makeRepo(suite, { skeinYml: `repo: ${OTHER}\n` })
  daemon = await startDaemon(suite)
  for (const cwd of [root, other])
    await daemon.client.must('check', { cwd, scopes: [{ kind: 'file', pattern: 'README.md' }] })
  coord = await coordClient(suite, daemon)
})

after(() => suite.run())

beforeEach(async () => {
  folder = `s${String(scenes++)}`
  for (const repo of [REPO, OTHER]) {
    const { body } = await coord.get(`/claims?repo=${repo}`)
    for (const { id, engineer } of body.claims)
      await coord.remove(`/claims/${id}?engineer=${engineer}&repo=${repo}`)
  }
})

interface Item {
  readonly type: string
  readonly pattern: string
  readonly symbols?: readonly string[]
  readonly narrowable?: boolean
}

function file(pattern: string, ...symbols: readonly string[]): Item {
  return { type: 'file', pattern, ...(symbols.length === 0 ? {} : { symbols }) }
}

/** Each engineer has a session of its own unless it says another. */
function claim(engineer: string, claims: readonly Item[], more: object = {}): Promise<CoordAnswer> {
  return coord.post('/claims', {
    engineer,
    claims,
    repo: REPO,
    session_id: `session-${engineer}`,
    ...more,
  })
}

async function granted(engineer: string, claims: readonly Item[], more = {}): Promise<string> {
  const { status, body } = await claim(engineer, claims, more)
  assert.equal(status, 200, JSON.stringify(body))
  const [id] = body.claim_ids
  assert.ok(id !== undefined)
  return id
}

async function live(id: string): Promise<CoordClaim> {
  const { body } = await coord.get(`/claims?repo=${REPO}`)
  const found = body.claims.find((each) => each.id === id)
  assert.ok(found !== undefined, `${id} lives`)
  return found
}

async function isLive(id: string): Promise<boolean> {
  const { body } = await coord.get(`/claims?repo=${REPO}`)
  return body.claims.some((each) => each.id === id)
}

function partners({ coexists_with: text }: CoordClaim): unknown {
  return text === null ? [] : JSON.parse(text)
}

describe('1. a conflict', () => {
  it('names the holder, and nothing of the batch is claimed', async () => {
    const id = await granted('alice', [file(`${folder}/**`)], { description: 'rework' })
    const refused = await claim('bob', [file(`${folder}/login.ts`), file('README.md')])
    assert.equal(refused.status, 409)
    assert.deepEqual(refused.body.claim_ids, [])
    assert.equal(refused.body.conflicts.length, 1)
    const [met] = refused.body.conflicts
    assert.deepEqual(
      [met?.your_pattern, met?.overlap, met?.your_symbols],
      [`${folder}/login.ts`, [`${folder}/login.ts`], []],
    )
    const held = await live(id)
    assert.deepEqual(met?.conflicting_claim, {
      id,
      engineer: 'alice',
      pattern: `${folder}/**`,
      severity: 'soft',
      description: 'rework',
      expires_at: held.expires_at,
      scope_type: 'file',
    })
    assert.match(held.expires_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    const { body } = await coord.get(`/claims?repo=${REPO}&engineer=bob`)
    assert.deepEqual([body.claims, body.count], [[], 0])
  })

  it('is logged once, in the inbox of its holder', async () => {
    const id = await granted('alice', [file(`${folder}/**`)], { session_id: `inbox-${folder}` })
    await claim('bob', [file(`${folder}/login.ts`), file('README.md')])
    const { body } = await coord.get(`/sessions/inbox-${folder}/pending_requests?repo=${REPO}`)
    assert.equal(body.count, 1)
    const [row] = body.pending
    assert.deepEqual(
      [row?.kind, row?.claim_id, row?.attempted_by, row?.attempted_pattern],
      ['auto-conflict', id, 'bob', `${folder}/login.ts`],
    )
    assert.deepEqual(
      [row?.attempted_session_id, row?.holder_pattern, row?.holder_engineer],
      ['session-bob', `${folder}/**`, 'alice'],
    )
  })

  it('offers only what can be done, with coord’s names for it', async () => {
    const id = await granted('alice', [file(`${folder}/**`)])
    const { body } = await claim('bob', [file(`${folder}/login.ts`), file('README.md')])
    for (const option of ['wait', 'narrow_claim', 'request_release'])
      assert.ok(body.options.includes(option), option)
    for (const empty of ['override', 'escalate']) assert.ok(!body.options.includes(empty), empty)
    const asking = body.actions.find(({ action }) => action === 'request')
    assert.ok(asking?.command.includes(id))
  })

  it('is none with oneself, with one’s own session, or in another repository', async () => {
    await granted('alice', [file(`${folder}/**`)])
    const wanted = [file(`${folder}/login.ts`)]
    await granted('carl', wanted, { repo: OTHER })
    await granted('dora', wanted, { session_id: 'session-alice' })
    await granted('alice', [file(`${folder}/other.ts`)], { session_id: 'another-session' })
  })
})

describe('2. symbols', () => {
  const router = (...symbols: string[]): readonly Item[] => [
    file(`${folder}/router.ts`, ...symbols),
  ]

  it('of one file stand beside each other, and both sides tell it', async () => {
    const first = await granted('alice', router('Router::handleA'))
    const second = await granted('bob', [file(`./${folder}/router.ts`, 'Router::handleB')])
    assert.deepEqual(partners(await live(first)), [second])
    assert.deepEqual(partners(await live(second)), [first])
    assert.equal((await live(first)).scope_type, 'symbol')
    const { body } = await coord.get(`/metrics/auto-resolutions?repo=${REPO}&days=1`)
    assert.ok(body.series.reduce((sum, day) => sum + day.auto_coexist, 0) >= 1)
  })

  it('that lie in each other conflict, and the answer says which', async () => {
    await granted('alice', router('Router::handleA'))
    for (const symbol of ['Router', 'Router::handleA']) {
      const { status, body } = await claim('bob', router(symbol))
      assert.equal(status, 409, symbol)
      const [met] = body.conflicts
      assert.deepEqual(met?.your_symbols, [symbol])
      assert.deepEqual(met.symbol_overlap, [{ file: `${folder}/router.ts`, symbols: [symbol] }])
      const { scope_type: type, symbols } = met.conflicting_claim
      assert.deepEqual([type, symbols], ['symbol', ['Router::handleA']])
    }
    const outer = (symbol: string): readonly Item[] => [file(`${folder}/outer.py`, symbol)]
    await granted('alice', outer('Outer::Inner'))
    assert.equal((await claim('bob', outer('Outer::Inner::m'))).status, 409)
    await granted('bob', outer('Outer::Other::m'))
  })

  it('keep others off the whole file', async () => {
    await granted('alice', router('Router::handleA'))
    assert.equal((await claim('bob', router())).status, 409)
  })

  it('are granted out of a whole file, and its holder is told', async () => {
    const session = `narrowed-${folder}`
    const whole = await granted('alice', router(), { session_id: session })
    const part = await granted('bob', router('Router::handleB'))
    assert.deepEqual(partners(await live(whole)), [part])
    const { body } = await coord.get(`/sessions/${session}/pending_requests?repo=${REPO}`)
    const [notice] = body.pending
    assert.deepEqual(
      [notice?.kind, notice?.claim_id, notice?.partner_engineer, notice?.symbols],
      ['auto-narrow-notice', whole, 'bob', ['Router::handleB']],
    )
    const { body: resolved } = await coord.get(`/metrics/auto-resolutions?repo=${REPO}`)
    assert.ok(resolved.series.some((day) => day.auto_narrow > 0))
  })

  it('granted out of a folder let nobody into the rest of it', async () => {
    await granted('alice', [file(`${folder}/**`)])
    await granted('bob', router('Router::handleB'))
    // Coord would skip the whole of alice's claim for bob's session from now on.
    assert.equal((await claim('bob', [file(`${folder}/outer.py`)])).status, 409)
    assert.equal((await claim('bob', router())).status, 409)
  })

  it('are not granted out of what is shared, a module, or kept whole', async () => {
    const kept: readonly Item[] = [
      { type: 'shared_file', pattern: `${folder}/router.ts` },
      { type: 'module', pattern: `${folder}/router.ts` },
      { ...file(`${folder}/router.ts`), narrowable: false },
    ]
    for (const item of kept) {
      const id = await granted('alice', [item])
      assert.equal((await live(id)).narrowable, false)
      assert.equal((await claim('bob', router('Router::handleB'))).status, 409, item.type)
      await coord.remove(`/claims/${id}?engineer=alice&repo=${REPO}`)
    }
  })

  it('that no file declares are refused with those that it does', async () => {
    const { status, body } = await claim('bob', router('Router::handleC'))
    assert.equal(status, 400)
    assert.deepEqual([body.claim_ids, body.options], [[], ['narrow_claim']])
    assert.match(body.warnings[0] ?? '', /Router::handleA/)
    assert.equal(body.detail, body.warnings[0])
  })

  it('are judged alike by a check', async () => {
    const id = await granted('alice', router('Router::handleA'))
    const path = `/conflicts?engineer=bob&repo=${REPO}&pattern=${folder}/router.ts`
    const whole = await coord.get(path)
    assert.deepEqual([whole.status, whole.body.has_conflicts, whole.body.safe], [200, true, false])
    assert.equal(whole.body.conflicts[0]?.claim_id, id)
    const apart = await coord.get(`${path}&symbol=Router::handleB`)
    assert.deepEqual([apart.body.has_conflicts, apart.body.safe_to_proceed], [false, true])
    const batch = await coord.post('/conflicts/batch', {
      engineer: 'bob',
      repo: REPO,
      patterns: ['README.md'],
      symbols: { [`${folder}/router.ts`]: ['Router'] },
    })
    assert.deepEqual(
      batch.body.conflicts.map(({ your_pattern, symbol_overlap }) => [
        your_pattern,
        symbol_overlap,
      ]),
      [[`${folder}/router.ts`, [{ file: `${folder}/router.ts`, symbols: ['Router'] }]]],
    )
  })
})

describe('3. overlap', () => {
  const PAIRS: readonly (readonly [string, string, boolean])[] = [
    ['src/**', 'src/auth/login.ts', true],
    ['src/auth/**', 'src/auth_v2/**', false],
    ['src/auth/*', 'src/auth/deep/f.ts', false],
    ['a/**/b/**/c/**/deep.ts', 'a/x/b/y/c/z/deep.ts', true],
    ['a/**/b/**/c/**/deep.ts', 'a/x/b/y/deep.ts', false],
    ['src/*_test.py', 'src/test_*.py', true],
    ['lib/', 'lib/a/b.ts', true],
    ['file[0-4].ts', 'file[3-9].ts', true],
    ['file[0-4].ts', 'file[5-9].ts', false],
    ['./src/a.ts', '/src/a.ts', true],
    // Where coord would let both write one file of a disk that knows no case.
    ['README.md', 'readme.md', true],
  ]

  it('is what a file could be that both mean, in both orders, by claim and by check', async () => {
    for (const [mine, theirs, isOverlap] of PAIRS) {
      for (const [first, second] of [
        [mine, theirs],
        [theirs, mine],
      ] as const) {
        if (first.startsWith('/') || second.startsWith('/')) continue
        const id = await granted('alice', [file(first)])
        const path = `/conflicts?engineer=bob&repo=${REPO}&pattern=${encodeURIComponent(second)}`
        const { body } = await coord.get(path)
        assert.equal(body.has_conflicts, isOverlap, `check of ${first} and ${second}`)
        const { status, body: told } = await claim('bob', [file(second)])
        assert.equal(status, isOverlap ? 409 : 200, `${first} and ${second}`)
        await coord.remove(`/claims/${id}?engineer=alice&repo=${REPO}`)
        for (const own of told.claim_ids)
          await coord.remove(`/claims/${own}?engineer=bob&repo=${REPO}`)
      }
    }
  })

  it('is not asked of a pattern that excludes, or that is empty', async () => {
    assert.equal((await claim('bob', [file('!src/**')])).status, 400)
    assert.equal((await claim('bob', [file('')])).status, 422)
  })

  it('of shared files is no conflict among those who share', async () => {
    const shared = { type: 'shared_file', pattern: `${folder}/package-lock.json` }
    const first = await granted('alice', [shared])
    const second = await granted('bob', [shared])
    const times = [await live(first), await live(second)].map(
      ({ created_at: from, expires_at: to }) => Date.parse(to) - Date.parse(from),
    )
    for (const time of times) assert.ok(Math.abs(time - 120 * MINUTE_MS) <= 1_000)
    assert.equal((await live(first)).claim_type, 'shared_file')
    const timed = await claim('dora', [shared], { ttl_hours: 8 })
    const { created_at: from, expires_at: to } = await live(timed.body.claim_ids[0] ?? '')
    assert.ok(Date.parse(to) - Date.parse(from) <= 121 * MINUTE_MS, 'whatever is asked for')
    const mixed = [shared, file(`${folder}/a.ts`)]
    const { body } = await claim('dora', mixed, { ttl_hours: 8, session_id: 'mixed' })
    assert.ok(body.warnings.some((warning) => warning.includes('ttl_hours')))
    assert.equal((await claim('carl', [file(shared.pattern)])).status, 409)
  })
})

describe('6. urgency', () => {
  const start = async (
    engineer: string,
    more: object,
  ): Promise<{ readonly answer: Promise<CoordAnswer> }> => {
    const answer = claim(engineer, [file(`${folder}/a.ts`)], { wait_seconds: 60, ...more })
    await until(`${engineer} waits`, async () => {
      const { body } = await coord.get(`/requests?queued=true&repo=${REPO}&requester=${engineer}`)
      return body.count === 1
    })
    return { answer }
  }
  const release = async (id: string | undefined, engineer: string): Promise<void> => {
    const { body } = await coord.remove(`/claims/${String(id)}?engineer=${engineer}&repo=${REPO}`)
    assert.equal(body.released, 1)
  }

  it('lets the blocking go before the normal, and those who are alike in their order', async () => {
    const held = await granted('alice', [file(`${folder}/a.ts`)])
    const normal = await start('bob', {})
    const unknown = await start('carl', { urgency: 'at once!' })
    const blocking = await start('dora', { urgency: 'blocking' })
    const { body } = await coord.get(`/requests?queued=true&repo=${REPO}`)
    assert.deepEqual(
      body.requests.map(({ requester_engineer, priority }) => [requester_engineer, priority]),
      [
        ['dora', 'blocking'],
        ['bob', 'normal'],
        ['carl', 'normal'],
      ],
    )
    let holder: readonly [string, string] = ['alice', held]
    for (const [engineer, { answer }] of [
      ['dora', blocking],
      ['bob', normal],
      ['carl', unknown],
    ] as const) {
      await release(holder[1], holder[0])
      const { status, body: got } = await answer
      assert.equal(status, 200, engineer)
      holder = [engineer, got.claim_ids[0] ?? '']
    }
  })

  it('is cancelled by the waiter, and by no other name', async () => {
    await granted('alice', [file(`${folder}/a.ts`)])
    const { answer } = await start('bob', {})
    const { body } = await coord.get(`/requests?queued=true&repo=${REPO}&requester=bob`)
    const id = body.requests[0]?.queue_id ?? ''
    const foreign = await coord.remove(`/requests/${id}?engineer=mallory`)
    assert.deepEqual([foreign.status, foreign.body.cancelled], [200, false])
    const own = await coord.remove(`/requests/${id}?engineer=bob`)
    assert.deepEqual([own.body.ok, own.body.cancelled, own.body.queue_id], [true, true, id])
    const { status, body: told } = await answer
    assert.deepEqual([status, told.claim_ids, told.queue?.ended], [409, [], 'cancelled'])
    assert.equal((await coord.remove(`/requests/${id}?engineer=bob`)).body.cancelled, false)
  })
})

describe('7. a request to a holder', () => {
  const ask = async (id: string, more: object = {}): Promise<CoordBody> => {
    const { status, body } = await coord.post('/requests', {
      claim_id: id,
      requester: 'bob',
      session_id: 'session-bob',
      reason: 'hot fix #1234',
      urgency: 'high',
      wait_seconds: 0,
      ...more,
    })
    assert.equal(status, 200, JSON.stringify(body))
    return body
  }
  const respond = (id: string, decision: string, more: object = {}): Promise<CoordAnswer> =>
    coord.post(`/requests/${id}/respond`, { decision, engineer: 'alice', ...more })

  it('shortens the claim to five minutes; denied, it has its time again', async () => {
    const id = await granted('alice', [file(`${folder}/**`)])
    const end = (await live(id)).expires_at
    const asked = await ask(id, { requested_scope: `${folder}/login.ts` })
    assert.deepEqual(
      [asked.decision, asked.claim_id, asked.requester_engineer, asked.requester_session_id],
      ['pending', id, 'bob', 'session-bob'],
    )
    assert.deepEqual(
      [asked.requested_pattern, asked.requested_scope, asked.urgency, asked.decided_at],
      [`${folder}/**`, `${folder}/login.ts`, 'high', null],
    )
    const left = Date.parse((await live(id)).expires_at) - Date.parse(asked.created_at)
    assert.ok(left <= 5 * MINUTE_MS && left > 4 * MINUTE_MS, String(left))
    // Coord would take the extension for a way out.
    await coord.post(`/claims/${id}/extend`, { engineer: 'alice', ttl_hours: 8 })
    assert.ok(Date.parse((await live(id)).expires_at) - Date.parse(asked.created_at) <= left)
    const { status, body } = await respond(asked.id, 'denied', { note: 'in the middle of it' })
    assert.deepEqual(
      [status, body.decision, body.decided_by_engineer, body.decided_by_session_id, body.note],
      [200, 'denied', 'alice', 'session-alice', 'in the middle of it'],
    )
    assert.ok((await live(id)).expires_at >= end)
  })

  it('denied without more gives back exactly the old end, and never lengthens a short one', async () => {
    const long = await granted('alice', [file(`${folder}/a.ts`)])
    const end = (await live(long)).expires_at
    await respond((await ask(long)).id, 'denied')
    assert.equal((await live(long)).expires_at, end)
  })

  it('stands in the inbox of the holder until it is answered', async () => {
    const session = `asked-${folder}`
    const id = await granted('alice', [file(`${folder}/a.ts`)], { session_id: session })
    const asked = await ask(id)
    const { body } = await coord.get(`/sessions/${session}/pending_requests`)
    assert.deepEqual(
      body.pending.map(({ kind, id: request, decision }) => [kind, request, decision]),
      [['request', asked.id, 'pending']],
    )
    await respond(asked.id, 'denied')
    assert.equal((await coord.get(`/sessions/${session}/pending_requests`)).body.count, 0)
  })

  it('approved frees the claim', async () => {
    const id = await granted('alice', [file(`${folder}/a.ts`)])
    const asked = await ask(id)
    const { body } = await respond(asked.id, 'approved')
    assert.equal(body.decision, 'approved')
    assert.equal(await isLive(id), false)
    await granted('bob', [file(`${folder}/a.ts`)])
  })

  it('narrowed keeps less of it, with everything else as it was', async () => {
    const id = await granted('alice', [file(`${folder}/**`)], { branch: 'topic' })
    const asked = await ask(id)
    for (const outside of ['**', 'elsewhere/**']) {
      const { status } = await respond(asked.id, 'narrowed', { narrowed_pattern: outside })
      assert.equal(status, 400, outside)
    }
    assert.equal((await respond(asked.id, 'narrowed')).status, 400)
    const { body } = await respond(asked.id, 'narrowed', {
      narrowed_pattern: `${folder}/auth/**`,
    })
    assert.equal(body.decision, 'narrowed')
    // Coord opens a new claim; here it is the same one, with its fence.
    const { pattern, branch, session_id: session, engineer, repo } = await live(id)
    assert.deepEqual(
      [pattern, branch, session, engineer, repo],
      [`${folder}/auth/**`, 'topic', 'session-alice', 'alice', REPO],
    )
    await granted('bob', [file(`${folder}/login.ts`)])
  })

  it('coexist lets the other in, and links both', async () => {
    const id = await granted('alice', [file(`${folder}/**`)])
    const asked = await ask(id)
    assert.equal((await respond(asked.id, 'coexist')).status, 400)
    const { body } = await respond(asked.id, 'coexist', { coexist_pattern: `${folder}/a.ts` })
    const [given] = body.granted_claim_ids
    assert.ok(given !== undefined)
    const beside = await live(given)
    assert.deepEqual([beside.engineer, beside.pattern], ['bob', `${folder}/a.ts`])
    const second = await ask(id, { requester: 'carl', session_id: 'session-carl' })
    const { body: third } = await respond(second.id, 'coexist', {
      coexist_pattern: `${folder}/c.ts`,
    })
    const [other] = third.granted_claim_ids
    assert.ok(other !== undefined)
    await coord.remove(`/claims/${given}?engineer=bob`)
    assert.deepEqual(partners(await live(id)), [other])
    assert.deepEqual(partners(await live(other)), [id])
    // Let in by the holder's word: no resolution by itself.
    const { body: resolved } = await coord.get(`/requests/${second.id}/events`)
    assert.match(resolved.events.at(-1)?.detail ?? '', new RegExp(other))
  })

  it('by symbols is checked like a claim of them', async () => {
    const id = await granted('alice', [file(`${folder}/router.ts`)])
    const asked = await ask(id)
    const unknown = { coexist_symbols: { [`${folder}/router.ts`]: ['Nothing'] } }
    assert.equal((await respond(asked.id, 'coexist', unknown)).status, 400)
    const known = { coexist_symbols: { [`${folder}/router.ts`]: ['Router::handleB'] } }
    const { body } = await respond(asked.id, 'coexist', known)
    const { symbols, scope_type: type } = await live(body.granted_claim_ids[0] ?? '')
    assert.deepEqual([symbols, type], [['Router::handleB'], 'symbol'])
  })

  it('is answered once, and by its holder only', async () => {
    const id = await granted('alice', [file(`${folder}/a.ts`)])
    const asked = await ask(id)
    const { status } = await coord.post(`/requests/${asked.id}/respond`, {
      decision: 'approved',
      engineer: 'bob',
    })
    assert.equal(status, 403)
    await respond(asked.id, 'denied')
    const late = await respond(asked.id, 'approved')
    assert.deepEqual([late.status, late.body.decision], [200, 'denied'])
    assert.equal(await isLive(id), true)
  })

  it('can be waited for, and is told by lists, by its id, and with its trail', async () => {
    const id = await granted('alice', [file(`${folder}/a.ts`)])
    const waiting = coord.post('/requests', {
      claim_id: id,
      requester: 'bob',
      session_id: 'session-bob',
      reason: 'hot fix',
      wait_seconds: 30,
      repo: REPO,
    })
    const asked = await until('alice is asked', async () => {
      const { body } = await coord.get(`/requests?repo=${REPO}&claim_id=${id}&decision=pending`)
      return body.requests[0] ?? null
    })
    await respond(asked.id, 'approved', { note: 'ok', session_id: 'session-alice' })
    assert.equal((await waiting).body.decision, 'approved')
    const { body: one } = await coord.get(`/requests/${asked.id}`)
    assert.deepEqual([one.decision, one.holder_repo], ['approved', REPO])
    const { body: mine } = await coord.get(`/requests?repo=${REPO}&requester=bob&claim_id=${id}`)
    assert.deepEqual([mine.count, mine.requests[0]?.id], [1, asked.id])
    const { body: trail } = await coord.get(`/requests/${asked.id}/events`)
    assert.deepEqual(
      trail.events.map((event) => [
        event.event_type,
        event.actor_engineer,
        event.actor_session_id,
        event.request_id,
      ]),
      [
        ['filed', 'bob', 'session-bob', asked.id],
        ['responded', 'alice', 'session-alice', asked.id],
      ],
    )
    const {
      decision,
      note,
      claim_id: about,
    } = JSON.parse(trail.events[1]?.detail ?? '{}') as CoordBody
    assert.deepEqual([decision, note, about], ['approved', 'ok', id])
  })

  it('is resolved when the claim ends by itself', async () => {
    const id = await granted('alice', [file(`${folder}/a.ts`)])
    const asked = await ask(id)
    await coord.post('/claims/release', { claim_ids: [id], engineer: 'alice' })
    const { body } = await coord.get(`/requests/${asked.id}`)
    assert.deepEqual([body.decision, body.decided_by_engineer], ['resolved', null])
    assert.ok(body.decided_at !== null)
    const { body: trail } = await coord.get(`/requests/${asked.id}/events`)
    assert.deepEqual(
      trail.events.map((event) => event.event_type),
      ['filed', 'resolved'],
    )
    const late = await coord.post('/requests', { claim_id: id, requester: 'bob', wait_seconds: 0 })
    assert.equal(late.status, 409)
  })
})
