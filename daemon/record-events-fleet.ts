// What the ledger's changes of assignments say in the audit log.
import type { Assignment, AuditEventInput, EventKind, Proposal } from '../protocol/index.ts'
import type { AppliedChange } from './core/view.ts'

type Told = Pick<AuditEventInput, 'kind' | 'actor' | 'machine' | 'data'>

export type FleetChange = Extract<
  AppliedChange['change'],
  {
    kind:
      | 'assignment'
      | 'assignment-stopping'
      | 'assignment-answered'
      | 'assignment-judged'
      | 'assignment-landing'
      | 'proposed'
  }
>

export function isFleetChange(change: AppliedChange['change']): change is FleetChange {
  return change.kind === 'proposed' || change.kind.startsWith('assignment')
}

export function ofFleet(change: FleetChange): Told {
  switch (change.kind) {
    case 'assignment':
      return ofAssignment(`assignment.${change.assignment.state}`, change.assignment, change.by)
    case 'assignment-stopping':
      return ofAssignment('assignment.stopping', change.assignment, change.assignment.stop?.by)
    case 'assignment-answered': {
      const { assignment } = change
      const told = ofAssignment('assignment.answered', assignment, assignment.answer?.by)
      return { ...told, data: { ...told.data, note: assignment.answer?.note ?? '' } }
    }
    case 'assignment-judged': {
      const { assignment, verdict } = change
      const told = ofAssignment('assignment.judged', assignment, verdict.by)
      return { ...told, machine: verdict.machine, data: { ...told.data, verdict } }
    }
    case 'assignment-landing': {
      const { assignment, landing } = change
      const told = ofAssignment(`merge.${landing.state}`, assignment, landing.by)
      return { ...told, machine: landing.by, data: { ...told.data, landing } }
    }
    case 'proposed':
      return ofProposals(change.proposals)
  }
}

function ofProposals(proposals: readonly Proposal[]): Told {
  const [first] = proposals
  const told = proposals.map(({ id, order: { task }, machine }) => ({ id, task, machine }))
  const by = first?.by ?? ''
  return { kind: 'assignment.proposed', actor: by, machine: '', data: { proposals: told } }
}

function ofAssignment(kind: EventKind, assignment: Assignment, by = ''): Told {
  const { id, task, title, launcher, branch, operator, machine, claim, fence } = assignment
  const { state, base, reason, note, exit, commit, wip, stop } = assignment
  const { type, of, attempt } = assignment
  const what = { assignment: id, task, title, type, attempt, launcher, branch }
  const whose = { operator: operator.agent, ...(of === null ? {} : { of }) }
  const end = { base, reason, note: note ?? stop?.note, exit, commit, wip }
  const known = Object.entries(end).filter(([, value]) => value !== undefined)
  const data = { ...what, ...whose, claim, fence, state, ...Object.fromEntries(known) }
  return { kind, actor: by, machine, data }
}
