// Plans as every door tells them.
import { iso, type OperationResult, type Proposal } from '../../protocol/index.ts'
import type { Left } from '../core/fleet/plan-words.ts'
import type { HeardMachine } from './planning-gather.ts'

type PlanJson = OperationResult<'plan'>

export function proposalJson({ id, order, machine, rationale, by, atMs }: Proposal) {
  const { task, title, launcher, model, files } = order
  const told: PlanJson['proposals'][number] = {
    ...{ id, task, title, machine, launcher, model, files, rationale, by, at: iso(atMs) },
  }
  return told
}

export function leftJson({ candidate: { task, title }, reason }: Left): PlanJson['left'][number] {
  const { sinceMs, ...rest } = reason
  return { task, title, ...rest, since: sinceMs === null ? null : iso(sinceMs) }
}

export function machineJson(heard: HeardMachine): PlanJson['machines'][number] {
  const { machine, free, workersMax, capabilities, launchers, refusal, quiet } = heard
  return { machine, free, workers_max: workersMax, capabilities, launchers, refusal, quiet }
}
