// `approve`: proposals become assignments. What may have changed since the plan is judged again; one that fails leaves the others as
// they are, and its own proposal in place. The leader decides each, so that of two who approve one proposal both get one assignment.
import { setTimeout as delay } from 'node:timers/promises'
import {
  isAssignmentOver,
  SkeinError,
  type Assignment,
  type AssignmentOrder,
  type OperationInput,
  type OperationResult,
  type Party,
  type Proposal,
} from '../../protocol/index.ts'
import type { Place } from '../callers.ts'
import type { Assigned } from '../core/fleet/command.ts'
import type { LeftReason } from '../core/fleet/plan-words.ts'
import { createReadiness, type Readiness } from '../core/fleet/ready.ts'
import type { Issue } from '../ports-tracker.ts'
import { hostOf } from '../repos.ts'
import type { Handler, Parts } from './context.ts'
import { tellWorkers } from './fleet-words.ts'
import { memberNamed } from './mesh.ts'
import { ATTEMPTS_MAX, candidateOf, planLedger, trackerAt } from './planning-gather.ts'
import { proposalJson } from './planning-words.ts'
import { prepareIssue } from './issue-terms.ts'
import { firstOrder, giveWork } from './work-order.ts'
import { promptOf } from './work-prompt.ts'

type Result = OperationResult<'approve'>
type Failed = Result['failed'][number]

export const approve: Handler<OperationInput<'approve'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const party = await parts.callers.party(input, context, place)
  const chosen = choose(place, input)
  const worker = input.machine === undefined ? null : memberNamed(parts, input.machine)
  const proposals = chosen.proposals.map((each): Proposal => ({
    ...each,
    ...(worker === null ? {} : { peer: worker.peer, machine: worker.machine }),
    order: { ...each.order, model: input.model ?? each.order.model },
  }))
  if (input.dry_run === true) {
    const would: Result = { ...NOTHING, would: proposals.map(proposalJson) }
    return would
  }
  const given = await approveAll(parts, place, party, proposals, context.signal)
  const told = [...chosen.known, ...given.approved.map(({ assignment }) => assignment)]
  const workers = await tellWorkers(parts, place, told)
  const before = new Set([
    ...chosen.known.map(({ id }) => id),
    ...given.approved.flatMap(({ assignment, already }) => (already ? [assignment.id] : [])),
  ])
  const result: Result = {
    ...{ ...NOTHING, failed: given.failed, warnings: given.warnings },
    approved: workers.map((each, at) => {
      const id = told[at]?.id
      return { worker: each, already: id !== undefined && before.has(id) }
    }),
  }
  return result
}

const NOTHING: Result = { approved: [], failed: [], would: [], warnings: [] }

/** Fewer could be meant by several. */
const ENDING_CHARACTERS_MIN = 4

interface Chosen {
  readonly proposals: readonly Proposal[]
  /** Named, and given before. */
  readonly known: readonly Assignment[]
}

/** @throws SkeinError PROPOSAL_UNKNOWN, INPUT_USAGE */
function choose({ repo }: Place, { ids = [], all }: OperationInput<'approve'>): Chosen {
  const { proposals, assignments } = hostOf(repo).loop.view().state
  if ((all === true) === ids.length > 0)
    throw new SkeinError('INPUT_USAGE', 'approve takes proposals by their ids or tasks, or --all', {
      hint: 'skein approve ID… | --all',
    })
  if (all === true && proposals.length === 0)
    throw new SkeinError('PROPOSAL_UNKNOWN', 'nothing is proposed')
  if (all === true) return { proposals, known: [] }
  const found = ids.map((id) => {
    const proposal = proposals.find(isMeant(id)) ?? null
    const given = [...assignments.values()].find(
      (one) => one.id === id || (one.task === id && !isAssignmentOver(one.state)),
    )
    if (proposal === null && given === undefined)
      throw new SkeinError('PROPOSAL_UNKNOWN', `nothing of ${id} is proposed`, {
        data: { proposal: id },
      })
    return { proposal, given }
  })
  return {
    proposals: [...new Set(found.flatMap(({ proposal }) => proposal ?? []))],
    known: found.flatMap(({ proposal, given }) => (proposal === null && given ? [given] : [])),
  }
}

function isMeant(word: string) {
  return ({ id, order: { task } }: Proposal): boolean =>
    id === word ||
    task === word ||
    (word.length >= ENDING_CHARACTERS_MIN && id.endsWith(word.toUpperCase()))
}

