// What a machine does for its workers: the parts of a daemon, as the steps of a worker ask for them.
import type { AuditEvent, PeerId } from '../../protocol/index.ts'
import { cloneOf } from '../clones.ts'
import { removeCheckout, type Config } from '../config.ts'
import type { Git } from '../git.ts'
import type { History } from '../git-history.ts'
import type { WorkerGit } from '../git-workers.ts'
import type { Log } from '../log.ts'
import type { Clock } from '../ports.ts'
import type { WorkerBlocker } from '../ports-fleet.ts'
import type { Repo, Repos } from '../repos.ts'
import type { Sessions } from '../sessions.ts'
import type { Keeping } from '../wip/keeping.ts'
import { acceptDispatch } from './acceptance.ts'
import type { Job, WorkerAround } from './job.ts'
import type { Limits } from './limits/limits.ts'

export interface FleetOptions {
  readonly home: string
  readonly self: PeerId
  readonly machineOf: (peer: PeerId) => string
  readonly config: Config
  readonly repos: Pick<Repos, 'all' | 'get'>
  readonly git: Pick<Git, 'findCheckout' | 'originUrl'>
  readonly history: Pick<History, 'trunk'>
  readonly workerGit: WorkerGit
  readonly keeping: Pick<Keeping, 'keepAll'>
  /** @returns whether the kept work lies in the checkout now, whole and without a conflict */
  readonly restore: (repo: Repo, root: string, wip: string) => Promise<boolean>
  readonly sessions: Pick<Sessions, 'noteActivity'>
  readonly clock: Clock
  /** The daemon's environment, without what says whose it is. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly supervisor: readonly string[]
  readonly bridge: readonly string[]
  readonly watch: (listener: (event: AuditEvent) => void) => () => void
  readonly log: Log
}

export function surroundings(
  options: FleetOptions,
  limits: Limits,
  admit: (job: Job) => WorkerBlocker | null,
): WorkerAround {
  const { home, git, workerGit, env, supervisor, bridge, config, self, machineOf } = options
  const { keeping, restore, clock, log } = options
  return {
    ...{ home, git: workerGit, env, supervisor, bridge, machine: machineOf(self), admit },
    cloneOf: (repo) => cloneOf(options, repo),
    now: () => clock.monotonic(),
    wall: () => clock.wall(),
    accept: ({ repo, assignment: { launcher, operator } }) => {
      const { peer } = operator
      const dispatch = { repo: repo.id, launcher, peer, machine: machineOf(peer) }
      return acceptDispatch(config, self, dispatch)
    },
    budgetOf: () => limits.budget(),
    spend: (run, usd) => limits.spend(run, usd),
    runMsMax: limits.runMsMax,
    pause: (launcher, untilMs) => {
      limits.pause(launcher, untilMs)
    },
    restoreWork: restore,
    // Where there is no worktree, or none yet, git would find whatever lies around it: the home may be in a checkout.
    keepWork: async (repo, of) => {
      const there = await git.findCheckout(of.root)
      return there?.root === of.root ? keeping.keepAll(repo, of) : null
    },
    forget: (repo, root) => {
      const at = repo.checkouts.indexOf(root)
      if (at >= 0) repo.checkouts.splice(at, 1)
      removeCheckout(home, repo.id, root)
    },
    note: ({ id, task }, what, facts = {}) => {
      log.info({ assignment: id, task, ...facts }, what)
    },
  }
}
