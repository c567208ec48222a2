// What the ledger's changes of assignments say in the audit log.
import type { Assignment, AuditEventInput, EventKind } from '../protocol/index.ts'
import type { AppliedChange } from './core/view.ts'

type Told = Pick<AuditEventInput, 'kind' | 'actor' | 'machine' | 'data'>

export type FleetChange = Extract<
  AppliedChange['change'],
  { kind: 'assignment' | 'assignment-stopping' }
>

export function isFleetChange(change: AppliedChange['change']): change is FleetChange {
  return change.kind === 'assignment' || change.kind === 'assignment-stopping'
}

export function ofFleet(change: FleetChange): Told {
  const { assignment } = change
  return change.kind === 'assignment'
    ? ofAssignment(`assignment.${assignment.state}`, assignment, change.by)
    : ofAssignment('assignment.stopping', assignment, assignment.stop?.by ?? '')
}

function ofAssignment(kind: EventKind, assignment: Assignment, by: string): Told {
  const { id, task, title, launcher, branch, operator, machine, claim, fence } = assignment
  const { state, base, reason, note, exit, commit, wip, stop } = assignment
  const what = { assignment: id, task, title, launcher, branch, operator: operator.agent }
  const end = { base, reason, note: note ?? stop?.note, exit, commit, wip }
  const known = Object.entries(end).filter(([, value]) => value !== undefined)
  const data = { ...what, claim, fence, state, ...Object.fromEntries(known) }
  return { kind, actor: by, machine, data }
}
