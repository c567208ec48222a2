// Assignments: given, moved, over. The claim of an assignment is granted and ended by its own records.
import {
  FLEET_LIMITS,
  isAssignmentOver,
  type Assignment,
  type AssignmentState,
} from '../assignment.ts'
import type { EndReason } from '../claim.ts'
import type { AssignmentMove, AssignmentStop, Assign, FleetBody } from './body-fleet.ts'
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
  }
  state.assignments.set(id, assignment)
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
    ...{ state: to, stateAtMs: record.atMs, prompt: isOver ? '' : before.prompt },
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

function forget(state: LedgerState): void {
  const ended = [...state.assignments.values()].filter((one) => isAssignmentOver(one.state))
  for (const { id } of ended.slice(0, Math.max(0, ended.length - FLEET_LIMITS.endedRemembered)))
    state.assignments.delete(id)
}
