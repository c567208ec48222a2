// What became true, as events for people: one for each change, with an id that every replica makes alike.
import {
  iso,
  isDone,
  makeId,
  type ClaimRequest,
  type CompletedTask,
  type DropReason,
  type EndReason,
  type QueueEntry,
  type AuditEventInput,
  type EventKind,
  type LedgerClaim,
  type LedgerRecord,
  type PeerId,
  type RejectedClaim,
  type RepoId,
} from '../protocol/index.ts'
import type { AppliedChange } from './core/view.ts'
import { isFleetChange, ofFleet, type FleetChange } from './record-events-fleet.ts'
import { isPolicyChange, ofPolicy, type PolicyChange } from './policy/events.ts'

/** Names a machine by its peer id, for people. */
export type MachineNames = (peer: PeerId) => string

export function eventsOf(
  repo: RepoId,
  applied: readonly AppliedChange[],
  machineOf: MachineNames,
): AuditEventInput[] {
  let last: LedgerRecord | null = null
  let place = 0
  return applied.flatMap(({ record, change }): AuditEventInput[] => {
    place = record === last ? place + 1 : 0
    last = record
    const told = describeAll(change, record, machineOf)
    const first = place
    place += Math.max(0, told.length - 1)
    const { term, index } = record
    const at = new Date(record.atMs).toISOString()
    return told.map((one, i) => {
      const id = makeId('evt', record.atMs, entropyOf(record, first + i))
      return { id, repo, at, term, index, ...one }
    })
  })
}

/** An event without its place. */
export type Told = Pick<AuditEventInput, 'kind' | 'actor' | 'machine' | 'data'>

function describeAll(
  change: AppliedChange['change'],
  record: LedgerRecord,
  machineOf: MachineNames,
): readonly Told[] {
  if (change.kind === 'reconciled') return change.rejected.map(ofSuperseded)
  if (isPolicyChange(change)) return [ofPolicy(change, machineOf)]
  if (isFleetChange(change)) return [ofFleet(change)]
  const told = describe(change, record, machineOf)
  return told === null ? [] : [told]
}

function describe(
  change: Exclude<AppliedChange['change'], { kind: 'reconciled' } | PolicyChange | FleetChange>,
  record: LedgerRecord,
  machineOf: MachineNames,
): Told | null {
  switch (change.kind) {
    case 'granted':
      return ofClaim(
        'claim.granted',
        change.claim,
        change.was === undefined ? {} : { was: change.was },
      )
    case 'ended': {
      const { reason, by, note } = change
      const kind = EXPIRED.has(reason) ? 'claim.expired' : 'claim.released'
      return { ...ofClaim(kind, change.claim, { reason, by, note }), actor: by }
    }
    case 'task-over':
      return isDone(change.task) ? ofTask(change.task) : null
    case 'renewed':
      return ofClaim('claim.renewed', change.claim, {})
    case 'narrowed':
      return ofClaim('claim.narrowed', change.claim, {
        before: change.before.pattern,
        before_symbols: change.before.symbols,
      })
    case 'renamed':
      return ofClaim('symbol.renamed', change.claim, { renamed: change.renamed })
    case 'coexists':
      return ofPartner(change)
    case 'denied':
      return ofRefusal(change)
    case 'queued':
      return ofEntry('queue.joined', change.entry, {})
    case 'popped':
      return ofEntry('queue.granted', change.entry, {
        waited_ms: Math.max(0, record.atMs - change.entry.joinedAtMs),
        claims: change.entry.claimIds,
      })
    case 'dropped': {
      const { reason, by, circle } = change
      return ofEntry(DROPPED[reason], change.entry, { reason, by, circle })
    }
    case 'asked':
      return ofRequest('request.filed', change.request, {})
    case 'answered': {
      const { request, end, note, granted } = change.answered
      const kind = end === 'expired' ? 'request.expired' : 'request.answered'
      const told = ofRequest(kind, request, { end, note, granted })
      if (end === 'expired') return told
      const { agent, machine } = request.holder
      return { ...told, actor: agent, machine }
    }
    case 'clamped':
      return null
    case 'leader': {
      const machine = machineOf(change.leader)
      return { kind: 'leader.elected', actor: machine, machine, data: { peer: change.leader } }
    }
    case 'member':
      return change.isNew ? ofMember(change, machineOf(change.peer)) : null
    case 'member-gone':
      return ofGone(change)
    case 'founded':
    case 'voters':
    case 'enrolled':
    case 'attached':
      return null
  }
}

function ofMember(
  { peer, machine: name, role }: Extract<AppliedChange['change'], { kind: 'member' }>,
  machine: string,
): Told {
  return { kind: 'member.joined', actor: machine, machine, data: { peer, name, role } }
}

function ofGone({
  peer,
  machine,
  reason,
  by,
}: Extract<AppliedChange['change'], { kind: 'member-gone' }>): Told {
  const kind = reason === 'left' ? 'member.left' : 'member.removed'
  return { kind, actor: by, machine, data: { peer, name: machine, by } }
}

