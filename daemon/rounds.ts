// What a daemon does beside answering calls, each part of it started here and ended with the daemon.
import { SkeinError } from '../protocol/index.ts'
import type { Operations } from './client/operations.ts'
import { createFacts, type FactsOptions } from './facts/facts.ts'
import { askLauncher } from './facts/asking.ts'
import { createProbes } from './facts/probes.ts'
import { acceptDispatch, mostWorkers } from './fleet/acceptance.ts'
import { createChecks, type ChecksOptions } from './checks/checks.ts'
import { openTrust } from './checks/trust.ts'
import type { FleetOptions } from './fleet/around.ts'
import { startFleet } from './fleet/fleet.ts'
import { findLauncher, launcherNames } from './fleet/launchers.ts'
import { startFenceRound, type FenceRoundOptions } from './fence/round.ts'
import { takeNotes } from './guard/offline.ts'
import { recordTold } from './guard/record.ts'
import { hearOfWritten } from './guard/telling.ts'
import { startLandingWatch, type LandingWatchOptions } from './landing-watch.ts'
import type { Log } from './log.ts'
import { answerFacts } from './mesh/facts-questions.ts'
import { answerFleet } from './mesh/fleet-questions.ts'
import type { Mesh } from './mesh/mesh.ts'
import { startQueue, type QueueOptions } from './merge/queue.ts'
import { startMemory } from './memory.ts'
import { startNotifyRound, type NotifyRoundOptions } from './notify-round.ts'
import type { Parts } from './operations/context.ts'
import { fenceFacts } from './operations/fence.ts'
import { startPlanningRound, type PlanningRoundOptions } from './planning-round.ts'
import type { Clock } from './ports.ts'
import type { SymbolIndex } from './ports-symbols.ts'
import type { Facts } from './ports-facts.ts'
import type { Fleet } from './ports-fleet.ts'
import type { Trackers } from './ports-tracker.ts'
import type { LandingParts } from './ports-landing.ts'
import { startTelling, type TellingOptions } from './refactor/tell-users.ts'
import { startReleasing, type Releasing } from './releasing.ts'
import { startRetention, type RetentionOptions } from './retention.ts'
import type { Repos } from './repos.ts'
import { createRuns } from './runs.ts'
import { createSymbols } from './symbols/symbols.ts'
import { readPlans } from './tasks/plans.ts'
import { startBranchWatch, type BranchWatchOptions } from './tasks/branch-watch.ts'
import type { Teardown } from './teardown.ts'
import { startCollecting } from './wip/collecting.ts'
import { openWorkPlaces, type WorkPlaces } from './wip/places.ts'
import { openWip, type Wip } from './wip/wip.ts'
import { createTrackers, type TrackersOptions } from './tracker/trackers.ts'
import { startUpkeep, type UpkeepOptions } from './upkeep.ts'
import type { ReadOnly } from './watching/read-only.ts'
import { startWatching, type WatchingOptions } from './watching/watching.ts'
import { startWebhooks, type Webhooks, type WebhooksOptions } from './webhooks/webhooks.ts'

/** Parts that answer calls and work between them. */
export function startServices(
  options: Omit<WebhooksOptions, 'random' | 'log'> & { readonly log: Log; readonly repos: Repos },
  stack: Teardown,
): {
  readonly releasing: Releasing
  readonly webhooks: Webhooks
  readonly symbols: SymbolIndex
} {
  const { home, repos, log } = options
  return {
    releasing: keepReleasing(home, repos, log, stack),
    webhooks: keepSending({ ...options, random: Math.random }, stack),
    symbols: startSymbols(log, stack),
  }
}

/** Goes on with what was released without a majority. */
function keepReleasing(home: string, repos: Repos, log: Log, stack: Teardown): Releasing {
  const releasing = startReleasing({ home, hosts: () => repos.all(), log })
  stack.add(() => {
    releasing.stop()
  })
  return releasing
}

