// Requests that were given up: their callers were told that nothing was granted, so whatever the path says of them goes.
import {
  isAssignmentOver,
  outcomeOf,
  type AssignmentId,
  type ClaimId,
  type RequestId,
} from '../../protocol/index.ts'
import { persist } from './consensus/durability.ts'
import { flush } from './consensus/leader.ts'
import type { Engine } from './engine-state.ts'
import type { View } from './view.ts'

/** Gives a request up; its caller is told once that is durable. */
export function abandon(engine: Engine, rid: RequestId): void {
  const { consensus } = engine
  engine.own.delete(rid)
  engine.early.delete(rid)
  for (const [id, answer] of engine.answers) {
    if (answer.request.rid === rid) engine.answers.delete(id)
  }
  engine.answering.delete(rid)
  engine.decided.delete(rid)
  engine.abandoned.add(rid)
  flush(consensus)
  const position = persist(consensus, [{ kind: 'meta', value: { abandoned: rid } }])
  engine.abandonedAt.push({ rid, position })
}

export function noteAbandoned(engine: Engine): void {
  const { durable } = engine.consensus
  for (
    let next = engine.abandonedAt[0];
    next !== undefined && next.position <= durable;
    next = engine.abandonedAt[0]
  ) {
    engine.out.abandoned.push(next.rid)
    engine.abandonedAt.shift()
  }
}

/**
 * Is something of a request that was given up still there, for nobody? A claim that was renewed since is its session's by
 * that renewal, unless that was given up, too.
 */
export function isLive(view: View, rid: RequestId, abandoned: ReadonlySet<RequestId>): boolean {
  const outcome = outcomeOf(view.state, rid)
  if (outcome === null || outcome === 'forgotten') return false
  if (outcome.kind === 'queued') return view.state.queue.has(outcome.id)
  if (outcome.kind === 'assigned') return isOpenFor(view, rid, outcome.id)
  return outcome.kind === 'granted' && unclaimed(view, outcome.ids, abandoned).length > 0
}

/** Those of these claims that live and were told to nobody. */
export function unclaimed(
  { state }: View,
  ids: readonly ClaimId[],
  abandoned: ReadonlySet<RequestId>,
): readonly ClaimId[] {
  return ids.filter((id) => {
    const claim = state.claims.get(id)
    if (claim === undefined) return false
    return claim.renewedBy === undefined || abandoned.has(claim.renewedBy)
  })
}

/** Did this request make the assignment, and does it go on? One that only moved it, or wants it to stop, made none. */
export function isOpenFor(
  { state }: Pick<View, 'state'>,
  rid: RequestId,
  id: AssignmentId,
): boolean {
  const assignment = state.assignments.get(id)
  return assignment?.askedBy === rid && !isAssignmentOver(assignment.state)
}

/** The requests that have to be named when this one is given back: it, and those that renewed what it was granted. */
export function givenBackWith(view: View, rid: RequestId): readonly RequestId[] {
  const outcome = outcomeOf(view.state, rid)
  if (outcome === null || outcome === 'forgotten' || outcome.kind !== 'granted') return [rid]
  return [rid, ...outcome.ids.flatMap((id) => view.state.claims.get(id)?.renewedBy ?? [])]
}

/** Does the path say the last word about it? */
export function isOver({ state }: View, rid: RequestId): boolean {
  const outcome = outcomeOf(state, rid)
  if (outcome === null) return false
  if (outcome === 'forgotten') return true
  if (outcome.kind === 'queued') return !state.queue.has(outcome.id)
  if (outcome.kind === 'assigned') return !isOpenFor({ state }, rid, outcome.id)
  // As long as that renewal is the claim's last one, the claim is nobody's by it.
  if (outcome.kind === 'renewed')
    return !outcome.ids.some((id) => state.claims.get(id)?.renewedBy === rid)
  return outcome.kind !== 'granted' || !outcome.ids.some((id) => state.claims.has(id))
}