const EXPIRED: ReadonlySet<EndReason> = new Set(['ttl', 'lease', 'task-expired'])

const DROPPED: Readonly<Record<DropReason, EventKind>> = {
  cancelled: 'queue.cancelled',
  vanished: 'queue.cancelled',
  'session-ended': 'queue.cancelled',
  limit: 'queue.cancelled',
  completed: 'queue.cancelled',
  policy: 'queue.cancelled',
  expired: 'queue.expired',
  deadlock: 'deadlock.broken',
}

function ofEntry(
  kind: EventKind,
  entry: QueueEntry,
  more: Readonly<Record<string, unknown>>,
): Told {
  const { id, party, scopes, urgency, waitSeconds } = entry
  const patterns = scopes.map(({ pattern }) => pattern)
  const who = { agent: party.agent, session: party.session }
  const symbols = scopes.flatMap((scope) => scope.symbols)
  const data = { queue: id, patterns, symbols, urgency, wait_s: waitSeconds, ...who, ...more }
  return { kind, actor: party.agent, machine: party.machine, data }
}

/** As a machine writes down a refusal that left no record; see `recordRefusal`. */
function ofRefusal({ body, met }: Extract<AppliedChange['change'], { kind: 'denied' }>): Told {
  const { party, conflicts, circle = [] } = body
  const { agent, session, machine } = party
  const shown = conflicts.map(({ scope: { pattern, symbols }, claim }, at) => {
    const holder = met[at]
    const held =
      holder == null
        ? {}
        : {
            holder: holder.agent,
            holder_session: holder.session,
            held: holder.pattern,
            held_symbols: holder.symbols,
          }
    return { pattern, symbols, claim, ...held }
  })
  const patterns = shown.map(({ pattern }) => pattern)
  const symbols = shown.flatMap((conflict) => conflict.symbols)
  const asked = { agent, session, patterns, symbols }
  const data = { ...asked, waiters: [], circle, more: 0, conflicts: shown }
  return { kind: 'claim.refused', actor: agent, machine, data }
}

/** It never had a fence. */
/** The event of a provisional claim that lost, with whom it lost to. */
export function ofSuperseded({ claim, conflicts }: RejectedClaim): Told {
  const { id, scope, party, description, ttlSeconds } = claim
  const { pattern, symbols, mode } = scope
  const { agent, session, machine, branch } = party
  const what = { claim: id, claim_kind: scope.kind, pattern, symbols, mode, fence: null }
  const met = conflicts.map((holder) => ({
    pattern,
    symbols,
    claim: holder.id,
    holder: holder.agent,
    holder_session: holder.session,
    held: holder.pattern,
    held_symbols: holder.symbols,
  }))
  const about = { agent, session, branch, description, ttl_s: ttlSeconds }
  const noted_at = iso(claim.stamp.wallMs)
  const data = { ...what, ...about, was: 'provisional', noted_at, conflicts: met }
  return { kind: 'claim.superseded', actor: agent, machine, data }
}

function ofTask(over: CompletedTask): Told {
  const { task, claim, plan, agent, session, machine, branch, reason, by, note } = over
  const data = { task, claim, plan, agent, session, branch, reason, note }
  return { kind: 'task.completed', actor: by, machine, data }
}

function ofRequest(
  kind: EventKind,
  asked: ClaimRequest,
  more: Readonly<Record<string, unknown>>,
): Told {
  const { id, claim, pattern, holder, requester, reason, urgency, wanted } = asked
  const sessions = { holder_session: holder.session, requester_session: requester.session }
  const who = { holder: holder.agent, requester: requester.agent, ...sessions }
  const data = { request: id, claim, pattern, ...who, reason, urgency, wanted, ...more }
  return { kind, actor: requester.agent, machine: requester.machine, data }
}

/** Of the claim that was there first. */
function ofPartner({
  claim,
  partner,
  narrowed,
}: Extract<AppliedChange['change'], { kind: 'coexists' }>): Told {
  const { id, agent, pattern, symbols } = partner
  return ofClaim('claim.coexist', claim, {
    narrowed,
    partner: id,
    partner_agent: agent,
    partner_pattern: pattern,
    partner_symbols: symbols,
  })
}

/** The event of a claim, with what anybody wants to know of it. */
export function ofClaim(
  kind: EventKind,
  claim: LedgerClaim,
  more: Readonly<Record<string, unknown>>,
): Told {
  const { id, pattern, symbols, mode, fence, agent, session, machine, branch, description } = claim
  const what = { claim: id, claim_kind: claim.kind, pattern, symbols, mode, fence, agent, session }
  const data = { ...what, branch, description, ttl_s: claim.ttlSeconds, ...more }
  return { kind, actor: agent, machine, data }
}

/** The record's hash, and the change's place within the record. */
function entropyOf(record: LedgerRecord, at: number): Uint8Array {
  const bytes = new Uint8Array(10)
  for (let i = 0; i < 8; i++) bytes[i] = Number.parseInt(record.hash.slice(2 * i, 2 * i + 2), 16)
  bytes[8] = at >> 8
  bytes[9] = at & 0xff
  return bytes
}
