// A member that says what no daemon would: it has its keys, its place in the mesh and a copy of the ledger. The others stay up,
// count it, say so in the log, and serve everybody else.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { after, before, describe, it } from 'node:test'
import {
  createYjsDocument,
  encodeRecord,
  formatRequestId,
  type PeerId,
  type RecordBody,
} from '../../protocol/index.ts'
import { startBadMember, type BadMember, type BadMemberOptions } from '../helpers/bad-member.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import { readDaemonLog } from '../helpers/daemon.ts'
import { FILES, REPO, startMesh, type Machine, type TestMesh } from '../helpers/mesh.ts'
import { until } from '../helpers/poll.ts'

const cleaner = createCleaner()
let mesh: TestMesh
/** Leads, and is spoken to. */
let ada: Machine
let bob: Machine
/** Learns; her daemon is gone, and her keys are used by somebody else. */
let eve: Machine
let ledger: string

before(async () => {
  mesh = await startMesh(cleaner, { names: ['ada', 'bob', 'eve'] })
  ada = mesh.machine('ada')
  bob = mesh.machine('bob')
  eve = mesh.machine('eve')
  await eve.stop()
  ledger = await ledgerName()
})
after(() => cleaner.run())

describe('a member that was taken over', () => {
  it('is counted, and logged a few times, when it sends what is no packet', async (t) => {
    const bad = await startBadMember(t, eve, ada)
    const counted = await refusedOf(ada, bad)
    const garbage = [
      new Uint8Array(),
      randomBytes(1_000),
      Buffer.alloc(100_000, 0x91),
      // An array of 4,294,967,295 elements, a map of as many.
      Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]),
      Buffer.from([0xdf, 0xff, 0xff, 0xff, 0xff]),
    ]
    for (const bytes of garbage) await bad.say(bytes)
    const wrong = [
      null,
      7,
      [],
      {},
      { kind: 'greeting' },
      { kind: 'ask', id: 'one', method: 'repo.question' },
      { kind: 'ledger', ledger, message: { kind: 'obey' } },
      { kind: 'ledger', ledger, message: { kind: 'vote', term: -7, head: null } },
      { kind: 'ledger', ledger, message: { kind: 'append', term: 1.5 } },
      { kind: 'ledger', ledger, message: { kind: '__proto__' } },
    ]
    for (const packet of wrong) await bad.tell(packet)
    const sent = garbage.length + wrong.length
    await until('all are counted', async () => (await refusedOf(ada, bad)) === counted + sent)
    for (let i = 0; i < 5_000; i++) await bad.say(Buffer.from('nonsense'))
    await until('a flood is counted', async () => (await refusedOf(ada, bad)) >= counted + 5_000)
    const lines = logOf(ada).filter((line) => line.includes('what is no packet'))
    assert.ok(lines.length >= 1 && lines.length < 20, `${String(lines.length)} lines`)
    await othersAreServed()
  })

  it('is not heard where it speaks for another machine', async (t) => {
    const bad = await startBadMember(t, eve, ada)
    const counted = await refusedOf(ada, bad)
    const { id: held } = await grantTo(bob, 'honest', file(0))
    const peer = await peerOf(bob)
    const party = partyOf(peer, 'honest')
    const release = { kind: 'release', party, force: null, target: { by: 'ids', ids: [held] } }
    await ask(bad, peer, release)
    await ask(bad, bad.peer, release)
    await ask(bad, peer, { kind: 'end', ids: [held], reason: 'idle' })
    const own = {
      kind: 'settle',
      peer,
      claims: [],
      ended: [{ id: held, reason: 'ttl', lamport: 1, n: 1 }],
    }
    await ask(bad, bad.peer, own)
    await until('they are refused', async () => (await refusedOf(ada, bad)) === counted + 4)
    // Well-formed and its own: about claims that are not.
    await ask(bad, bad.peer, { kind: 'end', ids: [held], reason: 'idle' })
    await ask(bad, bad.peer, { ...release, party: partyOf(bad.peer, 'eve') })
    await until('both are answered', () => replies(bad) === 2)
    const { claims } = await ada.must('claims', { repo: REPO })
    assert.deepEqual(
      claims.map(({ id }) => id),
      [held],
    )
    await bob.release('honest', [held])
  })

  it('moves no term by claiming one that it did not win', async (t) => {
    const bad = await startBadMember(t, eve, ada)
    const before = await ada.ledger(REPO)
    const { index, hash } = await headOf(bad)
    const base = { term: before?.term ?? 0, index }
    const voters = [bad.peer]
    for (const term of [base.term + 1, base.term + 1_000, 2 ** 20 - 1, 2 ** 40]) {
      const upto = { term, index: index + 1 }
      const empty = new Uint8Array()
      const append = {
        kind: 'append',
        term,
        update: empty,
        upto,
        commit: null,
        round: 1,
        quiet: true,
      }
      await bad.tellLedger(ledger, append)
      await bad.tellLedger(ledger, { kind: 'pre-vote', term, head: upto, stateVector: empty })
      await bad.tellLedger(ledger, { kind: 'vote', term, head: upto })
      await bad.tellLedger(ledger, { kind: 'commit', term, commit: { ...upto, hash } })
      await bad.tellLedger(ledger, { kind: 'timeout-now', term })
      const granted = { kind: 'vote-response', term, granted: true, promised: term, signature: '' }
      await bad.tellLedger(ledger, granted)
    }
    const votes = [{ voter: bad.peer, signature: 'c2lnbmVk' }]
    const bodies: RecordBody[] = [
      { kind: 'term-start', leader: bad.peer, voters, votes, head: base },
      { kind: 'term-start' } as unknown as RecordBody,
      { kind: 'config', voters },
      { kind: 'config' } as unknown as RecordBody,
      { kind: 'release', rid: null, ids: [], reason: 'idle', by: 'daemon' },
      { kind: 'checkpoint' } as unknown as RecordBody,
    ]
    for (const [at, body] of bodies.entries()) {
      const place = { generation: 1, term: base.term + 1 + at, index: index + 1, atMs: 0 }
      const { bytes } = encodeRecord({ ...place, parent: { ...base, hash }, body })
      const update = createYjsDocument(7 + at).append(place.term, [bytes])
      await bad.tellLedger(ledger, { kind: 'sync-response', update })
    }
    await answered(bad)
    const told = await ada.ledger(REPO)
    assert.deepEqual([told?.leader, told?.term, told?.lag], ['ada', before?.term, 0])
    await othersAreServed()
    assert.equal((await ada.ledger(REPO))?.term, before?.term)
  })

  it('ends nobody by documents and vectors that are none', async (t) => {
    const bad = await startBadMember(t, eve, ada)
    const document = createYjsDocument(99)
    const junk = document.append(1, [Uint8Array.of(1, 2, 3), new Uint8Array(45)])
    const updates = [
      randomBytes(500),
      new Uint8Array(50),
      Buffer.alloc(50, 0xff),
      junk.slice(0, -3),
    ]
    for (const update of [...updates, junk]) {
      await bad.tellLedger(ledger, { kind: 'sync-response', update })
      const upto = { term: 1, index: 1 }
      const append = { kind: 'append', term: 1, update, upto, commit: null, round: 1, quiet: false }
      await bad.tellLedger(ledger, append)
    }
    for (const stateVector of updates) {
      await bad.tellLedger(ledger, {
        kind: 'pre-vote',
        term: 0,
        head: { term: 0, index: 0 },
        stateVector,
      })
      const head = { term: 0, index: 0 }
      const response = {
        kind: 'append-response',
        promised: 1,
        ack: null,
        round: 1,
        head,
        stateVector,
      }
      await bad.tellLedger(ledger, response)
    }
    await answered(bad)
    await othersAreServed()
    await bob.kill()
    await bob.start()
    await othersAreServed()
  })

  it('is answered within bounds when it floods, and when it reads nothing', async (t) => {
    const before = rssOf(ada)
    const flood = await startBadMember(t, eve, ada)
    const sessions = Array.from({ length: 1_000 }, (_, at) => `session-${String(at)}`)
    for (let i = 0; i < 300; i++) {
      await flood.tellLedger(ledger, {
        kind: 'alive',
        id: i,
        sessions: sessions.map((name) => `${name}-${String(i)}`),
      })
      await flood.tell({
        kind: 'ask',
        id: i,
        method: 'repo.question',
        body: { repo: REPO, offer: { commits: [] } },
      })
      await ask(flood, flood.peer, claimOf(flood.peer, file(1)), i)
      if (i % 100 === 0) await othersAreServed()
    }
    await answered(flood)
    await othersAreServed()
    const grown = rssOf(ada) - before
    t.diagnostic(`grown by ${(grown / 1_048_576).toFixed(0)} MiB`)
    assert.ok(grown < 150 * 1_048_576, String(grown))
  })

  it('that reads nothing costs a bounded queue', async (t) => {
    const before = rssOf(ada)
    const deaf = await startBadMember(t, eve, ada, { isReading: false })
    const position = { term: 0, index: 0 }
    const lacking = { kind: 'append-response', promised: 0, ack: null, round: 0, head: position }
    for (let i = 0; i < 5_000; i++) {
      await deaf.tellLedger(ledger, { ...lacking, stateVector: new Uint8Array([0]) })
      await deaf.tellLedger(ledger, { kind: 'seek' })
      await deaf.tell({ kind: 'ask', id: i, method: 'x'.repeat(256), body: null })
    }
    await othersAreServed()
    const { peers } = await ada.must('peers')
    const link = peers.find(({ peer_id: id }) => id === deaf.peer)
    const grown = rssOf(ada) - before
    t.diagnostic(`grown by ${(grown / 1_048_576).toFixed(0)} MiB, ${String(link?.dropped)} dropped`)
    assert.ok(grown < 200 * 1_048_576, String(grown))
  })

  it('of another mesh is not heard, though it has the keys', async (t) => {
    const options: BadMemberOptions = { greets: false }
    const bad = await startBadMember(t, eve, ada, options)
    const hello = {
      kind: 'hello',
      speaks: { min: 1, max: 1 },
      mesh: 'mesh_of_others',
      machine: 'eve',
    }
    await bad.tell({ ...hello, version: '0', ledgerVersion: 2 })
    await bad.tellLedger(ledger, { kind: 'seek' })
    await bad.tell({ kind: 'ask', id: 1, method: 'repo.question', body: {} })
    await until('it is logged', () => logOf(ada).some((line) => line.includes('of another mesh')))
    assert.deepEqual(
      bad.heard.map(({ kind }) => kind).filter((kind) => kind !== 'hello'),
      [],
    )
    await othersAreServed()
  })
})

