// What callers rely on at the door: who is granted what, what a claim's life is, and that check and claim never differ.
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { createClient, type ApiClient, type ClaimJson } from '../helpers/api.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import { startDaemon, type Daemon } from '../helpers/daemon.ts'
import { addWorktree, git, makeFolder, makeRepo, writeIn } from '../helpers/repo.ts'
import { comparePairs } from './pairs.ts'

const REPO = 'test/shop'
const ALICE = { repo: REPO, agent: 'alice', session: 's-alice' }
const BOB = { repo: REPO, agent: 'bob', session: 's-bob' }

const suite = createCleaner()
let daemon: Daemon
let client: ApiClient
let root: string

before(async () => {
  const files = ['README.md', 'src/a.ts', 'src/b.ts', 'src/auth/login.ts', 'src/auth/out.ts']
  root = makeRepo(suite, { files })
  daemon = await startDaemon(suite)
  client = daemon.client
  await client.must('check', { cwd: root, scopes: [file('README.md')] })
})

after(() => suite.run())

/** Every test begins with nothing claimed. */
beforeEach(async () => {
  const { claims } = await client.must('claims', { repo: REPO })
  for (const { session } of claims)
    await client.must('release', { repo: REPO, session, mine: true })
})

type Words = Record<string, unknown>

function file(pattern: string, more: Words = {}): Words {
  return { kind: 'file', pattern, ...more }
}

async function granted(who: Words, ...scopes: Words[]): Promise<readonly ClaimJson[]> {
  const result = await client.must('claim', { ...who, scopes })
  assert.equal(result.status, 'granted', JSON.stringify(result.conflicts))
  return result.claims
}

async function one(who: Words, scope: Words): Promise<ClaimJson> {
  const [claim] = await granted(who, scope)
  assert.ok(claim !== undefined)
  return claim
}

async function refusedBy(who: Words, ...scopes: Words[]): Promise<readonly string[]> {
  const { status, result } = await client.call('claim', { ...who, scopes })
  assert.equal(result?.status, 'refused')
  assert.equal(status, 409)
  assert.deepEqual(result.claims, [])
  return result.conflicts.map(({ claim }) => claim.id)
}

