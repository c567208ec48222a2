// Assignments: given, moved, over. The claim of an assignment is granted and ended by its own records.
import {
  FLEET_LIMITS,
  isAssignmentOver,
  isUnlanded,
  type Assignment,
  type AssignmentState,
} from '../assignment.ts'
import type { EndReason } from '../claim.ts'
import type {
  Assign,
  AssignmentAnswer,
  AssignmentLanding,
  AssignmentMove,
  AssignmentStop,
  AssignmentVerdict,
  FleetBody,
  Propose,
} from './body-fleet.ts'
import type { Change } from './change.ts'
import { end, grant } from './fold-claims.ts'
import { remember, rememberKey } from './fold-memory.ts'
import { endTasks } from './fold-tasks.ts'
import type { LedgerRecord } from './record.ts'
import type { LedgerState, RequestOutcome } from './state.ts'

export function foldFleet(state: LedgerState, record: LedgerRecord, body: FleetBody): Change[] {
  switch (body.kind) {
    case 'assign':
      return assign(state, record, body)
    case 'assignment-move':
      return move(state, record, body)
    case 'assignment-stop':
      return stop(state, record, body)
    case 'assignment-answer':
      return answer(state, record, body)
    case 'assignment-verdict':
      return judge(state, record, body)
    case 'assignment-landing':
      return land(state, record, body)
    case 'propose':
      return propose(state, record, body)
  }
}

function assign(state: LedgerState, record: LedgerRecord, body: Assign): Change[] {
  const { id, order, operator, rid, key } = body
  const changes = grant(state, record, body.grant)
  const { peer, machine } = body.grant.party
  const claim = body.grant.claims.flatMap((granted) => state.claims.get(granted.id) ?? [])[0]
  const outcome: RequestOutcome = { kind: 'assigned', id }
  remember(state, rid, outcome)
  rememberKey(state, record, key, operator, outcome)
  if (claim === undefined) return changes
  const assignment: Assignment = {
    ...order,
    ...{ id, operator, peer, machine, askedBy: rid, state: 'assigned' },
    ...{ claim: claim.id, fence: claim.fence },
    ...{ assignedAtMs: record.atMs, stateAtMs: record.atMs, startedAtMs: null, stop: null },
    ...{ answer: null, verdicts: {}, landing: null },
  }
  state.assignments.set(id, assignment)
  state.proposals = state.proposals.filter(({ order: { task } }) => task !== order.task)
  return [...changes, { kind: 'assignment', assignment, by: operator.agent }]
}

function move(state: LedgerState, record: LedgerRecord, body: AssignmentMove): Change[] {
  const { id, to, facts, by, rid } = body
  remember(state, rid, { kind: 'assigned', id })
  const before = state.assignments.get(id)
  if (before === undefined || isAssignmentOver(before.state)) return []
  const isOver = isAssignmentOver(to)
  const assignment: Assignment = {
    ...before,
    ...facts,
    ...{ state: to, stateAtMs: record.atMs },
    // It asks anew: what was said before is no answer to that.
    answer: to === 'waiting' ? null : before.answer,
    startedAtMs: to === 'running' ? (before.startedAtMs ?? record.atMs) : before.startedAtMs,
  }
  // What ended last stands last: the oldest of those is forgotten first.
  if (isOver) state.assignments.delete(id)
  state.assignments.set(id, assignment)
  const changes = isOver ? endClaim(state, record, body, before) : []
  if (isOver) forget(state)
  return [...changes, { kind: 'assignment', assignment, by }]
}

/** Work that the remote has completes its task; anything else gives the task back. */
function endClaim(
  state: LedgerState,
  record: LedgerRecord,
  { to, by, facts, abandoned }: AssignmentMove,
  { claim }: Assignment,
): Change[] {
  if (to === 'succeeded') {
    const note = facts.commit === undefined ? '' : `pushed as ${facts.commit}`
    const ids = [claim]
    return endTasks(state, record, {
      ...{ kind: 'task', rid: null, ids, reason: 'client_completed', by, note },
    })
  }
  const reason = abandoned === true ? 'abandoned' : END_REASONS[to]
  return end(state, record, [claim], reason, by, facts.note ?? '')
}