/** Keeps the work of sessions that lose their claims, and knows where they work. */
export function keepWork(
  options: WorkOptions,
  watch: Operations['watch'],
  stack: Teardown,
): { readonly places: WorkPlaces; readonly wip: Wip } {
  const { env, home, clock, log } = options
  const places = openWorkPlaces({ home, log, wallMs: () => clock.wall() })
  stack.add(() => {
    places.stop()
  })
  const wip = openWip(env, { ...options, places })
  const unwatch = watch(wip.keeping.hear)
  stack.add(async () => {
    unwatch()
    await wip.keeping.stop()
  })
  return { places, wip }
}

type WorkOptions = Omit<Parameters<typeof openWip>[1], 'places'> & {
  readonly env: Parameters<typeof openWip>[0]
  readonly home: string
}

/** The workers of this machine go on without it, and are found again. */
export function keepFleet(options: FleetOptions & { readonly mesh: Mesh }, stack: Teardown): Fleet {
  const fleet = startFleet(options)
  stack.add(() => fleet.stop())
  answerFleet(options.mesh, fleet, (id, assignment) => {
    const repo = options.repos.all().find((each) => each.id === id)
    return repo?.host?.loop.view().state.assignments.has(assignment) === true
  })
  return fleet
}

/** Where the work of repositories is written down. */
export function openTrackers(options: TrackersOptions): Trackers {
  return createTrackers(options)
}

/** What this machine tells of itself to whoever plans. */
export function keepFacts(
  options: FleetOptions & Pick<FactsOptions, 'history'> & { readonly mesh: Mesh },
): Facts {
  const { home, self, config, repos, git, history, env, clock, machineOf } = options
  const launchers = (): readonly { readonly name: string; readonly command: string }[] =>
    launcherNames(config).map((name) => ({
      ...{ name, command: findLauncher(config, name)?.command ?? '' },
    }))
  const facts = createFacts({
    ...{ home, self, config, repos, git, history, launchers },
    probes: createProbes({ env, now: () => clock.monotonic() }),
    workersMax: () => mostWorkers(config),
    refusal: (peer, repo) => {
      const [launcher = ''] = launcherNames(config)
      return refusalOf(() => {
        acceptDispatch(config, self, { repo, launcher, peer, machine: machineOf(peer) })
      })
    },
    quiet: () => null,
    ask: (launcher, question, signal) => askLauncher({ config, env }, launcher, question, signal),
  })
  answerFacts(options.mesh, facts)
  return facts
}

function refusalOf(accept: () => void): string | null {
  try {
    accept()
    return null
  } catch (error) {
    if (error instanceof SkeinError) return error.message
    throw error
  }
}

/** Judges what workers have done, and brings it to the branches that it is for. */
export function keepLanding(options: LandingOptions, stack: Teardown): LandingParts {
  const { home, landingGit: git, clock, config, random } = options
  const now = (): number => clock.wall()
  const trust = openTrust(home)
  const { check_time: secondsMax = CHECK_SECONDS_MAX, land } = config.fleet
  const checks = createChecks({
    home,
    env: options.commandEnv,
    git,
    trust,
    secondsMax,
    now,
    random,
  })
  stack.add(() => checks.stop())
  const queue = startQueue({
    ...{ ...options, landing: { git, checks }, isAuto: land === 'auto' },
    needsOf: async ({ config: { plan_path: place } }, root) => {
      const { plans } = await readPlans(root, place)
      const tasks = plans.flatMap((plan) => plan.tasks)
      return new Map(tasks.map(({ id, blockedBy }) => [id, blockedBy]))
    },
  })
  stack.add(() => queue.stop())
  return { trust, checks, runs: createRuns({ now, random }), git, queue }
}

const CHECK_SECONDS_MAX = 20 * 60

