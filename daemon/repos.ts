// The repositories of this machine: which are enrolled, where their checkouts are, and the ledger of each. The mesh ledger
// says what is enrolled; a repository's ledger is founded before it is entered there, so that a ledger which the mesh
// knows and this machine lacks is a loss to be told and never a new beginning.
import {
  asRepoId,
  assert,
  SkeinError,
  type PeerId,
  type RepoId,
  type RepoState,
} from '../protocol/index.ts'
import { CheckoutConfigs, firstConfig } from './checkout-configs.ts'
import { heldIn } from './carried.ts'
import { addCheckout, loadRepoConfig, type Config, type RepoConfig } from './config.ts'
import { mayEnrol, notEnrolled, requireKin, requireLost, requireSameId } from './enrolment.ts'
import { hintedFor } from './failure.ts'
import type { Checkout, Git } from './git.ts'
import { beginAnew, noteRecovered, takePlace } from './ledger-anew.ts'
import { beginLedger, enterLedger, placeOf, type BeginOptions } from './ledger-begin.ts'
import { genesisOf, openLedger, type LedgerHost } from './ledger-host.ts'
import type { Log } from './log.ts'
import { membersOf } from './mesh/members.ts'
import { createMoving, type Moving, type MovingOptions } from './moving.ts'

/** A repository that this machine serves, or says why it cannot. */
export interface Repo {
  readonly id: RepoId
  readonly config: RepoConfig
  /** Null while `problem` says why. */
  readonly host: LedgerHost | null
  readonly problem: SkeinError | null
  /** Absolute roots, the one used last in front. */
  readonly checkouts: string[]
}

/** A repository, and one checkout of it with what its `.skein.yml` says now. */
export interface RepoAt {
  readonly repo: Repo
  readonly checkout: Checkout
  readonly config: RepoConfig
}

export interface Repos {
  all(): readonly Repo[]
  /** @throws SkeinError REPO_NOT_ENROLLED, or the repository's own problem. */
  get(id: RepoId): Repo
  /** The repository of a directory, enrolled on first use when its `.skein.yml` says so. */
  at(directory: string): Promise<RepoAt>
  /** Enrols the repository of a directory whatever its files say. */
  enrol(
    directory: string,
    as: RepoId | null,
  ): Promise<{ repo: Repo; checkout: Checkout; isNew: boolean }>
  /**
   * Begins a repository's ledger anew, one generation higher, after its log was lost or damaged for good. What it held
   * is lost; fences go on rising. The old log is kept aside.
   */
  recover(id: RepoId): Promise<{ repo: Repo; generation: number; keptAt: string | null }>
  /**
   * Begins a repository's ledger anew, one generation higher, with all claims that this machine knows in it: the majority of
   * its voters is lost, which the caller has seen. Another machine may be first; then its ledger is the one.
   */
  beginAnew(id: RepoId): Promise<{ generation: number; isMine: boolean; keptAt: string | null }>
  start(): Promise<void>
  stop(): Promise<void>
}

export interface ReposOptions
  extends BeginOptions, Pick<MovingOptions<Repo>, 'onReplaced' | 'onMoved'> {
  readonly git: Git
  readonly config: Config
  readonly log: Log
}

export function createRepos(options: ReposOptions): Repos {
  return new EnrolledRepos(options)
}

class EnrolledRepos implements Repos {
  readonly #options: ReposOptions
  readonly #repos = new Map<RepoId, Repo>()
  /** One enrolment or opening at a time for each id. */
  readonly #opening = new Map<RepoId, Promise<Repo>>()
  readonly #known = new Map<string, RepoId>()
  readonly #configs = new CheckoutConfigs()
  readonly #guides = new Map<RepoId, () => void>()
  readonly #moving: Moving<Repo>
  /** Old ledgers that were looked for, by the genesis of the one that came in their place. */
  readonly #replacing = new Map<string, Promise<void>>()
  #endFollowing: () => void = () => undefined