export interface Approved {
  readonly approved: readonly Assigned[]
  readonly failed: readonly Failed[]
  readonly warnings: readonly string[]
}

/** One after the other: what the first takes is not the second's. Does not reject for what one of them fails by. */
export async function approveAll(
  parts: Parts,
  place: Place,
  party: Party,
  proposals: readonly Proposal[],
  signal: AbortSignal,
): Promise<Approved> {
  const { issues } = await trackerAt(parts, place).issues(signal)
  const byTask = new Map(issues.map((issue) => [issue.task, issue]))
  const ready = readinessOf(place, issues)
  const approved: Assigned[] = []
  const failed: Failed[] = []
  const warnings: string[] = []
  for (const proposal of proposals) {
    signal.throwIfAborted()
    const issue = byTask.get(proposal.order.task)
    const reason = stands(place, ready, proposal, issue)
    if (reason !== null || issue === undefined) {
      failed.push(failedBy(proposal, reason ?? GONE))
      continue
    }
    try {
      const told = await give(parts, { place, party, proposal, issue }, signal)
      approved.push(told.assigned)
      warnings.push(...told.warnings)
      ready.touched.takeAssignment(told.assigned.assignment)
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error
      const { code, message: note, hint: next } = error
      failed.push({ id: proposal.id, task: proposal.order.task, code, note, next })
    }
  }
  return { approved, failed, warnings }
}

function readinessOf({ repo, config }: Place, issues: readonly Issue[]): Readiness {
  const { state } = hostOf(repo).loop.view()
  return createReadiness({
    candidates: issues.map(candidateOf),
    ledger: planLedger(state),
    ...{ busy: [], caseExact: config.case === 'exact', settings: { attemptsMax: ATTEMPTS_MAX } },
  })
}

const GONE: LeftReason = {
  ...{ kind: 'done', note: 'its tracker does not call it open any more', sinceMs: null },
  ...{ who: null, next: 'skein plan' },
}

/** What keeps it by now; of what was approved meanwhile the leader says the same assignment again. */
function stands(
  { repo }: Place,
  ready: Readiness,
  { id }: Proposal,
  issue: Issue | undefined,
): LeftReason | null {
  if (issue === undefined) return GONE
  if (hostOf(repo).loop.view().state.assignments.has(id)) return null
  const candidate = candidateOf(issue)
  return ready.obstacle(candidate) ?? ready.touched.obstacle(candidate)
}

function failedBy({ id, order: { task } }: Proposal, { kind, note, next }: LeftReason): Failed {
  return { id, task, code: kind, note, next }
}

interface Giving {
  readonly place: Place
  readonly party: Party
  readonly proposal: Proposal
  readonly issue: Issue
}

async function give(parts: Parts, giving: Giving, signal: AbortSignal) {
  const { place, party, proposal, issue } = giving
  const { peer, machine, order, id } = proposal
  const prepared = await prepareIssue(parts, place, party, issue, { again: false })
  const prompt = promptOf({
    ...{ issue, plan: prepared.terms.plan, more: null },
    others: touchedByOthers(place, order),
  })
  const assigned = await withPatience(signal, () =>
    giveWork(parts, place, {
      ...{ party, worker: { peer, machine }, prepared, again: false, key: null, proposal: id },
      order: firstOrder({ ...order, prompt }),
    }),
  )
  return { assigned, warnings: prepared.warnings }
}

export function touchedByOthers(
  { repo }: Place,
  { task }: Pick<AssignmentOrder, 'task'>,
): readonly string[] {
  const all = [...hostOf(repo).loop.view().state.assignments.values()]
  const others = all.filter((one) => one.task !== task && !isAssignmentOver(one.state))
  return [...new Set(others.flatMap(({ files }) => files))]
}

const PAUSES_MS = [500, 1_000, 2_000]
const PASSING: ReadonlySet<string> = new Set(['PEER_UNREACHABLE', 'NO_QUORUM', 'BUSY'])

/** What passes is tried again, under the proposal's own id; a refusal is an answer. */
async function withPatience<Value>(signal: AbortSignal, act: () => Promise<Value>): Promise<Value> {
  for (const pause of PAUSES_MS) {
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof SkeinError) || !PASSING.has(error.code)) throw error
      await delay(pause, undefined, { signal })
    }
  }
  return act()
}
