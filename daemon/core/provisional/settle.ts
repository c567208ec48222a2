// A leader settles provisional claims: those of all machines that ask at about the same time, in one order, each against the
// leader's own path with everything promoted before it. What is confirmed beats what is not, and among provisional claims the
// earlier wins. Whoever waits in the queue does not: the claim was there, on its side, before the sides met.
import {
  compareProvisionals,
  isDone,
  listerOf,
  settledOf,
  type EndedProvisional,
  type Grant,
  type PeerId,
  type ProvisionalClaim,
  type RecordBody,
  type SettledOne,
  type Settlement,
} from '../../../protocol/index.ts'
import { tooMany } from '../claims/grant.ts'
import { judgeScopes, type LockDelay, type Partner } from '../claims/judge.ts'
import type { SettleRequest } from '../claims/decision.ts'
import { ruleOn } from '../policy/rules.ts'
import type { View } from '../view.ts'

export interface SettleContext {
  /** Everything that the leader appended; follows what is appended. */
  readonly view: View
  readonly delays: readonly LockDelay[]
  readonly wallMs: number
  readonly append: (bodies: readonly RecordBody[]) => void
}

/** What one rejection names of what it met. */
const CONFLICTS_NAMED = 5

/**
 * Appends what follows from these requests but for the Reconcile itself, whose outcomes it returns: none for what was
 * settled before. The same for the same requests in any order; for what a lost leader left half done, what is missing.
 */
export function settle(context: SettleContext, requests: readonly SettleRequest[]): Settlement[] {
  const { ended, claims } = unite(requests)
  return [
    // What its holder gave up stands in nobody's way.
    ...ended.flatMap((one) => settleEnded(context, one)),
    ...claims.flatMap((claim) => settleOne(context, claim)),
  ]
}

type Ended = EndedProvisional & SettledOne

/** Each once, in order; what ended in any of them has ended. */
function unite(requests: readonly SettleRequest[]): {
  readonly ended: readonly Ended[]
  readonly claims: readonly ProvisionalClaim[]
} {
  const ended = new Map<string, Ended>()
  const claims = new Map<string, ProvisionalClaim>()
  for (const { command } of requests) {
    const { peer } = command
    for (const one of command.ended) ended.set(one.id, { ...one, peer })
    for (const claim of command.claims) if (listerOf(claim) === peer) claims.set(claim.id, claim)
  }
  const live = [...claims.values()].filter(({ id }) => !ended.has(id))
  return {
    ended: [...ended.values()].sort(compareProvisionals),
    claims: live.sort((a, b) => compareProvisionals(placeOf(a), placeOf(b))),
  }
}

function settleEnded({ view, append }: SettleContext, one: Ended): Settlement[] {
  const { id, peer, reason } = one
  // It was promoted before its end was heard of.
  const isLive = view.state.claims.get(id)?.peer === peer
  if (isLive) append([{ kind: 'release', rid: null, ids: [id], reason, by: 'daemon' }])
  return isLive || one.n > settledOf(view.state, peer) ? [{ ...one, kind: 'ended' }] : []
}

function settleOne(context: SettleContext, claim: ProvisionalClaim): Settlement[] {
  const { view, append, delays, wallMs } = context
  const place = placeOf(claim)
  if (claim.n <= settledOf(view.state, place.peer)) return []
  if (view.state.promoted.has(claim.id)) return [{ ...place, kind: 'promoted' }]
  const { party, scope } = claim
  // Somebody else has carried it in before: it is held, or it was and has ended here since.
  if (view.state.claims.get(claim.id)?.peer === party.peer) return [{ ...place, kind: 'promoted' }]
  if (view.state.ended.some((over) => over.claim.id === claim.id))
    return [{ ...place, kind: 'rejected', claim, conflicts: [] }]
  const ruling = ruleOn(view, party, [scope], wallMs)
  if (ruling.kind !== 'free') return [{ ...place, kind: 'rejected', claim, conflicts: [] }]
  const [ruled = scope] = ruling.scopes
  const { conflicts, partners } = judgeScopes(view, party, [ruled], delays)
  const met = [
    ...conflicts.map(({ claim: { id } }) => id),
    ...(tooMany(partners) === null ? [] : partners.map(({ id }) => id)),
    ...doneMeanwhile(view, claim),
  ]
  if (met.length > 0) {
    const named = [...new Set(met)].slice(0, CONFLICTS_NAMED)
    return [{ ...place, kind: 'rejected', claim, conflicts: named }]
  }
  append([grantOf({ ...claim, scope: ruled }, partners)])
  return [{ ...place, kind: 'promoted' }]
}

/** A task that somebody completed on the other side is not begun again by its return. */
function doneMeanwhile({ state }: View, { scope }: ProvisionalClaim): readonly SettledOne['id'][] {
  const over = scope.kind === 'task' ? state.completed.get(scope.pattern) : undefined
  return over !== undefined && isDone(over) ? [over.claim] : []
}

function grantOf(claim: ProvisionalClaim, partners: readonly Partner[]): Grant {
  const { id, rid, party, scope, description, narrowable, ttlSeconds, stamp, task } = claim
  const coexistsWith = [...new Set(partners.map((partner) => partner.id))]
  const about = {
    description,
    narrowable,
    ttlSeconds,
    stamp,
    ...(task === undefined ? {} : { task }),
  }
  return {
    kind: 'grant',
    rid: null,
    party,
    claims: [{ ...scope, ...about, id, coexistsWith }],
    narrows: partners.filter(({ narrows }) => narrows).map((partner) => partner.id),
    key: null,
    from: null,
    provisional: { rid },
  }
}

function placeOf(claim: ProvisionalClaim): SettledOne & { peer: PeerId } {
  const { id, lamport, n } = claim
  return { id, peer: listerOf(claim), lamport, n }
}