describe('a claim at the door', () => {
  it('is granted as a whole or not at all', async () => {
    const held = await one(ALICE, file('src/a.ts'))
    assert.deepEqual(await refusedBy(BOB, file('src/b.ts'), file('src/**'), file('README.md')), [
      held.id,
    ])
    const { claims } = await client.must('claims', { repo: REPO })
    assert.deepEqual(
      claims.map(({ id }) => id),
      [held.id],
    )
    const both = await granted(BOB, file('src/b.ts'), file('README.md'))
    assert.equal(both[0]?.fence, both[1]?.fence, 'claims of one call share their fence')
  })

  it('says who holds what until when, and options that can be typed', async () => {
    const held = await one(ALICE, file('src/auth'))
    const { result } = await client.call('claim', {
      ...BOB,
      scopes: [file('src/auth/login.ts'), file('x.ts')],
    })
    const conflict = result?.conflicts[0]
    assert.equal(conflict?.your_pattern, 'src/auth/login.ts')
    assert.equal(conflict.claim.agent, 'alice')
    assert.equal(conflict.claim.expires_at, held.expires_at)
    const commands = result?.options.map(({ command }) => command) ?? []
    assert.ok(commands.includes('skein claim x.ts'))
    assert.ok(commands.includes(`skein why ${held.id}`))
  })

  it('asked again by its own session is renewed with the same fence', async () => {
    const first = await one(ALICE, file('src/a.ts'))
    const again = await one(ALICE, file('src/a.ts'))
    assert.deepEqual([again.id, again.fence], [first.id, first.fence])
    assert.ok(again.expires_at >= first.expires_at)
  })

  it('meets no claim of the same given agent name, whatever the session', async () => {
    await one(ALICE, file('src/a.ts'))
    await one({ ...ALICE, session: 'other-window' }, file('src/a.ts'))
  })

  it('of a default name collides with another session of the same person', async () => {
    const caller = { user: 'kim', tool: 'claude' }
    const held = await one({ repo: REPO, session: 'window-1', caller }, file('src/a.ts'))
    assert.match(held.agent, /^kim@.+\/claude\/ow-1$/)
    assert.deepEqual(
      await refusedBy({ repo: REPO, session: 'window-2', caller }, file('src/a.ts')),
      [held.id],
    )
  })

  it('without a name is no claim', async () => {
    const { error } = await client.call('claim', { repo: REPO, scopes: [file('a')] })
    assert.equal(error?.exit, 64)
  })

  it('shared goes with shared and with nothing else', async () => {
    const shared = await one(ALICE, file('src/**', { mode: 'shared' }))
    await one(BOB, file('src/a.ts', { mode: 'shared' }))
    const carol = { repo: REPO, agent: 'carol', session: 's-carol' }
    assert.ok((await refusedBy(carol, file('src/a.ts'))).includes(shared.id))
    const ttl = Date.parse(shared.expires_at) - Date.parse(shared.granted_at)
    assert.ok(Math.abs(ttl - 7_200_000) < 60_000, 'shared claims live two hours')
  })

  it('on a module meets files in it, one on a resource its name only', async () => {
    const module = await one(ALICE, { kind: 'module', pattern: 'src/auth' })
    assert.equal(module.narrowable, false)
    assert.deepEqual(await refusedBy(BOB, file('src/auth/new.ts')), [module.id])
    const port = await one(ALICE, { kind: 'resource', pattern: 'port-5432' })
    assert.deepEqual(await refusedBy(BOB, { kind: 'resource', pattern: 'port-5432' }), [port.id])
    await one(BOB, { kind: 'resource', pattern: 'port-5433' })
    await one(BOB, file('port-5432'))
  })

  it('overlaps without regard to case, and for files that do not exist yet', async () => {
    const held = await one(ALICE, file('src/**/*.test.ts'))
    assert.deepEqual(await refusedBy(BOB, file('SRC/New/Thing.TEST.ts')), [held.id])
    await one(BOB, file('src/new/thing.ts'))
  })

  it('of kinds that have no symbols, or of symbols without names, is refused', async () => {
    for (const scope of [
      file('a.ts', { kind: 'symbol' }),
      file('src', { kind: 'module', symbols: ['A'] }),
    ]) {
      const { error } = await client.call('claim', { ...ALICE, scopes: [scope] })
      assert.equal(error?.code, 'INPUT_SCHEMA')
    }
  })

  it('lives as long as was asked, in bounds', async () => {
    const { claims } = await client.must('claim', {
      ...ALICE,
      scopes: [file('src/a.ts')],
      ttl_s: 60,
    })
    const [claim] = claims
    assert.ok(claim !== undefined)
    const ttl = Date.parse(claim.expires_at) - Date.parse(claim.granted_at)
    assert.ok(Math.abs(ttl - 60_000) < 5_000, `${String(ttl)} ms`)
  })
})

describe('the fence', () => {
  it('rises with every grant and comes twice never, narrowing and renewal keep it', async () => {
    const fences = new Set<number>()
    let before = 0
    for (let at = 0; at < 30; at++) {
      const claim = await one(at % 2 === 0 ? ALICE : BOB, file(`f${String(at)}.ts`))
      assert.ok(claim.fence !== null && claim.fence > before)
      assert.ok(!fences.has(claim.fence))
      before = claim.fence
      fences.add(before)
      const { claims } = await client.must('renew', {
        ...(at % 2 === 0 ? ALICE : BOB),
        ids: [claim.id],
      })
      assert.equal(claims[0]?.fence, before)
    }
  })

  it('that is stale does not verify', async () => {
    const first = await one(ALICE, file('src/a.ts'))
    const fences = { [first.id]: first.fence }
    assert.equal((await client.must('verify', { ...ALICE, ids: [first.id], fences })).ok, true)
    const stale = { [first.id]: (first.fence ?? 0) - 1 }
    const { status, result } = await client.call('verify', {
      ...ALICE,
      ids: [first.id],
      fences: stale,
    })
    assert.deepEqual([status, result?.ok, result?.claims[0]?.live], [412, false, false])
    await client.must('release', { ...ALICE, ids: [first.id] })
    const gone = await client.call('verify', { ...ALICE, ids: [first.id], fences })
    assert.deepEqual([gone.status, gone.result?.ok], [412, false])
  })
})

