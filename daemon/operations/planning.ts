// `plan`: what may begin, where, and why the rest may not; stored as proposals that anybody may approve.
import {
  asAssignmentId,
  branchOfTask,
  FLEET_LIMITS,
  makeId,
  type AssignmentOrder,
  type OperationInput,
  type OperationResult,
  type Party,
  type Proposal,
} from '../../protocol/index.ts'
import { clean, type Place } from '../callers.ts'
import { planWork } from '../core/fleet/plan.ts'
import type { Choice, Plan } from '../core/fleet/plan-words.ts'
import { hostOf } from '../repos.ts'
import { submit } from '../submit.ts'
import { asOf, type Handler, type Parts } from './context.ts'
import { gatherPlan, type Gathered } from './planning-gather.ts'
import { leftJson, machineJson, proposalJson } from './planning-words.ts'
import { rankCandidates } from './planning-rank.ts'

export const plan: Handler<OperationInput<'plan'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const isDry = input.dry_run === true
  const party = isDry
    ? parts.callers.asker(input, context)
    : await parts.callers.party(input, context, place)
  const gathered = await gatherPlan(parts, place, input, context.signal)
  const ranked =
    input.rank === undefined
      ? { gathered, warnings: [] }
      : await rankCandidates(parts, place, gathered, input.rank, context.signal)
  const made = makePlan(parts, place, party, ranked.gathered)
  if (!isDry) await submit(hostOf(place.repo), { kind: 'propose', proposals: made.proposals })
  const atMs = parts.clock.wall()
  const result: OperationResult<'plan'> = {
    proposals: made.proposals.map((each) => proposalJson({ ...each, atMs })),
    left: made.plan.left.map(leftJson),
    machines: gathered.machines.map(machineJson),
    silent: gathered.input.silent,
    stored: !isDry,
    warnings: [...gathered.warnings, ...ranked.warnings],
    as_of: asOf(place.repo),
  }
  return result
}

export type NewProposal = Omit<Proposal, 'atMs'>

export interface MadePlan {
  readonly plan: Plan
  readonly proposals: readonly NewProposal[]
}

/** By rules, from what was gathered. */
export function makePlan(
  parts: Parts,
  { repo }: Place,
  party: Party,
  { input }: Gathered,
): MadePlan {
  const known = hostOf(repo).loop.view().state.proposals
  const made = planWork(input)
  const proposals = made.choices.map((choice) => propose(parts, party, choice, known))
  return { plan: made, proposals }
}

/** The same proposal keeps its id: whoever read it before may approve it still. */
function propose(
  { clock, random }: Parts,
  { agent }: Party,
  { candidate, peer, machine, launcher, model, rationale }: Choice,
  known: readonly Proposal[],
): NewProposal {
  const title = candidate.title.slice(0, FLEET_LIMITS.titleCharactersMax)
  const files = candidate.files
    .filter((file) => file.length <= FLEET_LIMITS.fileCharactersMax)
    .slice(0, FLEET_LIMITS.filesMax)
  // What the worker is told is written when it is approved, from what the tracker says then.
  const order: AssignmentOrder = {
    ...{ task: candidate.task, title, prompt: '', launcher, model, files },
    ...{ branch: branchOfTask(candidate.task, title), type: 'work', of: null, attempt: 1 },
  }
  const before = known.find(
    (each) =>
      each.peer === peer &&
      each.order.task === order.task &&
      each.order.launcher === launcher &&
      each.order.model === model,
  )
  const id = before?.id ?? asAssignmentId(makeId('asg', clock.wall(), random(10)))
  const why = clean(rationale).slice(0, FLEET_LIMITS.noteCharactersMax)
  return { id, order, peer, machine, rationale: why, by: agent }
}