type LandingOptions = Omit<QueueOptions, 'landing' | 'needsOf' | 'isAuto'> & {
  readonly config: FleetOptions['config']
  readonly landingGit: LandingParts['git']
  readonly commandEnv: ChecksOptions['env']
}

/** Sends what happens to whoever asked for it in config.yml. */
function keepSending(options: WebhooksOptions, stack: Teardown): Webhooks {
  const webhooks = startWebhooks(options)
  stack.add(() => webhooks.stop())
  return webhooks
}

/** Its thread starts with the first file that is to be parsed. */
function startSymbols(log: Log, stack: Teardown): SymbolIndex {
  const symbols = createSymbols({ log })
  stack.add(() => symbols.stop())
  return symbols
}

/** What hooks noted while no daemon ran; nobody waits for it. */
export function takeUpNotes(home: string, operations: Operations, log: Log, clock: Clock): void {
  takeNotes(home, operations, log, clock.wall()).catch((error: unknown) => {
    log.warn({ error: String(error) }, 'what hooks noted could not be taken up')
  })
}

type RoundsOptions = Omit<UpkeepOptions, 'keeping'> &
  Pick<Parts, 'wip'> &
  BranchWatchOptions &
  LandingWatchOptions &
  Omit<RetentionOptions, 'mesh'> &
  FenceOptions &
  WatchOptions
type WatchOptions = Omit<WatchingOptions, 'readOnly'> & {
  readonly readOnly: ReadOnly
  readonly config: { readonly read_only: boolean }
}
type FenceOptions = Omit<FenceRoundOptions, 'factsOf'> & Pick<Parts, 'mesh' | 'about'>

/** What a daemon does without being asked, for its own sessions and for the machine that it runs on. */
export function startRounds(
  {
    host,
    ...options
  }: RoundsOptions & TellingOptions & { readonly host: RetentionOptions['mesh'] },
  stack: Teardown,
): void {
  const memory = startMemory()
  stack.add(() => {
    memory.stop()
  })
  const { keeping, refs } = options.wip
  const upkeep = startUpkeep({ ...options, keeping })
  stack.add(() => {
    upkeep.stop()
  })
  const retention = startRetention({ ...options, mesh: host })
  stack.add(() => {
    retention.stop()
  })
  const collecting = startCollecting({ ...options, keeping, refs })
  stack.add(() => collecting.stop())
  const branches = startBranchWatch(options)
  stack.add(() => branches.stop())
  const landing = startLandingWatch(options)
  stack.add(() => landing.stop())
  const telling = startTelling(options)
  stack.add(() => telling.stop())
  keepFences(options, stack)
  keepWatching(options, stack)
}

/** Work that goes on without a person, where this machine wants that. */
export function startByItself(
  options: PlanningRoundOptions & NotifyRoundOptions,
  stack: Teardown,
): void {
  for (const round of [startPlanningRound(options), startNotifyRound(options)])
    if (round !== null) stack.add(() => round.stop())
}

/** Sees writes that went past every hook, and hears of those that other machines saw. */
function keepWatching(options: WatchOptions, stack: Teardown): void {
  const { mesh, config, repos, readOnly } = options
  hearOfWritten(mesh, (id, written) => {
    const repo = repos.all().find((each) => each.id === id && each.host !== null)
    if (repo !== undefined) recordTold(options, repo, written)
  })
  if (!config.read_only) readOnly.release()
  const watching = startWatching({ ...options, readOnly: config.read_only ? readOnly : null })
  stack.add(async () => {
    await watching.stop()
    readOnly.release()
  })
}

/** Tells the remotes of fenced clones what changed hands. */
function keepFences(options: FenceOptions, stack: Teardown): void {
  const factsOf: FenceRoundOptions['factsOf'] = ({ id, host, config }) =>
    host === null ? null : fenceFacts(options, id, host, config.case === 'exact')
  const round = startFenceRound({ ...options, factsOf })
  stack.add(() => round.stop())
}