describe('narrow', () => {
  it('to one pattern keeps id and fence, and frees the rest', async () => {
    const wide = await one(ALICE, file('src/**'))
    const { claims } = await client.must('narrow', {
      ...ALICE,
      id: wide.id,
      patterns: ['src/a.ts'],
    })
    assert.deepEqual(
      claims.map(({ id, fence, pattern }) => [id, fence, pattern]),
      [[wide.id, wide.fence, 'src/a.ts']],
    )
    await one(BOB, file('src/b.ts'))
    await refusedBy(BOB, file('src/a.ts'))
  })

  it('to several patterns splits the claim under one fence', async () => {
    const wide = await one(ALICE, file('src'))
    const patterns = ['src/a.ts', 'src/auth/**']
    const { claims } = await client.must('narrow', { ...ALICE, id: wide.id, patterns })
    assert.deepEqual(
      claims.map(({ pattern }) => pattern),
      patterns,
    )
    assert.deepEqual(
      claims.map(({ fence }) => fence),
      [wide.fence, wide.fence],
    )
    assert.equal(claims[0]?.id, wide.id)
    await one(BOB, file('src/b.ts'))
    await refusedBy(BOB, file('src/auth/login.ts'))
  })

  it('to more than was held is refused, and nothing changes', async () => {
    const claim = await one(ALICE, file('src/auth/**'))
    for (const patterns of [['src/**'], ['src/auth/login.ts', 'README.md'], ['**']]) {
      const { error } = await client.call('narrow', { ...ALICE, id: claim.id, patterns })
      assert.equal(error?.code, 'CLAIM_NOT_NARROWER')
    }
    await refusedBy(BOB, file('src/auth/out.ts'))
  })
})

describe('release', () => {
  it('by id, of everything mine, of a session, of an agent', async () => {
    const [a, b] = await granted(ALICE, file('a.ts'), file('b.ts'))
    const byId = await client.must('release', { ...ALICE, ids: [a?.id] })
    assert.deepEqual(
      byId.released.map(({ id, state }) => [id, state]),
      [[a?.id, 'released']],
    )
    const mine = await client.must('release', { ...ALICE, mine: true })
    assert.deepEqual(
      mine.released.map(({ id }) => id),
      [b?.id],
    )
    await one(ALICE, file('c.ts'))
    assert.equal(
      (await client.must('release', { ...ALICE, of_session: 's-alice' })).released.length,
      1,
    )
    await one({ ...ALICE, session: 'window-2' }, file('d.ts'))
    assert.equal((await client.must('release', { ...ALICE, of_agent: 'alice' })).released.length, 1)
    assert.deepEqual((await client.must('claims', { repo: REPO })).claims, [])
  })

  it('twice is no error', async () => {
    const claim = await one(ALICE, file('a.ts'))
    await client.must('release', { ...ALICE, ids: [claim.id] })
    const again = await client.must('release', { ...ALICE, ids: [claim.id] })
    assert.deepEqual([again.released, again.already], [[], [claim.id]])
  })

  it('lets the next one in at once', async () => {
    const claim = await one(ALICE, file('a.ts'))
    await client.must('release', { ...ALICE, ids: [claim.id] })
    const next = await one(BOB, file('a.ts'))
    assert.ok((next.fence ?? 0) > (claim.fence ?? 0))
  })

  it('of an ended claim cannot be undone by renewing it', async () => {
    const claim = await one(ALICE, file('a.ts'))
    await client.must('release', { ...ALICE, ids: [claim.id] })
    const { error } = await client.call('renew', { ...ALICE, ids: [claim.id] })
    assert.deepEqual([error?.code, error?.exit], ['CLAIM_ENDED', 6])
  })

  it('by force is a person’s act, told to everybody, and holds the scope back for a while', async () => {
    const claim = await one(ALICE, file('src/a.ts'))
    const person = { ...BOB, ids: [claim.id], force: true, reason: 'agent crashed' }
    const refusal = await client.call('release', person)
    assert.deepEqual([refusal.error?.code, refusal.error?.exit], ['FORBIDDEN_PERSON', 7])
    const { released } = await client.must('release', { ...person, caller: { terminal: true } })
    assert.equal(released[0]?.id, claim.id)
    const { result } = await client.call('claim', { ...BOB, scopes: [file('src/a.ts')] })
    assert.equal(result?.status, 'refused')
    const delay = result.conflicts[0]?.lock_delay_s ?? 0
    assert.ok(delay > 0 && delay <= 10, `lock-delay ${String(delay)} s`)
    const check = await client.must('check', { ...BOB, scopes: [file('src/a.ts')] })
    assert.equal(check.safe, false, 'check knows of the lock-delay')
    const { summary } = await client.must('why', { ...BOB, pattern: claim.id })
    assert.match(summary.join('\n'), /ended by a person \(bob: agent crashed\)/)
  })
})

