// Claims on symbols as agents make them: at every door, in files of every sort, through a death of the daemon or the parser.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DOORS, type Agent, type Asking, type SymbolsByFile } from '../helpers/agents.ts'
import type { ApiClient, ClaimJson } from '../helpers/api.ts'
import { createClient } from '../helpers/api.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import { readDaemonLog, startDaemon, type Daemon } from '../helpers/daemon.ts'
import { until } from '../helpers/poll.ts'
import { addWorktree, git, makeRepo, writeIn } from '../helpers/repo.ts'

const REPO = 'test/shop'
const SHIM = fileURLToPath(new URL('../helpers/worker-shim.mjs', import.meta.url))
const ROUTER = `export class Router {
  handleA(): number {
    return 1
  }

  handleB(): number {
    return 2
  }
}

export function start(): Router {
  return new Router()
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

const suite = createCleaner()
let daemon: Daemon
let root: string

/** A repository whose scenes each have a folder of their own with the same files. */
function makeScenes(count: number): string {
  const made = makeRepo(suite)
  for (let at = 0; at < count; at++) {
    writeIn(made, `s${String(at)}/router.ts`, ROUTER)
    writeIn(made, `s${String(at)}/outer.py`, OUTER)
  }
  git(made, 'add', '--all')
  git(made, 'commit', '--quiet', '--message', 'scenes')
  return made
}

before(async () => {
  root = makeScenes(40)
  daemon = await startDaemon(suite)
  await daemon.client.must('check', { cwd: root, scopes: [{ kind: 'file', pattern: 'README.md' }] })
})

after(() => suite.run())

async function granted(agent: Agent, patterns: string[], asking: Asking = {}): Promise<ClaimJson> {
  const { result, code } = await agent.claim(patterns, asking).told
  const [claim] = result?.claims ?? []
  assert.ok(result?.status === 'granted' && claim !== undefined, `${agent.name}: ${String(code)}`)
  return claim
}

/** Whom a claim that has to be refused meets. */
async function refused(
  agent: Agent,
  patterns: string[],
  symbols?: SymbolsByFile,
): Promise<{ claim: string; shared: unknown }[]> {
  const asking = symbols === undefined ? {} : { symbols }
  const { exit, result } = await agent.claim(patterns, asking).told
  assert.equal(exit, 1)
  assert.equal(result?.status, 'refused')
  assert.deepEqual(result.claims, [])
  return result.conflicts.map(({ claim, symbol_overlap: shared }) => ({ claim: claim.id, shared }))
}

async function liveClaim(id: string): Promise<ClaimJson> {
  const { claims } = await daemon.client.must('claims', { repo: REPO })
  const claim = claims.find((each) => each.id === id)
  assert.ok(claim !== undefined, `${id} lives`)
  return claim
}

let scenes = 0

for (const door of DOORS) {
  describe(`symbols at ${door.name}`, () => {
    let alice: Agent
    let bob: Agent
    let carol: Agent
    let router: string
    let outer: string

    before(async () => {
      const where = { home: daemon.home, cwd: root }
      const enter = (name: string): Promise<Agent> => door.enter(suite, where, name)
      ;[alice, bob, carol] = await Promise.all([enter('alice'), enter('bob'), enter('carol')])
    })

    beforeEach(() => {
      const folder = `s${String(scenes++)}`
      router = `${folder}/router.ts`
      outer = `${folder}/outer.py`
    })

    afterEach(async () => {
      for (const { session } of [alice, bob, carol])
        await daemon.client.must('release', { repo: REPO, session, this_session: true })
    })

    it('of one file stand beside each other, and each lists the other', async () => {
      const a = await granted(alice, [], { symbols: { [router]: ['Router::handleA'] } })
      assert.deepEqual([a.kind, a.pattern, a.symbols], ['symbol', router, ['Router::handleA']])
      const { result } = await bob.claim([], { symbols: { [router]: ['Router::handleB'] } }).told
      const [b] = result?.claims ?? []
      assert.ok(b !== undefined)
      assert.deepEqual(b.coexists_with, [a.id])
      assert.deepEqual((await liveClaim(a.id)).coexists_with, [b.id])
      const beside = { claim: a.id, agent: 'alice', pattern: router, symbols: ['Router::handleA'] }
      assert.deepEqual(result?.beside, [{ ...beside, narrowed: false }])
      assert.deepEqual((await alice.inbox()).result?.narrowed, [])
    })

    it('that are the same, or lie in each other, collide with their names', async () => {
      const a = await granted(alice, [], { symbols: { [router]: ['Router::handleA'] } })
      for (const name of ['Router', 'Router::handleA']) {
        const met = await refused(bob, [], { [`./${router}`]: [name, 'start'] })
        assert.deepEqual(met, [{ claim: a.id, shared: [{ file: router, symbols: [name] }] }])
      }
      assert.deepEqual(await refused(bob, [router]), [{ claim: a.id, shared: [] }])
      await granted(alice, [], { symbols: { [outer]: ['Outer::Inner'] } })
      await refused(bob, [], { [outer]: ['Outer::Inner::m'] })
      await granted(bob, [], { symbols: { [outer]: ['Outer::Other::m'] } })
    })

    it('narrow a claim on the whole file, and its holder is told', async () => {
      const whole = await granted(alice, [router])
      const { result } = await bob.claim([], { symbols: { [router]: ['start'] } }).told
      const [part] = result?.claims ?? []
      assert.ok(part !== undefined)
      assert.deepEqual(
        result?.beside.map(({ claim, narrowed }) => [claim, narrowed]),
        [[whole.id, true]],
      )
      const except = [{ claim: part.id, agent: 'bob', pattern: router, symbols: ['start'] }]
      const now = await liveClaim(whole.id)
      assert.deepEqual([now.narrowed_by, now.except], [[part.id], except])
      assert.deepEqual([now.pattern, now.fence], [whole.pattern, whole.fence])
      const inbox = (await alice.inbox()).result
      assert.deepEqual(
        inbox?.narrowed.map(({ claim, by }) => [claim, by.map(({ id }) => id)]),
        [[whole.id, [part.id]]],
      )
      const verified = (await alice.verify()).result
      assert.deepEqual(verified?.claims, [{ id: whole.id, fence: whole.fence, live: true, except }])
      const { repos } = await daemon.client.must('status', {})
      assert.equal(repos[0]?.narrowed, 1)
      const story = (await alice.why(`${router}:start`)).result
      assert.deepEqual(new Set(story?.holders.map(({ id }) => id)), new Set([whole.id, part.id]))
      assert.match(
        story?.summary.join('\n') ?? '',
        /bob was granted .*: start .* out of .* of alice/,
      )
      const other = (await alice.why(`${router}:Router`)).result
      assert.deepEqual(
        other?.holders.map(({ id }) => id),
        [whole.id],
      )
      // Beyond the named symbol nothing is open.
      assert.deepEqual(await refused(bob, [router]), [{ claim: whole.id, shared: [] }])
      await bob.release(part.id)
      assert.deepEqual((await liveClaim(whole.id)).except, [])
    })

    it('of a file that is not to be narrowed are refused', async () => {
      const whole = await granted(alice, [router], { narrowable: false })
      const met = await refused(bob, [], { [router]: ['start'] })
      assert.deepEqual(met, [{ claim: whole.id, shared: [{ file: router, symbols: ['start'] }] }])
    })

    it('that no file declares are refused with the nearest ones', async () => {
      const told = await bob.claim([], { symbols: { [router]: ['Router::handelA', 'strat'] } }).told
      assert.deepEqual([told.exit, told.code], [64, 'SYMBOL_UNKNOWN'])
      const { unknown, language } = told.data as {
        unknown: { symbol: string; nearest: string[] }[]
        language: string
      }
      assert.equal(language, 'typescript')
      assert.deepEqual(
        unknown.map(({ symbol, nearest }) => [symbol, nearest[0]]),
        [
          ['Router::handelA', 'Router::handleA'],
          ['strat', 'start'],
        ],
      )
      const claims = (await daemon.client.must('claims', { repo: REPO, of_agent: 'bob' })).claims
      assert.deepEqual(claims, [])
    })

    it('can be waited for', async () => {
      const a = await granted(alice, [], { symbols: { [router]: ['Router'] } })
      await granted(carol, [], { symbols: { [router]: ['start'] } })
      const asking = { symbols: { [router]: ['Router::handleA'] }, wait: 20 }
      const call = bob.claim([], asking)
      await until('bob waits', async () => {
        const { entries } = await daemon.client.must('queue', { repo: REPO })
        const [entry] = entries
        return entry?.scopes[0]?.symbols[0] === 'Router::handleA'
      })
      await alice.release(a.id)
      const { result } = await call.told
      assert.equal(result?.status, 'granted')
      assert.deepEqual(result.claims[0]?.symbols, ['Router::handleA'])
    })

    it('can be let in beside the holder, and be all that the holder keeps', async () => {
      const whole = await granted(alice, [router], { narrowable: false })
      const first = (await bob.request(whole.id, `${router}:Router::handleA`)).result?.request
      assert.equal(first?.scope, `${router}:Router::handleA`)
      const shared = await alice.respond(first.id, 'coexist', { [router]: ['Router::handleA'] })
      const [part = ''] = shared.result?.request.granted ?? []
      const mine = await liveClaim(part)
      assert.deepEqual(
        [mine.agent, mine.kind, mine.symbols],
        ['bob', 'symbol', ['Router::handleA']],
      )
      const now = await liveClaim(whole.id)
      assert.deepEqual([now.narrowed_by, now.except[0]?.symbols], [[part], ['Router::handleA']])

      const second = (await carol.request(whole.id, null)).result?.request
      assert.ok(second !== undefined)
      const answer = await alice.respond(second.id, 'narrow', { [router]: ['Router'] })
      assert.equal(answer.result?.request.decision, 'narrowed')
      const less = await liveClaim(whole.id)
      assert.deepEqual([less.kind, less.symbols, less.fence], ['symbol', ['Router'], whole.fence])
      assert.deepEqual(less.narrowed_by, [part])
      await granted(carol, [], { symbols: { [router]: ['start'] } })
    })

    it('are what a narrowing may leave', async () => {
      const whole = await granted(alice, [router])
      const { result } = await alice.narrow(whole.id, { [router]: ['Router::handleA', 'start'] })
      const [less] = result?.claims ?? []
      assert.deepEqual([less?.id, less?.symbols], [whole.id, ['Router::handleA', 'start']])
      const wider = await alice.narrow(whole.id, { [router]: ['Router'] })
      assert.equal(wider.code, 'CLAIM_NOT_NARROWER')
      const again = await alice.narrow(whole.id, { [router]: ['start'] })
      assert.deepEqual(again.result?.claims[0]?.symbols, ['start'])
      await granted(bob, [], { symbols: { [router]: ['Router'] } })
    })
  })
}

const asks = (pattern: string, ...symbols: string[]) => ({ kind: 'symbol', pattern, symbols })

describe('symbols in files of every sort', () => {
  let client: ApiClient
  const EVA = { agent: 'eva', session: 'eva' }

  before(() => {
    client = daemon.client
    const text = 'export class Grüße { straße(): void {} }\n'
    writeIn(root, 'odd/broken.ts', `${ROUTER}\nexport class Half { m( {{{ "\n`)
    writeIn(root, 'odd/latin.py', '')
    writeIn(root, 'odd/large.ts', `${ROUTER}//${'x'.repeat(1_048_576)}`)
    writeIn(root, 'odd/nearly.ts', `${ROUTER}//${'x'.repeat(1_048_576 - ROUTER.length - 2)}`)
    writeIn(root, 'odd/main.zig', 'fn main() {}\n')
    writeIn(root, 'odd/empty.ts', '')
    writeBytes('odd/utf16.ts', Buffer.from(`\ufeff${text}`, 'utf16le'))
    writeBytes('odd/latin.py', Buffer.from('# gr\u00fc\u00dfe\ndef f():\n    return 1\n', 'latin1'))
    writeBytes('odd/binary.ts', Buffer.from([0x61, 0, 0x62, 0xff]))
    git(root, 'add', 'odd')
  })

  afterEach(async () => {
    await client.must('release', { repo: REPO, ...EVA, this_session: true })
  })

  function writeBytes(file: string, bytes: Buffer): void {
    writeFileSync(path.join(root, file), bytes)
  }

  async function take(...scopes: object[]): Promise<string[]> {
    const { status, warnings } = await client.must('claim', { cwd: root, ...EVA, scopes })
    assert.equal(status, 'granted')
    return [...warnings]
  }

  async function codeOf(...scopes: object[]): Promise<string> {
    const { code, message } = await client.fails('claim', { cwd: root, ...EVA, scopes })
    return `${code} ${message}`
  }

  it('are found in text of any encoding, and beside what does not parse', async () => {
    assert.deepEqual(await take(asks('odd/utf16.ts', 'Grüße::straße')), [])
    assert.deepEqual(await take(asks('odd/latin.py', 'f')), [])
    assert.deepEqual(await take(asks('odd/broken.ts', 'Router::handleA')), [])
    assert.deepEqual(await take(asks('odd/nearly.ts', 'start')), [])
    assert.match(
      await codeOf(asks('odd/broken.ts', 'Nowhere')),
      /^SYMBOL_UNKNOWN odd\/broken\.ts .*syntax errors/,
    )
  })

  it('are told apart from what cannot be looked into', async () => {
    assert.match(await codeOf(asks('odd/large.ts', 'start')), /^SYMBOL_UNREADABLE .*1048576 bytes/)
    assert.match(await codeOf(asks('odd/binary.ts', 'a')), /^SYMBOL_UNREADABLE .*binary/)
    assert.match(await codeOf(asks('odd/main.zig', 'main')), /^SYMBOL_UNSUPPORTED .*\.zig/)
    assert.match(await codeOf(asks('odd/empty.ts', 'a')), /^SYMBOL_UNKNOWN .*declares nothing/)
    assert.match(await codeOf(asks('odd/router.ts', 'A::::b')), /^INPUT_PATTERN /)
  })

  it('are looked up in every file that a glob covers', async () => {
    assert.deepEqual(await take(asks('s1/*', 'Router::handleA', 'Outer::Inner')), [])
    assert.match(
      await codeOf(asks('s1/*', 'Router::handelA')),
      /^SYMBOL_UNKNOWN .*`Router::handleA`/,
    )
    assert.match(await codeOf(asks('odd/*.zig', 'main')), /^SYMBOL_UNSUPPORTED /)
    const warnings = await take(asks('s1/none/*.ts', 'Later'))
    assert.match(warnings.join(), /covers no tracked file yet/)
  })

  it('are looked up only once the claim is known to cover few enough files', async () => {
    const files = Array.from({ length: 120 }, (_, at) => `wide/f${String(at)}.ts`)
    const cwd = makeRepo(suite, { files, skeinYml: 'repo: test/wide\n' })
    const input = { cwd, agent: 'will', session: 'will', scopes: [asks('wide/*.ts', 'Nowhere')] }
    for (const name of ['claim', 'check'] as const)
      assert.equal((await client.call(name, input)).error?.code, 'INPUT_TOO_WIDE')
  })

  it('of a file that is not there yet are taken as they are named', async () => {
    const warnings = await take(asks('odd/new.ts', 'Later::m'))
    assert.match(warnings.join(), /does not exist yet: its symbols are taken as named/)
    const { conflicts } = await client.must('claim', {
      cwd: root,
      agent: 'finn',
      session: 'finn',
      scopes: [asks('odd/new.ts', 'Later')],
    })
    assert.equal(conflicts.length, 1)
  })

  it('are one scope a file, and are not looked up again by whoever holds them', async () => {
    writeIn(root, 's2/router.ts', ROUTER)
    const scopes = [asks('s2/router.ts', 'start'), asks('s2/router.ts', 'Router::handleA', 'start')]
    const { claims } = await client.must('claim', { cwd: root, ...EVA, scopes })
    assert.deepEqual(
      claims.map(({ symbols }) => symbols),
      [['start', 'Router::handleA']],
    )
    const keyed = {
      cwd: root,
      ...EVA,
      scopes: [asks('s2/router.ts', 'Router')],
      idempotency_key: 'k',
    }
    const first = await client.must('claim', keyed)
    // Its own edit renames what it holds.
    writeIn(root, 's2/router.ts', 'export const nothing = 1\n')
    const again = await client.must('claim', { cwd: root, ...EVA, scopes: [scopes[0]] })
    assert.equal(again.status, 'granted')
    assert.equal((await client.must('claim', keyed)).claims[0]?.id, first.claims[0]?.id)
    assert.match(await codeOf(asks('s2/router.ts', 'other')), /^SYMBOL_UNKNOWN /)
  })

  it('belong to files alone, and there are not more of them than a record takes', async () => {
    const resource = { ...asks('port', 'a'), kind: 'resource' }
    assert.match(await codeOf(resource), /^INPUT_SCHEMA /)
    const long = Array.from({ length: 70 }, (_, at) => `${'x'.repeat(1_000)}${String(at)}`)
    assert.match(await codeOf(asks('s1/router.ts', ...long)), /^INPUT_SIZE /)
    assert.deepEqual(await take({ kind: 'file', pattern: 's3/router.ts', symbols: ['start'] }), [])
  })
})

describe('symbols of a caller', () => {
  it('are looked up in its own checkout, and taken as named where that is not known', async () => {
    const tree = addWorktree(suite, root, 'feature')
    writeIn(tree, 's4/router.ts', 'export class OnlyHere {}\n')
    const claim = (input: object) => daemon.client.call('claim', input)
    const scopes = [asks('s4/router.ts', 'OnlyHere')]
    const there = { agent: 'tom', session: 'tom', scopes }
    const wrong = await claim({ ...there, cwd: root })
    assert.equal(wrong.error?.code, 'SYMBOL_UNKNOWN')
    assert.equal((await claim({ ...there, cwd: tree })).result?.status, 'granted')
    await daemon.client.must('release', { repo: REPO, session: 'tom', this_session: true })

    const tcp = await daemon.tcp()
    const remote = createClient({ port: tcp.port, token: tcp.token })
    try {
      const known = await remote.must('claim', { ...there, repo: REPO })
      assert.deepEqual(known.warnings, [], 'the checkout that the session used last')
      const stranger = { agent: 'una', session: 'una', repo: REPO }
      const named = [asks('s5/router.ts', 'Nowhere')]
      const told = await remote.must('claim', { ...stranger, scopes: named })
      assert.match(told.warnings.join(), /symbols are taken as named/)
    } finally {
      remote.close()
    }
  })
})

describe('a caller that goes away while its files are parsed', () => {
  it('is no fault of the daemon', async () => {
    const made = makeScenes(1)
    const own = await startDaemon(suite)
    const body = { cwd: made, agent: 'alice', session: 'alice' }
    await own.client.must('check', { ...body, scopes: [{ kind: 'file', pattern: 'README.md' }] })
    const input = { ...body, scopes: [asks('s0/router.ts', 'start')] }
    const socket = net.connect(own.socket)
    const text = JSON.stringify(input)
    const head = `POST /v1/claim HTTP/1.1\r\nHost: skein\r\nContent-Length: ${String(text.length)}`
    socket.write(`${head}\r\n\r\n${text}`)
    // The first look at a symbol starts the thread: the daemon has the call, and no answer yet.
    await until('the thread has started', () =>
      /parser thread started/.test(readDaemonLog(own.home)),
    )
    socket.destroy()
    // Behind it in the thread: then the first call is over.
    await own.client.must('check', { ...input, scopes: [asks('s0/outer.py', 'Outer')] })
    assert.doesNotMatch(readDaemonLog(own.home), /this is a bug/)
  })
})

describe('a daemon that dies', () => {
  it('has every claim on symbols again, with its partners', async () => {
    const made = makeScenes(1)
    const first = await startDaemon(suite)
    const claim = (session: string, scope: object) =>
      first.client.must('claim', { cwd: made, agent: session, session, scopes: [scope] })
    await claim('alice', { kind: 'file', pattern: 's0/**' })
    await claim('bob', asks('s0/router.ts', 'Router::handleA'))
    await claim('carol', asks('s0/router.ts', 'Router::handleB', 'start'))
    const wanted = [asks('s0/router.ts', 'start')]
    const queued = { cwd: made, agent: 'dora', session: 'dora', wait_s: 600, scopes: wanted }
    // Its answer dies with the daemon.
    const waiting = first.client.call('claim', queued).catch(() => null)
    await until('dora waits', async () => {
      return (await first.client.must('queue', { repo: REPO })).entries.length === 1
    })
    const shown = async (client: ApiClient) => {
      const { claims } = await client.must('claims', { repo: REPO })
      const { entries } = await client.must('queue', { repo: REPO })
      return {
        claims: claims.map((live) => ({ ...live, last_activity: '' })),
        scopes: entries.map(({ id, scopes }) => ({ id, scopes })),
      }
    }
    const held = await shown(first.client)
    assert.equal(held.claims.find(({ agent }) => agent === 'alice')?.except.length, 2)
    await first.kill()
    await waiting
    const second = await startDaemon(suite, { home: first.home })
    assert.deepEqual(await shown(second.client), held)
  })
})

describe('a parser that dies', () => {
  it('costs its caller the call, and starts again', async () => {
    const made = makeScenes(1)
    const { client } = await startDaemon(suite, { preload: [SHIM] })
    const input = {
      cwd: made,
      agent: 'alice',
      session: 'alice',
      scopes: [asks('s0/router.ts', 'start')],
    }
    const told = await client.call('claim', input)
    assert.deepEqual([told.status, told.error?.code], [503, 'SYMBOL_PARSER'])
    assert.deepEqual((await client.must('claims', { repo: REPO })).claims, [])
    assert.equal((await client.must('claim', input)).status, 'granted')
  })
})
