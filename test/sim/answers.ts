// May this be answered? Decisions must be those of the committed record; everything else must have been true at some index
// between the call and its answer (linearizability, checked in index order).
import type { ClaimId } from '../../protocol/index.ts'
import type { Outcome } from '../../daemon/core/claims/command.ts'
import { isFleetCommand } from './fleet.ts'
import { isSamePartyOutside, type Op } from './op.ts'
import { isPolicyCommand } from './policy.ts'
import { at, type Spec } from './spec.ts'

/** Null when the answer is right, else what is wrong with it. */
export function answerProblem(
  spec: Spec,
  op: Op,
  outcome: Outcome,
  committed: number,
): string | null {
  if (isFleetCommand(op.command)) return spec.fleet.problem(op, outcome, committed)
  switch (outcome.kind) {
    case 'granted':
      return grantedProblem(spec, op, outcome, committed)
    case 'refused':
      return refusedProblem(spec, op, outcome, committed)
    case 'queued':
      return queuedProblem(spec, op, outcome, committed)
    case 'dropped':
      return op.command.kind === 'claim' ? null : `a drop for a ${op.command.kind}`
    case 'cancelled':
      return op.command.kind === 'cancel' || op.command.kind === 'end-waits'
        ? null
        : `a cancellation for a ${op.command.kind}`
    case 'ended':
      return endedProblem(spec, op, outcome, committed)
    case 'renewed':
      return toldProblem(spec, outcome.claims, committed)
    case 'narrowed':
      return toldProblem(spec, outcome.claims, committed)
    case 'verified':
      return verifiedProblem(spec, op, outcome, committed)
    case 'failed':
      return failedProblem(spec, op, outcome, committed)
    case 'done':
      return isPolicyCommand(op.command) ? null : `nothing but done for a ${op.command.kind}`
    default:
      return 'enrolled in nothing'
  }
}

type Of<Kind extends Outcome['kind']> = Extract<Outcome, { kind: Kind }>

function grantedProblem(spec: Spec, op: Op, outcome: Of<'granted'>, committed: number) {
  if (op.command.kind !== 'claim') return `a grant for a ${op.command.kind}`
  const record = spec.decided.get(op.rid)
  if (record?.body.kind === 'grant' && record.body.claims.length < outcome.claims.length) {
    return `more claims than ${at(record)} grants`
  }
  const isKeyed = op.command.key !== null
  if (record === undefined && !isKeyed) return 'no committed record grants it'
  for (const { claim } of outcome.claims) {
    const known = spec.claims.get(claim.id)
    if (known === undefined) return `${claim.id} is on no committed path`
    if (known.fence !== claim.fence) return `${claim.id} told under another fence`
    if (!isKeyed && record?.body.kind === 'grant' && known.rid !== op.rid) {
      return `${claim.id} was granted to ${String(known.rid)}`
    }
    if (!isSamePartyOutside(known.party, op.command.party)) return `${claim.id} is another's`
  }
  return toldProblem(spec, outcome.claims, committed)
}

function toldProblem(spec: Spec, claims: Of<'granted'>['claims'], committed: number) {
  const right = somewhere(0, committed, (index) =>
    claims.every(({ live, claim }) => spec.isLiveAt(claim.id, index) === live),
  )
  if (right) return null
  return `told ${claims.map((now) => `${now.claim.id} ${now.live ? 'live' : 'ended'}`).join(', ')}, true at no index`
}

function refusedProblem(spec: Spec, op: Op, outcome: Of<'refused'>, committed: number) {
  const { command } = op
  if (command.kind !== 'claim') return `a refusal of a ${command.kind}`
  const record = spec.decided.get(op.rid)
  // A recorded refusal is told again as it was decided.
  if (record?.body.kind === 'deny') return null
  if (command.key !== null) {
    return [...spec.decided.values()].some(
      ({ body }) =>
        body.kind === 'deny' &&
        body.key.key === command.key?.key &&
        body.party.session === command.party.session,
    )
      ? null
      : 'refused under a key without a record'
  }
  // A late copy of it may have been granted by then, or given a place: I9 says whether that was given back.
  const isTakenBack = record?.body.kind === 'grant' || record?.body.kind === 'push'
  if (record !== undefined && !isTakenBack) return `refused, and ${at(record)} decided it`
  const right = somewhere(
    op.floor,
    committed,
    (index) =>
      outcome.ahead.every(({ id }) => {
        const wait = spec.waits.get(id)
        return wait !== undefined && wait.from <= index && index < wait.to
      }) &&
      outcome.conflicts.every(({ scope, claim, delayMs }) => {
        if (!spec.conflicts(command.party, scope, claim.id, index)) return false
        return (delayMs === null) === spec.isLiveAt(claim.id, index)
      }),
  )
  if (right) return null
  return `refused by ${outcome.conflicts.map(({ claim }) => claim.id).join(', ')}, in the way at no index from ${String(op.floor)} to ${String(committed)}`
}

