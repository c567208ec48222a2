// Assignments as a ledger has them, where a test cares for little of each.
import {
  asAssignmentId,
  emptyState,
  type Assignment,
  type LedgerState,
  type Proposal,
} from '../../protocol/index.ts'
import { workOrder } from './work-order.ts'

export const PUSHED = 'a'.repeat(40)
const AT_MS = Date.parse('2026-01-01T10:00:00.000Z')

/** @param at what stands at the end of its id */
export function anAssignment(at: string, more: Partial<Assignment> = {}): Assignment {
  return {
    ...workOrder(`T-${at}`),
    id: asAssignmentId(`asg_${at.padStart(26, '0')}`),
    ...{ peer: 'peer-bob', machine: 'bob', askedBy: null, claim: `clm_${at}`, fence: 7 },
    operator: { agent: 'ann', session: 's1', peer: 'peer-ada', machine: 'ada' },
    ...{ state: 'running', assignedAtMs: AT_MS, stateAtMs: AT_MS, startedAtMs: null, stop: null },
    ...{ answer: null, verdicts: {}, landing: null },
    ...more,
  } as unknown as Assignment
}

export function withAssignments(
  all: readonly Assignment[],
  proposals: readonly Proposal[] = [],
): LedgerState {
  const assignments = new Map(all.map((one) => [one.id, one]))
  return { ...emptyState(), assignments, proposals: [...proposals] }
}

export function aProposal(at: string, more: Partial<Proposal> = {}): Proposal {
  return {
    ...{ id: asAssignmentId(`asg_${at.padStart(26, '0')}`), order: workOrder(`T-${at}`) },
    ...{ peer: 'peer-bob', machine: 'bob', rationale: 'it blocks two others', by: 'ann' },
    ...{ atMs: AT_MS, ...more },
  } as unknown as Proposal
}
