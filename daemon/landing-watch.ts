// Work lands by other ways than the holder's own push, too: a pull request that is merged, another clone. Each fetch brings the
// commits, and their trailers name the claims that they were made under.
//
// 1. Only a claim of which everything has landed ends: in every checkout where its session works, nothing of its files is changed,
//    and the branch there has them as the default branch does. A merge that squashes leaves the branch's own commits behind.
// 2. Where the session works is known from its calls. What is not known is not guessed: its claim ends by its time.
import { asClaimId, judgeable, matchesPath, type LedgerClaim } from '../protocol/index.ts'
import type { Git } from './git.ts'
import type { History } from './git-history.ts'
import { landedClaims } from './landing.ts'
import type { Log } from './log.ts'
import type { Repo, Repos } from './repos.ts'
import { submit } from './submit.ts'
import type { WorkPlaces } from './wip/places.ts'

export interface LandingWatch {
  stop(): Promise<void>
}

export interface LandingWatchOptions {
  readonly repos: Pick<Repos, 'all'>
  readonly git: Pick<Git, 'findCheckout' | 'changedFiles'>
  readonly history: Pick<History, 'trunk' | 'claimsNamed' | 'differing'>
  readonly places: Pick<WorkPlaces, 'of'>
  readonly peer: string
  readonly log: Pick<Log, 'info' | 'warn'>
}

const LOOK_MS = 5_000

export function startLandingWatch(options: LandingWatchOptions): LandingWatch {
  const worker = new LandingWorker(options)
  let running: Promise<void> | null = null
  const timer = setInterval(() => {
    running ??= worker.look().finally(() => {
      running = null
    })
  }, LOOK_MS)
  timer.unref()
  return {
    async stop() {
      clearInterval(timer)
      await running
    },
  }
}

class LandingWorker {
  readonly #options: LandingWatchOptions
  /** The tip of each clone's default branch that was looked at last. */
  readonly #seen = new Map<string, string>()
  /** By repository: named on its default branch, and not over yet. */
  readonly #named = new Map<string, ReadonlySet<string>>()

  constructor(options: LandingWatchOptions) {
    this.#options = options
  }

  /** Does not reject. */
  async look(): Promise<void> {
    for (const repo of this.#options.repos.all()) {
      const own = this.#ownOf(repo)
      if (own.length === 0 || !repo.config.release_on_landing) continue
      try {
        await this.#lookAt(repo, own)
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        this.#options.log.warn({ repo: repo.id, error: message }, 'what has landed is unknown')
      }
    }
  }

  #ownOf({ host }: Repo): readonly LedgerClaim[] {
    const claims = [...(host?.loop.view().state.claims.values() ?? [])]
    return claims.filter(
      ({ peer, kind }) => peer === this.#options.peer && kind !== 'task' && kind !== 'resource',
    )
  }

  async #lookAt(repo: Repo, own: readonly LedgerClaim[]): Promise<void> {
    const named = new Set(this.#named.get(repo.id))
    for (const root of repo.checkouts) for (const id of await this.#newIn(repo, root)) named.add(id)
    const landing = own.filter(({ id }) => named.has(id))
    // Looked at again while files of it are still changed.
    this.#named.set(repo.id, new Set(landing.map(({ id }) => id)))
    for (const claim of landing)
      if (await this.#hasLanded(repo, claim)) await this.#end(repo, claim)
  }

  /** What the commits name that the default branch has got since the last look. */
  async #newIn({ config }: Repo, root: string): Promise<readonly string[]> {
    const { git, history } = this.#options
    const checkout = await git.findCheckout(root)
    const trunk = checkout && (await history.trunk(checkout, config.default_branch))
    if (checkout === null || trunk?.remote == null) return []
    const key = `${checkout.commonDir} ${trunk.remote}`
    const found = await history.claimsNamed(checkout, trunk.remote, this.#seen.get(key) ?? null)
    if (found === null) return []
    this.#seen.set(key, found.tip)
    return found.claims
  }

  async #hasLanded(repo: Repo, claim: LedgerClaim): Promise<boolean> {
    const { git, history, places } = this.#options
    const roots = places.of(repo.id, claim.session)
    const scope = judgeable(claim, { caseExact: repo.config.case === 'exact' })
    if (roots.length === 0 || !('compiled' in scope)) return false
    for (const root of roots) {
      const checkout = await git.findCheckout(root)
      // A worktree that is gone has nothing to lose.
      if (checkout === null) continue
      const place = { checkout, config: repo.config }
      const { done } = await landedClaims({ git }, place, [claim])
      const trunk = await history.trunk(checkout, repo.config.default_branch)
      if (done.length === 0 || trunk?.remote == null) return false
      const files = await history.differing(checkout, trunk.remote)
      if (files.some((file) => matchesPath(scope.compiled, file))) return false
    }
    return true
  }

  async #end({ id, host }: Repo, claim: LedgerClaim): Promise<void> {
    if (host === null) return
    await submit(host, { kind: 'end', ids: [asClaimId(claim.id)], reason: 'landed' })
    this.#options.log.info(
      { repo: id, claim: claim.id },
      'its work has landed: a claim is released',
    )
  }
}