function file(at: number): string {
  return FILES[at] ?? ''
}

/** Both of the others get and give back what they ask for, at once. */
async function othersAreServed(): Promise<void> {
  for (const machine of [ada, bob]) {
    const { id } = await grantTo(machine, 'bystander', file(9))
    assert.equal((await machine.release('bystander', [id])).error, null)
  }
}

async function grantTo(
  machine: Machine,
  session: string,
  pattern: string,
): Promise<{ id: string }> {
  const { result, error } = await machine.claim(session, [pattern])
  const [claim] = result?.claims ?? []
  assert.ok(claim !== undefined, JSON.stringify(result ?? error))
  return claim
}

async function peerOf(machine: Machine): Promise<PeerId> {
  return (await machine.must('status')).peer_id as PeerId
}

function partyOf(peer: PeerId, session: string): object {
  const where = { machine: 'eve', branch: null }
  return { agent: session, agentGiven: true, session, peer, ...where }
}

function claimOf(peer: PeerId, pattern: string): object {
  const scopes = [{ kind: 'file', pattern, symbols: [], mode: 'exclusive' }]
  const limits = { ttlSeconds: 1, ttlDefaultSeconds: 1, ttlSharedSeconds: 1, claimsPerAgent: 1 }
  const terms = { description: '', narrowable: true, ...limits }
  const stamp = { wallMs: 0, boot: '', uptimeMs: 0 }
  const asked = { terms, stamp, key: null, urgency: 'normal', waitSeconds: 0 }
  return { kind: 'claim', party: partyOf(peer, 'flood'), scopes, ...asked }
}