describe('renew', () => {
  it('gives each claim its own full time again', async () => {
    const long = await one(ALICE, file('long.ts'))
    const { claims: short } = await client.must('claim', {
      ...ALICE,
      scopes: [file('short.ts')],
      ttl_s: 100,
    })
    const { claims } = await client.must('renew', ALICE)
    const left = new Map(claims.map(({ id, expires_at: at }) => [id, Date.parse(at) - Date.now()]))
    assert.ok((left.get(long.id) ?? 0) > 3_600_000, 'the long one keeps its four hours')
    assert.ok((left.get(short[0]?.id ?? '') ?? Infinity) <= 100_000, 'the short one its 100 s')
  })
})

describe('an idempotency key', () => {
  it('gives the present outcome of its request again', async () => {
    const input = { ...ALICE, scopes: [file('key.ts')], idempotency_key: 'k1' }
    const first = await client.must('claim', input)
    const again = await client.must('claim', input)
    assert.equal(again.status, 'granted')
    assert.deepEqual(
      again.claims.map(({ id, fence }) => [id, fence]),
      first.claims.map(({ id, fence }) => [id, fence]),
    )
    await client.must('release', { ...ALICE, mine: true })
    // Told as granted it would be worked under.
    const after = await client.call('claim', input)
    assert.deepEqual([after.error?.code, after.error?.exit], ['CLAIM_ENDED', 6])
    await one(BOB, file('key.ts'))
  })

  it('gives one grant to two calls at the same moment', async () => {
    const input = { ...ALICE, scopes: [file('both.ts')], idempotency_key: 'k2' }
    const answers = await Promise.all([1, 2, 3, 4].map(() => client.must('claim', input)))
    const ids = new Set(answers.map(({ claims }) => claims[0]?.id))
    assert.equal(ids.size, 1)
  })

  it('with another body is bad input', async () => {
    await client.must('claim', { ...ALICE, scopes: [file('k3.ts')], idempotency_key: 'k3' })
    const { error } = await client.call('claim', {
      ...ALICE,
      scopes: [file('other.ts')],
      idempotency_key: 'k3',
    })
    assert.deepEqual([error?.code, error?.exit], ['INPUT_KEY_REUSED', 64])
  })

  it('belongs to its session', async () => {
    await client.must('claim', { ...ALICE, scopes: [file('k4.ts')], idempotency_key: 'k4' })
    const { status } = await client.must('claim', {
      ...BOB,
      scopes: [file('k5.ts')],
      idempotency_key: 'k4',
    })
    assert.equal(status, 'granted')
  })

  it('belongs to its session, whatever signs are in both', async () => {
    const joined = { repo: REPO, agent: 'x', scopes: [file('k6.ts')] }
    await client.must('claim', { ...joined, session: 'a/b', idempotency_key: 'c' })
    const other = await client.must('claim', {
      ...joined,
      agent: 'y',
      session: 'a',
      idempotency_key: 'b/c',
    })
    assert.equal(other.status, 'refused', 'another session, though the words joined are the same')
  })

  it('that was refused stays refused', async () => {
    await one(ALICE, file('k7.ts'))
    const input = { ...BOB, scopes: [file('k7.ts')], idempotency_key: 'k7' }
    assert.equal((await client.must('claim', input)).status, 'refused')
    await client.must('release', { ...ALICE, mine: true })
    const again = await client.must('claim', input)
    assert.equal(again.status, 'refused')
  })
})

