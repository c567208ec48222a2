import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  asClaimId,
  asPeerId,
  asRepoId,
  asSessionId,
  emptyState,
  encodeRecord,
  foldRecord,
  tellEvent,
  type AuditEventInput,
  type Party,
  type ProvisionalClaim,
  type RecordBody,
} from '../../../protocol/index.ts'
import type { HostMachine } from '../../../daemon/host-machine.ts'
import { Keeper } from '../../../daemon/keeper.ts'
import type { Loop } from '../../../daemon/loop.ts'
import type { AuditPort, LedgerStore } from '../../../daemon/ports.ts'
import { eventsOf } from '../../../daemon/record-events.ts'
import type { WaitingRoom } from '../../../daemon/waiting.ts'

const stamp = { wallMs: 0, boot: 'b', uptimeMs: 0 }

function partyOf(agent: string): Party {
  const session = asSessionId(agent)
  return { agent, agentGiven: true, session, peer: asPeerId(agent), machine: agent, branch: null }
}

function provisional(id: string, agent: string): ProvisionalClaim {
  return {
    id: asClaimId(id),
    rid: null,
    party: partyOf(agent),
    scope: { kind: 'file', pattern: 'src/a.ts', symbols: [], mode: 'exclusive' },
    description: '',
    narrowable: false,
    ttlSeconds: 60,
    stamp,
    lamport: 1,
    n: 1,
    base: null,
  }
}

describe('the events of settled claims', () => {
  const state = emptyState()
  const fold = (index: number, body: RecordBody) => {
    const parent = { term: 1, index: index - 1, hash: '0'.repeat(32) }
    const record = encodeRecord({ generation: 1, term: 1, index, parent, atMs: index, body })
    return foldRecord(state, record).map((change) => ({ record, change }))
  }
  const won = provisional('clm_1', 'ada')
  const { id, party, scope, description, narrowable, ttlSeconds } = won
  const claim = { ...scope, id, description, narrowable, ttlSeconds, stamp, coexistsWith: [] }
  const granted = fold(1, {
    ...{ kind: 'grant', rid: null, party, claims: [claim], narrows: [], key: null, from: null },
    provisional: { rid: null },
  })
  const lost = [provisional('clm_2', 'bob'), { ...provisional('clm_3', 'bob'), n: 2 }]
  const settled = fold(2, {
    kind: 'reconcile',
    rids: [],
    outcomes: [
      { kind: 'promoted', id, peer: party.peer, lamport: 1, n: 1 },
      ...lost.map((claim) => ({
        ...{ kind: 'rejected' as const, id: claim.id, peer: claim.party.peer, claim },
        ...{ lamport: claim.lamport, n: claim.n, conflicts: [id] },
      })),
    ],
  })
  const events = eventsOf(asRepoId('owner/name'), [...granted, ...settled], String)

  it('tell each winner and each loser once, under ids of their own', () => {
    assert.deepEqual(
      events.map(({ kind, actor, data }) => [kind, actor, data['claim'], data['was']]),
      [
        ['claim.granted', 'ada', 'clm_1', 'provisional'],
        ['claim.superseded', 'bob', 'clm_2', 'provisional'],
        ['claim.superseded', 'bob', 'clm_3', 'provisional'],
      ],
    )
    assert.equal(new Set(events.map((event) => event.id)).size, 3)
  })

  it('are told in words, with whom the loser lost to', () => {
    const told = events.map((event) => tellEvent({ ...event, prev: '', hash: '' }))
    assert.match(told[0] ?? '', /ada got its provisional claim confirmed: src\/a\.ts/)
    assert.match(told[1] ?? '', /bob lost its provisional claim of src\/a\.ts \(clm_2\): ada holds/)
  })

  it('tell of a loss where its record never came, and not a second time where it did', () => {
    const told: AuditEventInput[] = []
    const audit = { append: (event: AuditEventInput) => told.push(event) }
    const machine = {
      clock: { wall: () => 7 },
      random: (count: number) => new Uint8Array(count),
      machineOf: String,
    }
    const place = { name: asRepoId('owner/name'), folder: 'owner%2Fname' }
    const keeper = new Keeper(
      machine as unknown as HostMachine,
      place,
      audit as unknown as AuditPort,
      {} as unknown as LedgerStore,
      { note: () => undefined } as unknown as WaitingRoom,
    )
    keeper.loop = { view: () => ({ state }) } as unknown as Loop
    const [seen, unseen] = [lost[0], provisional('clm_4', 'bob')]
    assert.ok(seen !== undefined)
    keeper.onChanges(settled, false)
    keeper.onSettled([seen, unseen].map((one) => ({ kind: 'rejected', claim: one, conflicts: [] })))
    assert.deepEqual(
      told.map(({ kind, data }) => [kind, data['claim']]),
      [
        ['claim.superseded', 'clm_2'],
        ['claim.superseded', 'clm_3'],
        ['claim.superseded', 'clm_4'],
      ],
    )
  })

  it('leave a state that remembers what was settled, and survives a checkpoint', () => {
    assert.equal(state.settled.get(asPeerId('bob')), 2)
    assert.equal(state.promoted.size, 0)
    assert.deepEqual(
      state.rejected.map(({ claim: { id: lostId } }) => lostId),
      ['clm_2', 'clm_3'],
    )
  })
})