/** A machine that was given up may still be writing: its claim ends by force. */
const END_REASONS: Readonly<Record<AssignmentState, EndReason>> = {
  ...{ assigned: 'released', starting: 'released', running: 'released', waiting: 'released' },
  ...{ succeeded: 'completed', empty: 'released', failed: 'released', stopped: 'released' },
  lost: 'revoked',
}

function stop(state: LedgerState, record: LedgerRecord, body: AssignmentStop): Change[] {
  const { id, by, note, rid } = body
  remember(state, rid, { kind: 'assigned', id })
  const before = state.assignments.get(id)
  if (before === undefined || isAssignmentOver(before.state)) return []
  const assignment: Assignment = { ...before, stop: { by, note, atMs: record.atMs } }
  state.assignments.set(id, assignment)
  return [{ kind: 'assignment-stopping', assignment }]
}

function answer(state: LedgerState, record: LedgerRecord, body: AssignmentAnswer): Change[] {
  const { by, note } = body
  return change(state, body, (before) =>
    before.state === 'waiting' ? { answer: { by, note, atMs: record.atMs } } : null,
  ).map((assignment) => ({ kind: 'assignment-answered', assignment }))
}

function judge(state: LedgerState, record: LedgerRecord, body: AssignmentVerdict): Change[] {
  const verdict = { ...body.verdict, atMs: record.atMs }
  return change(state, body, ({ verdicts }) => ({
    verdicts: { ...verdicts, [verdict.kind]: verdict },
  })).map((assignment) => ({ kind: 'assignment-judged', assignment, verdict }))
}

function land(state: LedgerState, record: LedgerRecord, body: AssignmentLanding): Change[] {
  const landing = { ...body.landing, atMs: record.atMs }
  return change(state, body, (before) => (isUnlanded(before) ? { landing } : null)).map(
    (assignment) => ({ kind: 'assignment-landing', assignment, landing }),
  )
}

function change(
  state: LedgerState,
  { id, rid }: AssignmentAnswer | AssignmentVerdict | AssignmentLanding,
  make: (before: Assignment) => Partial<Assignment> | null,
): Assignment[] {
  remember(state, rid, { kind: 'assigned', id })
  const before = state.assignments.get(id)
  const made = before === undefined ? null : make(before)
  if (before === undefined || made === null) return []
  const assignment: Assignment = { ...before, ...made }
  state.assignments.set(id, assignment)
  return [assignment]
}

function propose(state: LedgerState, record: LedgerRecord, { rid, proposals }: Propose): Change[] {
  remember(state, rid, { kind: 'done' })
  state.proposals = proposals.map((proposal) => ({ ...proposal, atMs: record.atMs }))
  return [{ kind: 'proposed', proposals: state.proposals }]
}

/** Work that is to land is remembered for longer than what is only history. */
function forget(state: LedgerState): void {
  const ended = [...state.assignments.values()].filter((one) => isAssignmentOver(one.state))
  const unlanded = ended.filter(isUnlanded)
  const rest = ended.filter((one) => !isUnlanded(one))
  const drop = [
    ...unlanded.slice(0, Math.max(0, unlanded.length - FLEET_LIMITS.unlandedRemembered)),
    ...rest.slice(0, Math.max(0, rest.length - FLEET_LIMITS.endedRemembered)),
  ]
  for (const { id } of drop) state.assignments.delete(id)
  const told = ended.filter(({ id, prompt }) => prompt !== '' && state.assignments.has(id))
  for (const one of told.slice(0, Math.max(0, told.length - FLEET_LIMITS.promptsRemembered)))
    state.assignments.set(one.id, { ...one, prompt: '' })
}