describe('claims and why', () => {
  it('tell what is live, whose it is, and what ended lately', async () => {
    const [a] = await granted(ALICE, file('a.ts'), file('b.ts'))
    await one(BOB, file('c.ts'))
    const all = await client.must('claims', { repo: REPO })
    assert.equal(all.claims.length, 3)
    const mine = await client.must('claims', { ...ALICE, mine: true })
    assert.equal(mine.claims.length, 2)
    assert.equal((await client.must('claims', { repo: REPO, of_agent: 'bob' })).claims.length, 1)
    assert.equal(
      (await client.must('claims', { repo: REPO, of_session: 's-bob' })).claims.length,
      1,
    )
    const page = await client.must('claims', { repo: REPO, limit: 2 })
    assert.deepEqual([page.claims.length, page.more], [2, 1])
    await client.must('release', { ...ALICE, ids: [a?.id] })
    const { recent } = await client.must('claims', { repo: REPO, recent: true })
    const [last] = recent
    assert.deepEqual([last?.claim.id, last?.reason, last?.by], [a?.id, 'released', 'alice'])
  })

  it('explain a refusal', async () => {
    const held = await one(ALICE, file('src/auth/**'))
    await refusedBy(BOB, file('src/auth/login.ts'))
    const { holders, summary } = await client.must('why', {
      repo: REPO,
      pattern: 'src/auth/login.ts',
    })
    assert.deepEqual(
      holders.map(({ id }) => id),
      [held.id],
    )
    assert.match(
      summary[0] ?? '',
      /bob was refused src\/auth\/login\.ts because alice held src\/auth\/\*\*/,
    )
    assert.match(summary.join('\n'), /alice was granted src\/auth\/\*\*/)
    const told = await client.must('why', { repo: REPO, pattern: 'README.md', limit: 500 })
    assert.doesNotMatch(told.summary.join('\n'), /src\/auth\/login/)
  })

  it('keep an audit log whose chain holds', async () => {
    const { ok, events, problem } = await client.must('audit/verify', { repo: REPO })
    assert.deepEqual([ok, problem], [true, null])
    assert.ok(events > 10)
  })
})

describe('a checkout', () => {
  it('is known by its folders, its worktrees, and links to it', async () => {
    const tree = addWorktree(suite, root, 'feature')
    const link = path.join(makeFolder(suite), 'link')
    symlinkSync(root, link)
    await one({ ...ALICE, repo: undefined, cwd: path.join(root, 'src', 'auth') }, file('src/a.ts'))
    for (const cwd of [tree, path.join(tree, 'src'), link, path.join(root, 'not-there-yet')]) {
      const result = await client.must('check', {
        ...BOB,
        repo: undefined,
        cwd,
        scopes: [file('src/a.ts')],
      })
      assert.equal(result.safe, false, cwd)
    }
    const { claims } = await client.must('claim', {
      ...BOB,
      repo: undefined,
      cwd: tree,
      scopes: [file('src/b.ts')],
    })
    assert.equal(claims[0]?.branch, 'feature')
    const { repos } = await client.must('status', {})
    assert.deepEqual(
      repos.map(({ id }) => id),
      [REPO],
    )
  })

  it('that many callers use for the first time at once is known once', async () => {
    const tree = addWorktree(suite, root, 'busy')
    const calls = Array.from({ length: 20 }, () =>
      client.must('check', { cwd: tree, scopes: [file('a')] }),
    )
    await Promise.all(calls)
    const { repos } = await client.must('status', {})
    const checkouts = repos[0]?.checkouts ?? []
    assert.equal(new Set(checkouts).size, checkouts.length, checkouts.join(' '))
  })

  it('judges a linked folder by its target', async () => {
    mkdirSync(path.join(root, 'packages'), { recursive: true })
    symlinkSync('../src/auth', path.join(root, 'packages', 'auth'))
    const here = { cwd: root, repo: undefined }
    const held = await one({ ...ALICE, ...here }, file('packages/auth/login.ts'))
    assert.equal(held.pattern, 'src/auth/login.ts')
    assert.deepEqual(await refusedBy({ ...BOB, ...here }, file('src/auth')), [held.id])
    assert.deepEqual(await refusedBy({ ...BOB, ...here }, file('packages/auth/*.ts')), [held.id])
    const wide = await one({ ...ALICE, ...here }, file('packages/auth'))
    assert.equal(wide.pattern, 'src/auth/**')
    const narrowed = await client.must('narrow', {
      ...ALICE,
      ...here,
      id: wide.id,
      patterns: ['packages/auth/out.ts'],
    })
    assert.equal(narrowed.claims[0]?.pattern, 'src/auth/out.ts')
    const { holders } = await client.must('why', { ...here, pattern: 'packages/auth/out.ts' })
    assert.equal(holders.length, 1)
  })

  it('takes a link that leads outside by its own name', async () => {
    symlinkSync(makeFolder(suite), path.join(root, 'outside'))
    const held = await one({ ...ALICE, cwd: root }, file('outside/x.ts'))
    assert.equal(held.pattern, 'outside/x.ts')
  })

  it('maps an absolute path inside it, and refuses any other', async () => {
    const here = { ...ALICE, repo: undefined, cwd: root }
    assert.equal((await one(here, file(path.join(root, 'src', 'a.ts')))).pattern, 'src/a.ts')
    assert.equal((await one(here, file(`${root}/src/*.ts`))).pattern, 'src/*.ts')
    for (const pattern of ['/etc/passwd', path.dirname(root), `${root}-other/x`]) {
      const { error } = await client.call('claim', { ...here, scopes: [file(pattern)] })
      assert.equal(error?.code, 'INPUT_PATTERN', pattern)
    }
    const remote = createClient(await daemon.tcp())
    const { error } = await remote.call('claim', { ...ALICE, scopes: [file('/etc/passwd')] })
    assert.equal(error?.code, 'INPUT_PATTERN')
    remote.close()
  })

  it('claims a folder with a dot in its name as a folder', async () => {
    writeIn(root, 'socket.io/lib/x.ts', '')
    const held = await one({ ...ALICE, cwd: root }, file('socket.io'))
    assert.equal(held.pattern, 'socket.io/**')
    assert.deepEqual(await refusedBy(BOB, file('**/lib/*.ts')), [held.id])
  })
})

