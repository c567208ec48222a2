// What a caller is told about a decided request: the decision, with its claims as they stand now.
import {
  judgeable,
  overlapScopes,
  type AnsweredRequest,
  type ClaimId,
  type ClaimRequest,
  type RequestedId,
  type RequestOutcome,
} from '../../../protocol/index.ts'
import { unapproved } from '../policy/refuse.ts'
import type { View } from '../view.ts'
import type { ClaimNow, Conflict, Outcome } from './command.ts'

export function tellOutcome(
  view: View,
  outcome: RequestOutcome,
  warnings: readonly string[],
): Outcome {
  switch (outcome.kind) {
    case 'granted':
      return { kind: 'granted', claims: claimsNow(view, outcome.ids), warnings }
    case 'denied':
      return {
        kind: 'refused',
        conflicts: conflictsNow(view, outcome),
        more: 0,
        ahead: [],
        circle: outcome.circle ?? [],
      }
    case 'queued': {
      const entry = view.state.queue.get(outcome.id)
      if (entry === undefined) return { kind: 'dropped', reason: 'cancelled' }
      return { kind: 'queued', entry, ahead: [], conflicts: [] }
    }
    case 'dropped':
      return { kind: 'dropped', reason: outcome.reason }
    case 'cancelled':
      return { kind: 'cancelled', ids: outcome.ids }
    case 'asked':
      return { kind: 'asked', request: requestNow(view, outcome.id) }
    case 'answered':
      return { kind: 'answered', answered: answersNow(view, outcome.ids), late: false }
    case 'ended':
      return { kind: 'ended', claims: claimsNow(view, outcome.ids), already: [] }
    case 'renewed':
      return { kind: 'renewed', claims: claimsNow(view, outcome.ids) }
    case 'narrowed':
      return { kind: 'narrowed', claims: claimsNow(view, outcome.ids) }
    case 'renamed':
      return { kind: 'renamed', claims: claimsNow(view, outcome.ids) }
    case 'task-over':
      return { kind: 'task-over', tasks: outcome.tasks, already: false }
    case 'unapproved': {
      const { policy, approvals } = {
        policy: view.state.policy.policy,
        approvals: view.state.approvals,
      }
      const asked = approvals.find(({ id }) => id === outcome.id) ?? null
      const areas = policy.areas.filter(({ name }) => asked?.areas.includes(name) === true)
      return { kind: 'failed', failure: unapproved(asked === null ? [] : [asked], areas) }
    }
    case 'assigned': {
      const assignment = view.state.assignments.get(outcome.id)
      if (assignment !== undefined) return { kind: 'assigned', assignment, already: false }
      const message = `${outcome.id} is over, and forgotten`
      return { kind: 'failed', failure: { code: 'ASSIGNMENT_UNKNOWN', message } }
    }
    case 'reconciled':
      return { kind: 'reconciled' }
    case 'done':
      return { kind: 'done' }
    case 'enrolled': {
      const { generation = 1, genesis = '' } = view.state.repos.get(outcome.repo) ?? {}
      return { kind: 'enrolled', generation, genesis, isNew: true }
    }
  }
}

/** Claims by id, live or lately ended; those that ended long ago are left out. */
export function claimsNow(view: View, ids: readonly ClaimId[]): ClaimNow[] {
  return ids.flatMap((id): ClaimNow[] => {
    const claim = view.state.claims.get(id)
    if (claim !== undefined) return [{ live: true, claim }]
    const ended = view.state.ended.findLast((found) => found.claim.id === id)
    return ended === undefined ? [] : [{ live: false, claim: ended.claim, ended }]
  })
}

/** A request by id, open or lately answered. */
export function requestNow(view: View, id: RequestedId): ClaimRequest | null {
  return view.state.asked.get(id) ?? answersNow(view, [id])[0]?.request ?? null
}

export function answersNow(view: View, ids: readonly RequestedId[]): readonly AnsweredRequest[] {
  return view.state.answered.filter(({ request }) => ids.includes(request.id))
}

/** What the two have in common is told anew: a record of a refusal names the claims only. */
function conflictsNow(
  view: View,
  outcome: Extract<RequestOutcome, { kind: 'denied' }>,
): Conflict[] {
  return outcome.conflicts.flatMap(({ scope, claim: id }): Conflict[] => {
    const claim = view.state.claims.get(id)
    if (claim === undefined) return []
    const overlap = overlapScopes(judgeable(scope, view), judgeable(claim, view))
    const { paths = [], symbols = [] } = overlap ?? {}
    return [{ scope, claim, paths, symbols, delayMs: null }]
  })
}
