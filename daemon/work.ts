// What is kept of work on this machine: where sessions work, what they leave behind, and the workers that work for it.
import { withoutIdentity } from './client/caller.ts'
import type { Operations } from './client/operations.ts'
import type { Config } from './config.ts'
import type { Feed } from './feed.ts'
import type { Git } from './git.ts'
import type { History } from './git-history.ts'
import { createLandingGit } from './git-landing.ts'
import { createWorkerGit } from './git-workers.ts'
import { createWorktree } from './git-worktree.ts'
import type { HostMachine } from './host-machine.ts'
import { createHousekeeping, type Housekeeping } from './housekeeping.ts'
import type { MeshLine } from './in-mesh.ts'
import type { Log } from './log.ts'
import type { MachineKey } from './machine-key.ts'
import type { Mesh } from './mesh/mesh.ts'
import type { Facts } from './ports-facts.ts'
import type { Fleet } from './ports-fleet.ts'
import type { LandingParts } from './ports-landing.ts'
import type { Trackers } from './ports-tracker.ts'
import { ownWords, programWords } from './programs.ts'
import { helperFolder } from './push/helper-folder.ts'
import type { Repo, Repos } from './repos.ts'
import { keepFacts, keepFleet, keepLanding, keepWork, openTrackers } from './rounds.ts'
import type { Sessions } from './sessions.ts'
import type { Teardown } from './teardown.ts'
import type { WorkPlaces } from './wip/places.ts'
import { putBack } from './wip/put-back.ts'
import type { Wip } from './wip/wip.ts'

export interface WorkersOptions {
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** This machine's in the mesh. */
  readonly name: string
  readonly key: MachineKey
  readonly machine: HostMachine
  readonly line: MeshLine
  readonly config: Config
  readonly sessions: Sessions
  readonly feed: Feed
  readonly log: Log
  readonly repos: Repos
  readonly git: Git
  readonly history: History
  readonly mesh: Mesh
}

export interface Kept {
  readonly places: WorkPlaces
  readonly wip: Wip
  readonly fleet: Fleet
  readonly facts: Facts
  readonly trackers: Trackers
  readonly landing: LandingParts
  readonly housekeeping: Housekeeping
}

/** @param held what happened since the ledgers were opened, and what happens from now on */
export function keepWorkers(
  options: WorkersOptions,
  held: Operations['watch'],
  stack: Teardown,
): Kept {
  const { home, env, name, key, machine, line, config, sessions, feed, log } = options
  const { repos, git, history, mesh } = options
  const { clock, random } = machine
  const kept = keepWork({ env, home, repos, git, clock, machine: name, random, log }, held, stack)
  const programs = programsOf(home, env)
  const trackers = openTrackers({ config, env, clock })
  const worktree = createWorktree(env)
  const around = {
    ...{ home, self: key.peer, machineOf: line.nameOf, config, repos, git, history, mesh },
    ...{ keeping: kept.wip.keeping, sessions, clock, watch: feed.watch, log },
    ...programs,
    restore: (repo: Repo, root: string, id: string) =>
      putBack({ wip: kept.wip, git, worktree }, repo, root, id),
  }
  const fleet = keepFleet(around, stack)
  const landing = keepLanding(
    {
      ...{ home, self: key.peer, machine: name, config, repos, git, history, sessions, trackers },
      ...{ clock, random, watch: feed.watch, log },
      ...{ landingGit: programs.landingGit, commandEnv: programs.env },
    },
    stack,
  )
  const housekeeping = createHousekeeping({
    ...{ env: programs.env, trust: landing.trust, now: () => clock.monotonic() },
  })
  return { ...kept, fleet, facts: keepFacts(around), trackers, landing, housekeeping }
}

/** How this machine starts workers, and brings their work to remotes. */
function programsOf(home: string, given: WorkersOptions['env']) {
  // A daemon that a hook of git has started has variables that name another checkout.
  const own = Object.entries(withoutIdentity(given)).filter(([name]) => !PLACES_OF_GIT.has(name))
  const env = { ...Object.fromEntries(own), SKEIN_HOME: home }
  const helper = programWords('git-remote-skein.ts')
  const around = { env, helperFolder: () => helperFolder(home, helper) }
  const [workerGit, landingGit] = [createWorkerGit(around), createLandingGit(around)]
  const supervisor = programWords('fleet/supervisor.ts')
  return { env, workerGit, landingGit, supervisor, bridge: [...ownWords(), 'mcp'] }
}

const PLACES_OF_GIT: ReadonlySet<string> = new Set([
  ...['GIT_DIR', 'GIT_WORK_TREE', 'GIT_COMMON_DIR', 'GIT_INDEX_FILE', 'GIT_PREFIX'],
  'GIT_OBJECT_DIRECTORY',
])
