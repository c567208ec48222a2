import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  asAssignmentId,
  asClaimId,
  asInvitationId,
  asPeerId,
  asQueueId,
  asRepoId,
  asRequestedId,
  asRequestId,
  NO_POLICY,
  type Policy,
  type PolicySource,
  type Scope,
} from '../../../../protocol/index.ts'
import type { Command } from '../../../../daemon/core/claims/command.ts'
import { decodePacket, encodePacket, type Packet } from '../../../../daemon/mesh/packets.ts'
import { workOrder } from '../../../helpers/work-order.ts'
import { claimOf, partyOf } from '../../../sim/engine-script.ts'

const PEER = asPeerId('a')
const PARTY = partyOf('alice', 'a')
const CLAIM = asClaimId('clm_1')
const REQUESTED = asRequestedId('req_1')
const INVITATION = asInvitationId('inv_1')
const REPO = asRepoId('team/proj')
const STAMP = { wallMs: 1, boot: 'b', uptimeMs: 2 }
const SCOPE: Scope = { kind: 'file', pattern: 'src/**', symbols: [], mode: 'exclusive' }
const HAND: PolicySource = { kind: 'hand', by: 'alice', atMs: 5 }
const POLICY: Policy = {
  areas: [
    { kind: 'area', name: 'auth', paths: ['src/auth/**'], owners: ['bob'], severity: 'hard' },
    { kind: 'module', name: '', paths: ['any/**'], owners: [], severity: 'soft' },
  ],
  shared: ['locale/**'],
  protected: ['gen/**'],
  hotspots: { promoteAt: 3, subtreeAt: 0, windowDays: 30, demoteDays: 0 },
}

/** One of each kind that there is: a kind without one does not compile. */
const COMMANDS: { readonly [Kind in Command['kind']]: Extract<Command, { kind: Kind }> } = {
  claim: claimOf(PARTY, 'src/**', 60),
  cancel: { kind: 'cancel', party: PARTY, ids: [asQueueId('que_1')] },
  'end-waits': { kind: 'end-waits', ids: [asQueueId('que_1')], reason: 'expired' },
  ask: {
    ...{ kind: 'ask', party: PARTY, claim: CLAIM, reason: 'please', urgency: 'high' },
    ...{ wanted: 'src/a.ts', answerSeconds: 60, waitSeconds: 0 },
  },
  respond: {
    ...{ kind: 'respond', party: PARTY, id: REQUESTED, note: '', stamp: STAMP },
    answer: { decision: 'narrowed', parts: [{ pattern: 'src/a.ts', symbols: null }] },
  },
  release: { kind: 'release', party: PARTY, force: null, target: { by: 'ids', ids: [CLAIM] } },
  end: { kind: 'end', ids: [CLAIM], reason: 'idle' },
  renew: { kind: 'renew', party: PARTY, ids: [], ttlSeconds: null, stamp: STAMP },
  narrow: { kind: 'narrow', party: PARTY, id: CLAIM, parts: [{ pattern: 'a.ts', symbols: null }] },
  rename: { kind: 'rename', party: PARTY, id: CLAIM, renamed: [{ from: 'old', to: 'new' }] },
  complete: { kind: 'complete', party: PARTY, task: 'T1', trunk: 'main', note: '' },
  'expire-tasks': {
    ...{ kind: 'expire-tasks', party: PARTY, note: '' },
    target: { by: 'task', task: 'T1' },
  },
  'branch-gone': { kind: 'branch-gone', ids: [CLAIM], branch: 'topic' },
  verify: { kind: 'verify', party: PARTY, ids: [CLAIM], fences: { clm_1: 7 } },
  settle: {
    ...{ kind: 'settle', peer: PEER, ended: [] },
    claims: [
      {
        ...{ id: CLAIM, rid: null, party: PARTY, scope: SCOPE, description: '', narrowable: true },
        ...{ ttlSeconds: 60, stamp: STAMP, lamport: 1, n: 1, base: null },
      },
    ],
  },
  'set-policy': { kind: 'set-policy', policy: POLICY, source: HAND },
  'answer-approval': {
    ...{ kind: 'answer-approval', party: PARTY, id: REQUESTED },
    ...{ state: 'approved', note: '', seconds: 60 },
  },
  promote: { kind: 'promote', party: PARTY, pattern: 'src/**', isPinned: true },
  demote: { kind: 'demote', party: PARTY, pattern: 'src/**' },
  assign: {
    ...{ kind: 'assign', party: PARTY, worker: { peer: PEER, machine: 'ada' }, again: false },
    order: workOrder('T1'),
    proposal: null,
    ...{ terms: claimOf(PARTY, 'a.ts').terms, stamp: STAMP, key: null },
  },
  'move-assignment': {
    ...{ kind: 'move-assignment', id: asAssignmentId('asg_1'), to: 'failed' },
    facts: { reason: 'exit', note: '', exit: { code: 1, signal: null }, wip: 'wip_1' },
  },
  'stop-assignment': {
    ...{ kind: 'stop-assignment', party: PARTY, id: asAssignmentId('asg_1') },
    ...{ note: '', lost: false },
  },
  'answer-assignment': {
    ...{ kind: 'answer-assignment', party: PARTY, id: asAssignmentId('asg_1'), note: 'yes' },
  },
  'judge-assignment': {
    ...{ kind: 'judge-assignment', id: asAssignmentId('asg_1') },
    verdict: {
      ...{ kind: 'review', outcome: 'fail', commit: 'a'.repeat(40), by: 'ann', machine: 'ada' },
      ...{ from: asAssignmentId('asg_2'), note: '' },
    },
  },
  'land-assignment': {
    ...{ kind: 'land-assignment', id: asAssignmentId('asg_1'), fence: 7 },
    landing: {
      ...{ state: 'landed', target: 'main', head: 'a'.repeat(40), base: 'b'.repeat(40) },
      ...{ commit: 'c'.repeat(40), reason: null, note: '', by: 'ada' },
      pull: { number: 4, url: 'https://forge.example.org/pulls/4' },
    },
  },
  propose: {
    kind: 'propose',
    proposals: [
      {
        ...{ id: asAssignmentId('asg_3'), order: workOrder('T2'), peer: PEER, machine: 'ada' },
        ...{ rationale: 'free', by: 'ann' },
      },
    ],
  },
  member: { kind: 'member', peer: PEER, machine: 'ada', addresses: [], version: 3 },
  invite: {
    ...{ kind: 'invite', id: INVITATION, key: PEER },
    ...{ role: 'learner', lifeSeconds: 60, by: 'ada' },
  },
  uninvite: { kind: 'uninvite', ids: [INVITATION] },
  join: {
    ...{ kind: 'join', invitation: INVITATION, peer: PEER, machine: 'ada' },
    ...{ addresses: [], version: 3, signature: '' },
  },
  role: { kind: 'role', peer: PEER, role: 'voter' },
  'remove-member': { kind: 'remove-member', peer: PEER, reason: 'left', by: 'ada' },
  enrol: { kind: 'enrol', repo: REPO, peer: PEER, roots: [], generation: 1, genesis: 'ff' },
  attach: { kind: 'attach', repo: REPO, peer: PEER },
}