let sequence = 0

function ask(bad: BadMember, peer: PeerId, command: object, number = ++sequence): Promise<void> {
  const rid = formatRequestId({ peer, incarnation: 1_000, sequence: number })
  const request = { rid, command, entropy: new Uint8Array(16) }
  return bad.tellLedger(ledger, { kind: 'request', request })
}

function replies({ heard }: BadMember): number {
  return heard.filter((packet) => packet.kind === 'ledger' && packet.message.kind === 'reply')
    .length
}

/** Everything that it said before has been taken. */
async function answered(bad: BadMember): Promise<void> {
  const id = 1_000_000 + ++sequence
  await bad.tell({ kind: 'ask', id, method: 'no.such.method', body: null })
  await until('it is answered', () =>
    bad.heard.some((packet) => packet.kind === 'answer' && packet.id === id),
  )
}

/** How often this member was refused, as its target says. */
async function refusedOf(machine: Machine, { peer }: BadMember): Promise<number> {
  const { peers } = await machine.must('peers')
  return peers.find(({ peer_id: id }) => id === peer)?.bad_frames ?? NaN
}

/** What the repository's ledger is called on the wire: its leader tells everybody who has a copy. */
async function ledgerName(): Promise<string> {
  const visit = createCleaner()
  try {
    const { name } = await headOf(await startBadMember(visit, eve, ada))
    return name
  } finally {
    await visit.run()
  }
}

/** The last record that the leader says to have committed. */
async function headOf({
  heard,
}: BadMember): Promise<{ name: string; index: number; hash: string }> {
  return until('the leader makes itself known', () => {
    for (const packet of heard.toReversed()) {
      if (packet.kind !== 'ledger' || !packet.ledger.startsWith(`${REPO}#`)) continue
      const { message } = packet
      if (message.kind !== 'append' && message.kind !== 'commit') continue
      if (message.commit !== null) return { name: packet.ledger, ...message.commit }
    }
    return null
  })
}

function rssOf({ daemon }: Machine): number {
  return 1024 * Number(execFileSync('ps', ['-o', 'rss=', '-p', String(daemon.pid)]).toString())
}

function logOf({ home }: Machine): string[] {
  return readDaemonLog(home).split('\n')
}