function queuedProblem(spec: Spec, op: Op, outcome: Of<'queued'>, committed: number) {
  const { command } = op
  if (command.kind !== 'claim' || command.waitSeconds === 0) return 'queued and does not wait'
  const wait = spec.waits.get(outcome.entry.id)
  if (wait === undefined) return `${outcome.entry.id} is no place in the queue`
  if (!isSamePartyOutside(wait.party, command.party)) return `${wait.id} is another's place`
  return wait.from <= committed ? null : `${wait.id} is told before it is committed`
}

function endedProblem(spec: Spec, op: Op, outcome: Of<'ended'>, committed: number) {
  const { command } = op
  if (command.kind !== 'release' && command.kind !== 'end') return `an end for a ${command.kind}`
  const record = spec.decided.get(op.rid)
  if (record === undefined) {
    const ids =
      command.kind === 'end' ? command.ids : command.target.by === 'ids' ? command.target.ids : []
    return allDead(spec, ids, op.floor, committed)
  }
  if (record.body.kind !== 'release' && record.body.kind !== 'revoke') {
    return `ended, and ${at(record)} decided it`
  }
  for (const id of record.body.ids) if (spec.isLiveAt(id, record.index)) return `${id} lives on`
  return toldProblem(spec, outcome.claims, committed)
}

function verifiedProblem(spec: Spec, op: Op, outcome: Of<'verified'>, committed: number) {
  const { command } = op
  if (command.kind !== 'verify') return `a verification for a ${command.kind}`
  const isMine = (id: ClaimId): boolean => {
    const claim = spec.claims.get(id)
    return claim !== undefined && isSamePartyOutside(claim.party, command.party)
  }
  const right = somewhere(op.floor, committed, (index) =>
    outcome.claims.every(({ id, live }) => (isMine(id) && spec.isLiveAt(id, index)) === live),
  )
  if (right) return null
  return `verified ${JSON.stringify(outcome.claims)}, true at no index from ${String(op.floor)} to ${String(committed)}`
}

function failedProblem(spec: Spec, op: Op, outcome: Of<'failed'>, committed: number) {
  const { code, data } = outcome.failure
  const ids = ((data as { ids?: ClaimId[] } | undefined)?.ids ?? []).filter(
    (id) => typeof id === 'string',
  )
  switch (code) {
    case 'CLAIM_UNKNOWN':
    case 'CLAIM_ENDED':
      return allDead(spec, ids, op.floor, committed)
    case 'CLAIM_NOT_YOURS': {
      const { command } = op
      if (!('party' in command)) return 'a daemon told that a claim is not its own'
      const mine = ids.find((id) => {
        const claim = spec.claims.get(id)
        return claim === undefined || isSamePartyOutside(claim.party, command.party)
      })
      return mine === undefined ? null : `${mine} is its own`
    }
    case 'CLAIM_NOT_NARROWER':
    case 'UNCERTAIN':
    case 'PATTERN_NOT_PROMOTED':
    case 'POLICY_NOT_OWNER':
    case 'REQUEST_UNKNOWN':
    case 'QUEUE_NOT_YOURS':
      return null
    case 'POLICY_PROTECTED':
    case 'POLICY_APPROVAL':
      return spec.policy.mayHaveForbidden(op.command, code, op.floor, committed)
        ? null
        : 'kept out by no policy'
    default:
      return `${code}: ${outcome.failure.message}`
  }
}

function allDead(spec: Spec, ids: readonly ClaimId[], floor: number, committed: number) {
  const right = somewhere(floor, committed, (index) => ids.every((id) => !spec.isLiveAt(id, index)))
  if (right) return null
  return `told that ${ids.join(', ')} ended, true at no index from ${String(floor)} to ${String(committed)}`
}

function somewhere(from: number, to: number, test: (index: number) => boolean): boolean {
  for (let index = to; index >= from; index--) if (test(index)) return true
  return false
}