function packetOf(command: Command): Packet {
  const request = { rid: asRequestId('a.1.1'), command, entropy: new Uint8Array(16) }
  return {
    ...{ kind: 'ledger', ledger: 'proj' },
    message: { kind: 'request', term: 1, request },
  }
}

function problemOf(command: Command): string | null {
  const read = decodePacket(encodePacket(packetOf(command)), PEER)
  return 'problem' in read ? read.problem : null
}

describe('a command on its way to the leader', () => {
  for (const command of Object.values(COMMANDS)) {
    it(`arrives as it was sent: ${command.kind}`, () => {
      const packet = packetOf(command)
      assert.deepEqual(decodePacket(encodePacket(packet), PEER), { packet })
    })
  }

  it('is refused where it is in the name of another machine', () => {
    const party = partyOf('bob', 'b')
    const command = { kind: 'promote', party, pattern: 'src/**', isPinned: true } as const
    assert.equal(problemOf(command), 'speaks for another machine')
  })
})

describe('a policy on its way to the leader', () => {
  const set = (policy: object, source: object = HAND): string | null =>
    problemOf({ ...COMMANDS['set-policy'], policy, source } as Command)

  it('arrives also where the leader will say that it is too much', () => {
    const many = Array.from({ length: 1_001 }, (_, at) => `src/${String(at)}.ts`)
    assert.equal(set({ ...NO_POLICY, shared: many }), null)
    assert.equal(set({ ...NO_POLICY, protected: ['src/[a'] }), null)
  })

  it('is refused field by field where it is none', () => {
    const area = { kind: 'area', name: 'x', paths: ['src/**'], owners: [], severity: 'hard' }
    const { hotspots } = NO_POLICY
    for (const wrong of [
      { areas: [{ ...area, severity: 'firm' }] },
      { areas: [{ ...area, paths: 'src/**' }] },
      { areas: [{ ...area, owners: [7] }] },
      { shared: ['x'.repeat(3_000)] },
      { protected: null },
      { hotspots: { ...hotspots, promoteAt: -1 } },
      { hotspots: { ...hotspots, windowDays: 0 } },
    ])
      assert.notEqual(set({ ...NO_POLICY, ...wrong }), null, JSON.stringify(wrong).slice(0, 80))
    assert.notEqual(set(NO_POLICY, { kind: 'file', commit: 'x', atMs: Number.NaN }), null)
    assert.notEqual(set(NO_POLICY, { kind: 'rumour', atMs: 1 }), null)
  })
})
