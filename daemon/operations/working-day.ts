// `done` and `resume`: where the work of a repository stands, and the end of a working day. All of it is read from the ledger; a day
// leaves one word behind, that it was ended.
import {
  isAssignmentOver,
  isUnlanded,
  iso,
  type Assignment,
  type AssignmentState,
  type OperationInput,
  type OperationResult,
} from '../../protocol/index.ts'
import { clean, type Place } from '../callers.ts'
import { hostOf } from '../repos.ts'
import { asOf, type Handler, type Parts } from './context.ts'
import { tellWorkers } from './fleet-words.ts'
import { proposalJson } from './planning-words.ts'

type Done = OperationResult<'done'>
type Standing = Omit<Done, 'ended' | 'housekeeping' | 'warnings'>
type Cost = Done['costs'][number]

export const done: Handler<OperationInput<'done'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  await parts.callers.party(input, context, place)
  const standing = await standingOf(parts, place)
  const ended = standing.running.length === 0 || input.keep_running === true
  if (ended) parts.days.end(place.repo.id, parts.clock.wall())
  const kept = ended ? await housekeep(parts, place, context.signal) : NOTHING_KEPT
  const result: Done = { ended, ...standing, ...kept }
  return result
}

type Kept = Pick<Done, 'housekeeping' | 'warnings'>

const NOTHING_KEPT: Kept = { housekeeping: [], warnings: [] }

/** In the caller's checkout, by what a person here approved. */
async function housekeep(
  { housekeeping }: Parts,
  { repo, checkout, config }: Place,
  signal: AbortSignal,
): Promise<Kept> {
  if (checkout === null) return NOTHING_KEPT
  const told = await housekeeping.run(repo.id, checkout.root, config.commands, signal)
  if (told.kind === 'done') return { housekeeping: told.ran, warnings: [] }
  const why = 'housekeeping did not run: nobody here approved these commands (skein trust)'
  return { housekeeping: [], warnings: [why, ...told.diff.map(clean)] }
}

export const resume: Handler<OperationInput<'resume'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  parts.callers.asker(input, context)
  const endedAtMs = parts.days.endedAtMs(place.repo.id)
  const { assignments, proposals } = hostOf(place.repo).loop.view().state
  const isGivenSince = [...assignments.values()].some((one) => one.assignedAtMs > (endedAtMs ?? 0))
  const result: OperationResult<'resume'> = {
    clean: endedAtMs !== null && !isGivenSince,
    ended_at: endedAtMs === null ? null : iso(endedAtMs),
    ...(await standingOf(parts, place)),
    proposals: proposals.map(proposalJson),
    as_of: asOf(place.repo),
  }
  return result
}

const FAILED: ReadonlySet<AssignmentState> = new Set(['failed', 'empty', 'lost', 'stopped'])

async function standingOf(parts: Parts, place: Place): Promise<Standing> {
  const all = [...hostOf(place.repo).loop.view().state.assignments.values()]
  const endedAtMs = parts.days.endedAtMs(place.repo.id) ?? 0
  const today = all.filter((one) => one.assignedAtMs > endedAtMs)
  const open = all.filter(({ state }) => !isAssignmentOver(state))
  const [begun] = today.map(({ assignedAtMs }) => assignedAtMs).sort((a, b) => a - b)
  const parted = {
    running: open.filter(({ state }) => state !== 'waiting'),
    waiting: open.filter(({ state }) => state === 'waiting'),
    failed: today.filter((one) => FAILED.has(one.state) && isLast(one, all)),
    unlanded: all.filter((one) => isUnlanded(one) && isLast(one, all)),
    landed: all.filter(({ landing }) => landing?.state === 'landed' && landing.atMs > endedAtMs),
  }
  const told = await tellWorkers(parts, place, Object.values(parted).flat())
  const of = (some: readonly Assignment[]) =>
    told.filter(({ id }) => some.some((one) => one.id === id))
  const costs = costsOf(today)
  return {
    since: begun === undefined ? null : iso(begun),
    ...{ running: of(parted.running), waiting: of(parted.waiting), failed: of(parted.failed) },
    ...{ unlanded: of(parted.unlanded), landed: of(parted.landed), costs },
    cost_usd: costs.reduce((sum, { cost_usd: cost }) => sum + cost, 0),
  }
}

/** What was tried again is told by the last try. */
function isLast({ id, task, type, assignedAtMs }: Assignment, all: readonly Assignment[]): boolean {
  return !all.some(
    (other) =>
      other.id !== id &&
      other.task === task &&
      other.type === type &&
      other.assignedAtMs > assignedAtMs,
  )
}

function costsOf(assignments: readonly Assignment[]): readonly Cost[] {
  const sums = new Map<string, Cost>()
  for (const { launcher, model, costUsd = 0 } of assignments) {
    const key = JSON.stringify([launcher, model])
    const { workers = 0, cost_usd: cost = 0 } = sums.get(key) ?? {}
    sums.set(key, { launcher, model, workers: workers + 1, cost_usd: cost + costUsd })
  }
  return [...sums.values()].sort((a, b) => b.cost_usd - a.cost_usd)
}