describe('a repository', () => {
  it('with a .skein.yml is enrolled on first use', async () => {
    const fresh = makeRepo(suite, { skeinYml: 'repo: test/fresh\n' })
    const { claims } = await client.must('claim', {
      agent: 'a',
      cwd: fresh,
      scopes: [file('x.ts')],
    })
    assert.equal(claims[0]?.repo, 'test/fresh')
  })

  it('without one gets exit 5 and a hint, until it is enrolled', async () => {
    const plain = makeRepo(suite, { skeinYml: null, origin: 'git@example.org:team/plain.git' })
    const { error, status } = await client.call('claim', {
      agent: 'a',
      cwd: plain,
      scopes: [file('x.ts')],
    })
    assert.deepEqual(
      [error?.code, error?.exit, status, error?.hint],
      ['REPO_NOT_ENROLLED', 5, 404, 'skein init'],
    )
    const enrolled = await client.must('enrol', { cwd: plain })
    assert.deepEqual([enrolled.repo, enrolled.is_new], ['team/plain', true])
    assert.equal((await client.must('enrol', { cwd: plain })).is_new, false)
    await client.must('claim', { agent: 'a', cwd: plain, scopes: [file('x.ts')] })
  })

  it('outside of git gets exit 5', async () => {
    const { error } = await client.call('claim', {
      agent: 'a',
      cwd: makeFolder(suite),
      scopes: [file('x')],
    })
    assert.deepEqual([error?.code, error?.exit], ['REPO_NOT_GIT', 5])
  })

  it('with no shared history under a known id is refused with exit 7', async () => {
    const foreign = makeRepo(suite)
    const { error } = await client.call('claim', {
      agent: 'a',
      cwd: foreign,
      scopes: [file('x.ts')],
    })
    assert.deepEqual([error?.code, error?.exit], ['REPO_FOREIGN', 7])
    const clone = path.join(makeFolder(suite), 'clone')
    git(root, 'clone', '--quiet', root, clone)
    await client.must('check', { agent: 'a', cwd: clone, scopes: [file('x.ts')] })
  })

  it('is not shared by two strangers who are first at the same moment', async () => {
    const [one, two] = [1, 2].map(() => makeRepo(suite, { skeinYml: 'repo: test/race\n' }))
    const answers = await Promise.all(
      [one, two].map((cwd) => client.call('claim', { agent: 'a', cwd, scopes: [file('x.ts')] })),
    )
    const codes = answers.map(({ error }) => error?.code ?? 'granted').sort()
    assert.deepEqual(codes, ['REPO_FOREIGN', 'granted'])
  })

  it('with a wrong .skein.yml says which key is wrong', async () => {
    const wrong = makeRepo(suite, { skeinYml: 'repo: test/wrong\nlimts: {files: 3}\n' })
    const { error } = await client.call('claim', { agent: 'a', cwd: wrong, scopes: [file('x.ts')] })
    assert.deepEqual([error?.code, error?.exit], ['CONFIG_INVALID', 64])
    assert.match(error?.message ?? '', /limts.*limits/)
    writeIn(wrong, '.skein.yml', 'repo: test/wrong\n')
    await client.must('claim', { agent: 'a', cwd: wrong, scopes: [file('x.ts')] })
  })

  it('has limits: files in a claim, claims of an agent', async () => {
    const files = Array.from({ length: 150 }, (_, at) => `src/f${String(at)}.ts`)
    const skeinYml = 'repo: test/limits\nlimits: {files: 50, claims_per_agent: 2}\n'
    const cwd = makeRepo(suite, { files, skeinYml })
    const who = { agent: 'a', cwd }
    const wide = await client.call('claim', { ...who, scopes: [file('src/**')] })
    assert.deepEqual([wide.error?.code, wide.error?.exit], ['INPUT_TOO_WIDE', 64])
    const ratio = await client.call('claim', { ...who, scopes: [file('src/f1*.ts')] })
    assert.equal(ratio.error?.code, 'INPUT_TOO_WIDE', '61 files are more than a fifth of 150')
    await client.must('claim', { ...who, scopes: [file('a.ts'), file('b.ts')] })
    const third = await client.call('claim', { ...who, scopes: [file('c.ts')] })
    assert.deepEqual([third.error?.code, third.status], ['LIMIT_CLAIMS', 429])
    assert.equal(
      third.headers['retry-after'],
      '3600',
      'in four hours one ends: an hour is the most',
    )
  })

  it('that is removed from disk does not stop its claims', async () => {
    const gone = makeRepo(suite, { skeinYml: 'repo: test/gone\n' })
    await client.must('claim', { agent: 'a', cwd: gone, scopes: [file('x.ts')] })
    rmSync(gone, { recursive: true })
    const { claims } = await client.must('claims', { repo: 'test/gone' })
    assert.equal(claims.length, 1)
    await client.must('release', { repo: 'test/gone', agent: 'a', mine: true })
  })
})

