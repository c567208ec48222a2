// What a plan is made of: the open work of the repository's tracker, its ledger, the machines that may take workers, and the
// repositories that it builds on.
import {
  asRepoId,
  isAssignmentOver,
  isUnlanded,
  SkeinError,
  type LedgerState,
  type PeerId,
  type RepoId,
} from '../../protocol/index.ts'
import { clean, type Place } from '../callers.ts'
import type {
  BusyRepository,
  Candidate,
  PlanInput,
  PlanLedger,
  PlanMachine,
} from '../core/fleet/plan-words.ts'
import { askFacts } from '../mesh/facts-questions.ts'
import type { MachineFacts } from '../ports-facts.ts'
import type { Issue, Tracker } from '../ports-tracker.ts'
import { hostOf, type Repo } from '../repos.ts'
import type { Parts } from './context.ts'
import { memberNamed } from './mesh.ts'
import { DEFAULT_LAUNCHER } from './work-order.ts'

/** A deterministic failure is not tried for ever. */
export const ATTEMPTS_MAX = 3
/** A plan that a person reads. */
const PROPOSED = 20
const DEPENDENCIES_MAX = 50

export interface PlanWishes {
  readonly machines?: readonly string[] | undefined
  readonly launcher?: string | undefined
  readonly limit?: number | undefined
}

export interface HeardMachine extends PlanMachine {
  readonly workersMax: number
  readonly doubts: readonly string[]
}

export interface Gathered {
  readonly input: PlanInput
  readonly machines: readonly HeardMachine[]
  readonly issues: ReadonlyMap<string, Issue>
  /** Something open may be missing. */
  readonly isPartial: boolean
  readonly warnings: readonly string[]
}

export function trackerAt({ trackers }: Pick<Parts, 'trackers'>, place: Place): Tracker {
  const { repo, checkout, config } = place
  return trackers.of(
    repo.id,
    checkout === null ? null : { root: checkout.root, planPath: config.plan_path },
  )
}

/** @throws SkeinError TRACKER_*, MEMBER_UNKNOWN */
export async function gatherPlan(
  parts: Parts,
  place: Place,
  wishes: PlanWishes,
  signal: AbortSignal,
): Promise<Gathered> {
  const dependsOn = dependenciesOf(parts, place)
  const [listed, heard] = await Promise.all([
    trackerAt(parts, place).issues(signal),
    hearMachines(parts, place.repo.id, dependsOn, wishes.machines),
  ])
  const { state } = hostOf(place.repo).loop.view()
  const issues = new Map(listed.issues.map((issue) => [issue.task, issue]))
  const input: PlanInput = {
    candidates: listed.issues.filter(({ isOpen }) => isOpen).map(candidateOf),
    ledger: planLedger(state),
    machines: heard.machines,
    silent: heard.silent,
    busy: busyOf(parts, dependsOn),
    settings: {
      launcher: wishes.launcher ?? place.config.fleet.launcher ?? DEFAULT_LAUNCHER,
      model: place.config.fleet.model ?? null,
      labels: Object.entries(place.config.fleet.labels ?? {}),
      ...{ attemptsMax: ATTEMPTS_MAX, limit: wishes.limit ?? PROPOSED },
    },
    caseExact: place.config.case === 'exact',
  }
  const notes = listed.issues.flatMap(({ task, notes: of }) => of.map((note) => `${task}: ${note}`))
  const partial = listed.isPartial ? ['more is open than is read: the rest is not planned'] : []
  return {
    ...{ input, issues, machines: heard.machines },
    isPartial: listed.isPartial || listed.problems.length > 0,
    warnings: [...listed.problems, ...partial, ...notes, ...heard.doubts].map(clean).slice(0, 100),
  }
}

export function planLedger(state: LedgerState): PlanLedger {
  const { assignments, claims, queue, completed } = state
  return {
    ...{ assignments: [...assignments.values()], claims: [...claims.values()] },
    ...{ queue: [...queue.values()], completed },
  }
}

