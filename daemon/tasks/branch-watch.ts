// Once an hour each repository's remote is asked which branches it has, if sessions of this machine work on tasks there. A
// branch that is gone, twice asked and with ten minutes between, ends its task: it was merged, or thrown away.
//
// 1. Only a branch that was at the remote can be gone from it: one that was never pushed is young.
// 2. A remote that does not answer says nothing.
import type { ClaimId } from '../../protocol/index.ts'
import type { Git } from '../git.ts'
import type { History } from '../git-history.ts'
import type { Log } from '../log.ts'
import type { Clock } from '../ports.ts'
import type { Repo, Repos } from '../repos.ts'

export interface BranchWatch {
  stop(): Promise<void>
}

export interface BranchWatchOptions {
  readonly repos: Pick<Repos, 'all'>
  readonly git: Pick<Git, 'findCheckout'>
  readonly history: Pick<History, 'remoteBranches' | 'wasFetched'>
  readonly clock: Pick<Clock, 'uptime'>
  readonly peer: string
  readonly log: Pick<Log, 'info' | 'warn'>
}

const LOOK_MS = 5_000
export const ASK_MS = 3_600_000
/** Between the two answers that make a branch gone. */
export const CONFIRM_MS = 600_000

export function startBranchWatch(options: BranchWatchOptions): BranchWatch {
  const worker = new BranchWorker(options)
  const ending = new AbortController()
  let running: Promise<void> | null = null
  const timer = setInterval(() => {
    running ??= worker.look(ending.signal).finally(() => {
      running = null
    })
  }, LOOK_MS)
  timer.unref()
  return {
    async stop() {
      clearInterval(timer)
      ending.abort()
      await running
    },
  }
}

/** A claim whose branch was missed: which, and when first, by uptime. */
interface Missed {
  readonly branch: string
  readonly atMs: number
}

export class BranchWorker {
  readonly #options: BranchWatchOptions
  /** When each repository's remote is asked next, by uptime. */
  readonly #nextAt = new Map<string, number>()
  readonly #missed = new Map<string, ReadonlyMap<ClaimId, Missed>>()
  /** Branches of claims that the remote had when it was asked last, by repository. */
  readonly #seen = new Map<string, ReadonlySet<string>>()

  constructor(options: BranchWatchOptions) {
    this.#options = options
  }

  /** Asks every remote whose time has come. Does not reject. */
  async look(signal: AbortSignal): Promise<void> {
    const { repos, clock, log } = this.#options
    for (const repo of repos.all()) {
      const claims = this.#tasksOf(repo)
      if (claims.length === 0 || clock.uptime() < (this.#nextAt.get(repo.id) ?? 0)) continue
      this.#nextAt.set(repo.id, clock.uptime() + ASK_MS)
      try {
        await this.#ask(repo, claims, signal)
      } catch (error) {
        if (signal.aborted) return
        const message = error instanceof Error ? error.message : String(error)
        log.warn({ repo: repo.id, error: message }, 'whether branches of tasks are gone is unknown')
      }
    }
  }

  /** Tasks of this machine's sessions that are worked on at a branch. */
  #tasksOf({ host }: Repo): readonly BranchClaim[] {
    if (host === null) return []
    const { peer } = this.#options
    return [...host.loop.view().state.claims.values()].flatMap((claim) => {
      const { id, kind, pattern: task, branch } = claim
      return kind === 'task' && claim.peer === peer && branch !== null ? [{ id, task, branch }] : []
    })
  }

  async #ask(repo: Repo, claims: readonly BranchClaim[], signal: AbortSignal): Promise<void> {
    const { git, history, clock } = this.#options
    const [root] = repo.checkouts
    const checkout = root === undefined ? null : await git.findCheckout(root)
    const branches = checkout && (await history.remoteBranches(checkout, signal))
    // A remote without any branch is a new one, or a wrong one: nothing was ever there to be gone.
    if (checkout === null || branches === null || branches.size === 0) return
    const now = clock.uptime()
    const before = this.#missed.get(repo.id)
    const seen = this.#seen.get(repo.id)
    const missed = new Map<ClaimId, Missed>()
    for (const claim of claims) {
      const { id, branch } = claim
      if (branches.has(branch)) continue
      const first = before?.get(id)
      const wasThere =
        first?.branch === branch ||
        seen?.has(branch) === true ||
        (await history.wasFetched(checkout, branch))
      if (!wasThere) continue
      const since = first?.branch === branch ? first.atMs : now
      if (now - since >= CONFIRM_MS) await this.#end(repo, claim)
      else missed.set(id, { branch, atMs: since })
    }
    this.#missed.set(repo.id, missed)
    const present = claims.map(({ branch }) => branch).filter((branch) => branches.has(branch))
    this.#seen.set(repo.id, new Set(present))
    // The second answer is not an hour away.
    if (missed.size > 0) this.#nextAt.set(repo.id, now + CONFIRM_MS)
  }

  async #end(repo: Repo, { id, task, branch }: BranchClaim): Promise<void> {
    await repo.host?.loop.submit({ kind: 'branch-gone', ids: [id], branch })
    const facts = { repo: repo.id, task, branch }
    this.#options.log.info(facts, 'a task is over: its branch is gone from the remote')
  }
}

interface BranchClaim {
  readonly id: ClaimId
  readonly task: string
  readonly branch: string
}