describe('check and claim', () => {
  it('agree on 1,500 random pairs', async () => {
    const skeinYml = 'repo: test/pairs\nlimits: {files: 100000, ratio: 1}\n'
    const cwd = makeRepo(suite, { skeinYml, files: ['README.md'] })
    const { differences, refused } = await comparePairs(client, { cwd, pairs: 1_500, seed: 1 })
    assert.deepEqual(differences, [])
    assert.ok(refused > 150 && refused < 1_350, `${String(refused)} of 1,500 were refused`)
  })
})

describe('excluded', () => {
  it('are repositories by id and by folder', async (t) => {
    const [byId, byFolder, free] = ['by-id', 'by-folder', 'free'].map((name) =>
      makeRepo(t, { skeinYml: `repo: test/${name}\n` }),
    )
    const home = path.join(makeFolder(t), 'h')
    mkdirSync(home, { mode: 0o700 })
    writeIn(
      home,
      'config.yml',
      `exclude: [test/by-id, ${path.dirname(byFolder ?? '')}/${path.basename(byFolder ?? '')}]\n`,
    )
    const other = await startDaemon(t, { home })
    for (const cwd of [byId, byFolder]) {
      const { error } = await other.client.call('claim', {
        agent: 'a',
        cwd,
        scopes: [file('x.ts')],
      })
      assert.deepEqual([error?.code, error?.exit], ['REPO_NOT_ENROLLED', 5], cwd)
    }
    await other.client.must('claim', { agent: 'a', cwd: free, scopes: [file('x.ts')] })
  })
})