const MODEL_LABEL = 'model:'

export function candidateOf(issue: Issue): Candidate {
  const { task, title, labels, files, after, capabilities } = issue
  const own = labels.find((label) => label.startsWith(MODEL_LABEL))?.slice(MODEL_LABEL.length)
  const model = own === undefined || own === '' ? null : own
  return { task, title: clean(title), labels, files, after, capabilities, model }
}

interface Heard {
  readonly machines: readonly HeardMachine[]
  readonly silent: readonly string[]
  readonly doubts: readonly string[]
}

/** Those that have the repository; one that does not answer is told so. */
async function hearMachines(
  parts: Parts,
  repo: RepoId,
  dependsOn: readonly RepoId[],
  wanted: readonly string[] | undefined,
): Promise<Heard> {
  const { mesh } = parts
  const there = mesh.state().repos.get(repo)?.machines ?? []
  const peers =
    wanted === undefined || wanted.length === 0
      ? [...new Set([mesh.self, ...there])]
      : [...new Set(wanted.map((name) => memberNamed(parts, name).peer))]
  const nameOf = (peer: PeerId): string => mesh.member(peer)?.machine ?? peer
  const answers = await Promise.all(
    peers.map(async (peer) => ({ peer, facts: await factsOf(parts, peer, repo, dependsOn) })),
  )
  const machines = answers.flatMap(({ peer, facts }) =>
    facts === null ? [] : [heardOf(peer, nameOf(peer), facts)],
  )
  return {
    machines: machines.sort((a, b) => (a.machine < b.machine ? -1 : 1)),
    silent: answers.filter(({ facts }) => facts === null).map(({ peer }) => nameOf(peer)),
    doubts: machines.flatMap(({ machine, doubts }) =>
      doubts.map((doubt) => `${machine}: ${doubt}`),
    ),
  }
}

async function factsOf(
  { mesh, facts }: Parts,
  peer: PeerId,
  repo: RepoId,
  dependsOn: readonly RepoId[],
): Promise<MachineFacts | null> {
  if (peer === mesh.self) return facts.of(peer, repo, dependsOn)
  try {
    return await askFacts(mesh, peer, { repo, dependsOn })
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error
    return null
  }
}

function heardOf(peer: PeerId, machine: string, facts: MachineFacts): HeardMachine {
  const { launchers, stale, ...rest } = facts
  const there = launchers.filter(({ isThere }) => isThere).map(({ name }) => name)
  return { ...{ peer, machine, stale }, ...rest, launchers: there }
}

/** With what those build on, as far as this machine has them. */
function dependenciesOf({ repos }: Parts, { repo, config }: Place): readonly RepoId[] {
  const found = new Set<RepoId>()
  const open = [...config.depends_on]
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    const id = asRepoId(next)
    if (id === repo.id || found.has(id) || found.size >= DEPENDENCIES_MAX) continue
    found.add(id)
    open.push(...(repos.all().find((each) => each.id === id)?.config.depends_on ?? []))
  }
  return [...found]
}

function busyOf({ repos }: Parts, dependsOn: readonly RepoId[]): readonly BusyRepository[] {
  return dependsOn.flatMap((id) => {
    const repo = repos.all().find((each) => each.id === id)
    const busy = repo === undefined ? null : workIn(repo)
    return busy === null ? [] : [busy]
  })
}

function workIn({ id: repo, host }: Repo): BusyRepository | null {
  const all = [...(host?.loop.view().state.assignments.values() ?? [])]
  const first = all.find(
    (one) => one.type === 'work' && (!isAssignmentOver(one.state) || isUnlanded(one)),
  )
  if (first === undefined) return null
  const { task, title, machine: who, state, stateAtMs: sinceMs } = first
  const how = isUnlanded(first) ? 'has not landed' : state
  return { repo, note: `${task} (${title}) ${how} on ${who}`, sinceMs, who }
}