  constructor(options: ReposOptions) {
    this.#options = options
    this.#moving = createMoving<Repo>({
      ...options,
      leave: ({ id }) => {
        this.#repos.delete(id)
        this.#guides.get(id)?.()
      },
      enter: ({ id, config, checkouts }) => this.#open(id, config, checkouts),
    })
  }

  all(): readonly Repo[] {
    return [...this.#repos.values()]
  }

  get(id: RepoId): Repo {
    const repo = this.#repos.get(id)
    if (repo !== undefined) return repo
    throw notEnrolled(id, [...this.#repos.keys()])
  }

  async at(directory: string): Promise<RepoAt> {
    const { checkout, config, id } = await this.#identify(directory, null)
    await this.#arrived(id)
    const known = this.#repos.get(id)
    if (known !== undefined) {
      await this.#useCheckout(known, checkout)
      return { repo: known, checkout, config }
    }
    if (!mayEnrol(this.#options.config, config, id, checkout)) {
      const message = `${checkout.root} (${id}) is not enrolled in this mesh`
      const data = { repo: id, checkout: checkout.root }
      throw new SkeinError('REPO_NOT_ENROLLED', message, { data })
    }
    const { repo } = await this.#enrolAs(id, checkout, config)
    return { repo, checkout, config }
  }

  async enrol(
    directory: string,
    as: RepoId | null,
  ): Promise<{ repo: Repo; checkout: Checkout; isNew: boolean }> {
    const { checkout, config, id } = await this.#identify(directory, as)
    await this.#arrived(id)
    const known = this.#repos.get(id)
    if (known !== undefined) {
      await this.#useCheckout(known, checkout)
      return { repo: known, checkout, isNew: false }
    }
    const { repo, isNew } = await this.#enrolAs(id, checkout, config)
    return { repo, checkout, isNew }
  }

  async recover(id: RepoId): Promise<{ repo: Repo; generation: number; keptAt: string | null }> {
    const { machine, mesh } = this.#options
    const lost = this.get(id)
    const known = requireLost(mesh.state().repos.get(id), lost, machine.self)
    const keptAt = machine.storage.setAside(placeOf(id).folder)
    const { generation } = await beginLedger(this.#options, id, known.roots, known.generation)
    const repo = await this.#open(id, lost.config, lost.checkouts)
    this.#options.log.warn({ repo: id, generation, keptAt }, 'a ledger was begun anew')
    return { repo, generation, keptAt }
  }

  async beginAnew(
    id: RepoId,
  ): Promise<{ generation: number; isMine: boolean; keptAt: string | null }> {
    const known = this.#options.mesh.state().repos.get(id)
    const host = hostOf(this.get(id))
    assert(known !== undefined, 'what is served is in the mesh ledger')
    const claims = heldIn(host)
    const anew = await beginAnew(this.#options, known, claims)
    this.#moving.look(this.all())
    const keptAt = await this.#moving.done(id)
    const now = this.#repos.get(id)?.host
    if (anew.isMine && now != null) noteRecovered(this.#options.machine, now, id, claims)
    this.#options.log.warn({ repo: id, ...anew, keptAt }, 'a ledger was begun anew')
    return { ...anew, keptAt }
  }

  async start(): Promise<void> {
    const { mesh, machine } = this.#options
    const states = [...mesh.state().repos.values()]
    const mine = states.filter((state) => state.machines.includes(machine.self))
    await Promise.all(mine.map((state) => this.#openKnown(state)))
    this.#endFollowing = mesh.onChange(() => {
      this.#openArrived()
      this.#openReplaced()
      this.#moving.look(this.all())
    })
    this.#openReplaced()
    this.#moving.look(this.all())
  }

  /** The mesh ledger brought a repository that this machine has, and was not here yet when it started. */
  #openArrived(): void {
    const { mesh, machine, log } = this.#options
    for (const state of mesh.state().repos.values()) {
      const { repo } = state
      if (!state.machines.includes(machine.self)) continue
      if (this.#repos.has(repo) || this.#opening.has(repo) || this.#moving.has(repo)) continue
      const opened = this.#openKnown(state).finally(() => this.#opening.delete(repo))
      opened.catch((error: unknown) => {
        log.error({ repo, error: String(error) }, 'a ledger could not be opened')
      })
      this.#opening.set(repo, opened)
    }
  }

  /** Begun anew by another machine while this one was away: what this one held is in the old ledger, which is moved from. */
  #openReplaced(): void {
    const { mesh, machine, log } = this.#options
    for (const state of mesh.state().repos.values()) {
      const { repo, machines, genesis } = state
      if (machines.includes(machine.self) || this.#replacing.has(genesis)) continue
      if (this.#repos.has(repo) || this.#opening.has(repo) || this.#moving.has(repo)) continue
      const opened = this.#openOld(state)
      opened.catch((error: unknown) => {
        log.error({ repo, error: String(error) }, 'a ledger could not be opened')
      })
      this.#replacing.set(genesis, opened)
    }
  }

  async #openOld(state: RepoState): Promise<void> {
    const old = await genesisOf(this.#options.machine, placeOf(state.repo))
    if (old === null || old.generation >= state.generation) return
    await this.#openKnown({ ...state, genesis: old.hash })
    this.#moving.look(this.all())
  }

  /** Whatever it was on the way to, it has arrived there. */
  async #arrived(id: RepoId): Promise<void> {
    await this.#replacing.get(this.#options.mesh.state().repos.get(id)?.genesis ?? '')
    await this.#moving.done(id)
  }

  async stop(): Promise<void> {
    this.#endFollowing()
    await Promise.allSettled([...this.#opening.values(), ...this.#replacing.values()])
    await this.#moving.stop()
    for (const end of this.#guides.values()) end()
    await Promise.all(this.all().flatMap((repo) => (repo.host === null ? [] : [repo.host.stop()])))
  }

  async #identify(
    directory: string,
    as: RepoId | null,
  ): Promise<{ checkout: Checkout; config: RepoConfig; id: RepoId }> {
    const { git } = this.#options
    const checkout = await git.findCheckout(directory)
    if (checkout === null) {
      throw new SkeinError('REPO_NOT_GIT', `${directory} is not inside a git repository`)
    }
    const config = this.#configs.of(checkout)
    const id = as ?? this.#known.get(checkout.root) ?? (await git.repoIdOf(checkout, config))
    requireSameId(checkout, config, as)
    return { checkout, config, id: config.repo === null ? id : asRepoId(config.repo) }
  }

  /** A further checkout of an enrolled id must share history with it. */
  async #useCheckout(repo: Repo, checkout: Checkout): Promise<void> {
    const at = repo.checkouts.indexOf(checkout.root)
    if (at === 0) return
    if (at < 0) {
      const { git, mesh } = this.#options
      await requireKin(git, mesh.state().repos.get(repo.id), checkout)
      this.#rememberCheckout(repo.id, checkout)
    }
    // Somebody else may have brought it in meanwhile.
    const now = repo.checkouts.indexOf(checkout.root)
    if (now >= 0) repo.checkouts.splice(now, 1)
    repo.checkouts.unshift(checkout.root)
    this.#known.set(checkout.root, repo.id)
  }

  #rememberCheckout(id: RepoId, checkout: Checkout): void {
    addCheckout(this.#options.config.home, id, checkout.root)
  }

  #enrolAs(
    id: RepoId,
    checkout: Checkout,
    config: RepoConfig,
  ): Promise<{ repo: Repo; isNew: boolean }> {
    const opening = this.#opening.get(id)
    if (opening !== undefined) return this.#joinOpening(opening, checkout)
    const started = this.#found(id, checkout, config)
    const opened = started.then(({ repo }) => repo)
    // Whoever started it is told of a failure; nobody else may be waiting.
    opened.catch(() => undefined)
    this.#opening.set(id, opened)
    return started.finally(() => this.#opening.delete(id))
  }

  /** Another checkout is enrolling the id: this one is a further checkout of it. */
  async #joinOpening(
    opening: Promise<Repo>,
    checkout: Checkout,
  ): Promise<{ repo: Repo; isNew: boolean }> {
    const repo = await opening
    await this.#useCheckout(repo, checkout)
    return { repo, isNew: false }
  }

  async #found(
    id: RepoId,
    checkout: Checkout,
    config: RepoConfig,
  ): Promise<{ repo: Repo; isNew: boolean }> {
    const isNew = await enterLedger(this.#options, id, checkout)
    this.#rememberCheckout(id, checkout)
    this.#known.set(checkout.root, id)
    const repo = await this.#open(id, config, [checkout.root])
    this.#options.log.info({ repo: id, checkout: checkout.root }, 'repository enrolled')
    return { repo, isNew }
  }

  async #openKnown(state: RepoState): Promise<Repo> {
    const checkouts = [...(this.#options.config.repos[state.repo] ?? [])]
    for (const root of checkouts) this.#known.set(root, state.repo)
    const config = firstConfig(checkouts) ?? loadRepoConfig(this.#options.config.home)
    await takePlace(this.#options.machine, state)
    return this.#open(state.repo, config, checkouts, state.genesis)
  }

  /** A ledger that cannot be served is told at every call; the others go on. */
  async #open(
    id: RepoId,
    config: RepoConfig,
    checkouts: string[],
    genesis = this.#options.mesh.state().repos.get(id)?.genesis ?? '',
  ): Promise<Repo> {
    const { mesh, log } = this.#options
    const settings = {
      caseExact: config.case === 'exact',
      leaseMs: config.idle_release * 1000,
      key: `${id}#${genesis.slice(0, 16)}`,
      mayHave: (peer: PeerId) =>
        mesh.state().repos.get(id)?.genesis === genesis &&
        membersOf(mesh.state(), id).copies.includes(peer),
    }
    let repo: Repo
    try {
      const host = await openLedger(this.#options.machine, placeOf(id), settings, genesis)
      this.#guides.set(id, mesh.guide(host, id))
      await host.loop.ready()
      repo = { id, config, host, problem: null, checkouts }
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error
      log.error({ repo: id, code: error.code, error: error.message }, 'a ledger is not served')
      const problem = hintedFor(error, mesh.state().repos.get(id))
      repo = { id, config, host: null, problem, checkouts }
    }
    this.#repos.set(id, repo)
    return repo
  }
}

/** The ledger of a repository, or why there is none. */
export function hostOf(repo: Repo): LedgerHost {
  if (repo.host !== null) return repo.host
  throw repo.problem ?? new SkeinError('LEDGER_DAMAGED', `the ledger of ${repo.id} is not served`)
}
