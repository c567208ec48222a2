// What is said of an assignment beside its own moves: answers to what it asked, what was found of its work, and where that landed.
import {
  isUnlanded,
  landingResource,
  parseRequestId,
  type Assignment,
  type RecordBody,
  type RequestId,
} from '../../../protocol/index.ts'
import { fail, type Decision } from '../claims/decision.ts'
import type { View } from '../view.ts'
import type { AnswerCommand, LandCommand, ProposeCommand, VerdictCommand } from './command.ts'

export function decideAnswer(rid: RequestId, command: AnswerCommand, view: View): Decision {
  const { id, party, note } = command
  const assignment = view.state.assignments.get(id)
  if (assignment === undefined) return unknown(id)
  if (assignment.state !== 'waiting')
    return fail('ASSIGNMENT_OVER', `${id} asks nothing: it is ${assignment.state}`, {
      data: { assignment: id, state: assignment.state },
    })
  // Who asks cannot be who answers.
  const self: string = id
  if (party.session === self)
    return fail('FORBIDDEN', `${id} cannot answer itself: another has to`, {
      data: { assignment: id },
    })
  return append({ kind: 'assignment-answer', rid, id, by: party.agent, note })
}

/** Of what was pushed only, and said by whom its own machine says it is. */
export function decideVerdict(rid: RequestId, command: VerdictCommand, view: View): Decision {
  const { id, verdict } = command
  const assignment = view.state.assignments.get(id)
  if (assignment === undefined) return unknown(id)
  if (assignment.type !== 'work')
    return fail('INPUT_SCHEMA', `${id} is a ${assignment.type}: nothing of it lands`)
  if (verdict.from !== null) {
    const judge = view.state.assignments.get(verdict.from)
    if (judge?.of !== id || judge.peer !== parseRequestId(rid).peer)
      return fail('FORBIDDEN', `${verdict.from} does not look at ${id}`)
  }
  return append({ kind: 'assignment-verdict', rid, id, verdict })
}

/** Said by whoever holds the target's landing claim, under its fence; `dropped` by a person. */
export function decideLanding(rid: RequestId, command: LandCommand, view: View): Decision {
  const { id, landing, fence } = command
  const assignment = view.state.assignments.get(id)
  if (assignment === undefined) return unknown(id)
  if (!isUnlanded(assignment)) return notToLand(assignment)
  if (landing.state !== 'dropped' && !holdsTarget(view, rid, landing.target, fence))
    return fail('CLAIM_STALE', `the claim of ${landingResource(landing.target)} has ended`)
  return append({ kind: 'assignment-landing', rid, id, landing })
}

function notToLand({ id, type, state, landing }: Assignment): Decision {
  const what = landing === null ? `a ${type} that is ${state}` : landing.state
  return fail('ASSIGNMENT_OVER', `${id} is not to land: it is ${what}`, {
    data: { assignment: id, state, landing: landing?.state ?? null },
  })
}

function holdsTarget({ state }: View, rid: RequestId, target: string, fence: number | null) {
  const { peer } = parseRequestId(rid)
  return [...state.claims.values()].some(
    (claim) =>
      claim.kind === 'resource' &&
      claim.pattern === landingResource(target) &&
      claim.peer === peer &&
      claim.fence === fence,
  )
}

/** Two machines that plan at once give one plan, the later one. */
export function decidePropose(rid: RequestId, { proposals }: ProposeCommand): Decision {
  return append({ kind: 'propose', rid, proposals })
}

function unknown(id: string): Decision {
  return fail('ASSIGNMENT_UNKNOWN', `no assignment ${id} is known here`)
}

function append(body: RecordBody): Decision {
  return { kind: 'append', bodies: [body], warnings: [] }
}
