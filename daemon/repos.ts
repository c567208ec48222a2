// The repositories of this machine: which are enrolled, where their checkouts are, and the ledger of each. The mesh ledger
// says what is enrolled; a repository's ledger is founded before it is entered there, so that a ledger which the mesh
// knows and this machine lacks is a loss to be told and never a new beginning.
import path from 'node:path'
import {
  asRepoId,
  SkeinError,
  type PeerId,
  type RepoId,
  type RepoState,
} from '../protocol/index.ts'
import { CheckoutConfigs, firstConfig } from './checkout-configs.ts'
import { addCheckout, loadRepoConfig, type Config, type RepoConfig } from './config.ts'
import { relativeInside } from './folders.ts'
import type { Checkout, Git } from './git.ts'
import { beginLedger, enterLedger, placeOf, type BeginOptions } from './ledger-begin.ts'
import { openLedger, type LedgerHost } from './ledger-host.ts'
import type { Log } from './log.ts'
import { membersOf } from './mesh/members.ts'

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
  start(): Promise<void>
  stop(): Promise<void>
}

export interface ReposOptions extends BeginOptions {
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
  readonly #guides: (() => void)[] = []

  constructor(options: ReposOptions) {
    this.#options = options
  }

  all(): readonly Repo[] {
    return [...this.#repos.values()]
  }

  get(id: RepoId): Repo {
    const repo = this.#repos.get(id)
    if (repo !== undefined) return repo
    const enrolled = [...this.#repos.keys()]
    throw new SkeinError('REPO_NOT_ENROLLED', `${id} is not enrolled in this mesh`, {
      hint:
        enrolled.length === 0
          ? 'skein init'
          : `Enrolled are: ${enrolled.join(', ')}. To enrol: skein init`,
      data: { repo: id, enrolled },
    })
  }

  async at(directory: string): Promise<RepoAt> {
    const { checkout, config, id } = await this.#identify(directory, null)
    const known = this.#repos.get(id)
    if (known !== undefined) {
      await this.#useCheckout(known, checkout)
      return { repo: known, checkout, config }
    }
    if (!this.#mayEnrol(config, id, checkout)) {
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
    const known = this.#repos.get(id)
    if (known !== undefined) {
      await this.#useCheckout(known, checkout)
      return { repo: known, checkout, isNew: false }
    }
    const { repo, isNew } = await this.#enrolAs(id, checkout, config)
    return { repo, checkout, isNew }
  }

  async recover(id: RepoId): Promise<{ repo: Repo; generation: number; keptAt: string | null }> {
    const known = this.#options.mesh.state().repos.get(id)
    const lost = this.get(id)
    if (known === undefined || lost.problem?.code !== 'LEDGER_DAMAGED') {
      throw new SkeinError('FORBIDDEN', `the ledger of ${id} is not damaged: nothing to recover`, {
        hint: 'skein status',
      })
    }
    const keptAt = this.#options.machine.storage.setAside(placeOf(id).folder)
    const { generation } = await beginLedger(this.#options, id, known.roots, known.generation)
    const repo = await this.#open(id, lost.config, lost.checkouts)
    this.#options.log.warn({ repo: id, generation, keptAt }, 'a ledger was begun anew')
    return { repo, generation, keptAt }
  }

  async start(): Promise<void> {
    const { mesh, machine } = this.#options
    const states = [...mesh.state().repos.values()]
    const mine = states.filter((state) => state.machines.includes(machine.self))
    await Promise.all(mine.map((state) => this.#openKnown(state)))
    this.#guides.push(
      mesh.onChange(() => {
        this.#openArrived()
      }),
    )
  }

  /** The mesh ledger brought a repository that this machine has, and was not here yet when it started. */
  #openArrived(): void {
    const { mesh, machine, log } = this.#options
    for (const state of mesh.state().repos.values()) {
      const { repo } = state
      if (!state.machines.includes(machine.self)) continue
      if (this.#repos.has(repo) || this.#opening.has(repo)) continue
      const opened = this.#openKnown(state).finally(() => this.#opening.delete(repo))
      opened.catch((error: unknown) => {
        log.error({ repo, error: String(error) }, 'a ledger could not be opened')
      })
      this.#opening.set(repo, opened)
    }
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.#opening.values())
    for (const end of this.#guides) end()
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
    if (config.repo !== null && as !== null && as !== config.repo) {
      throw new SkeinError(
        'INPUT_USAGE',
        `${checkout.root} says in its .skein.yml that it is ${config.repo}, not ${as}`,
        {
          hint: `skein enrol --as ${config.repo}`,
        },
      )
    }
    return { checkout, config, id: config.repo === null ? id : asRepoId(config.repo) }
  }

  #mayEnrol(config: RepoConfig, id: RepoId, checkout: Checkout): boolean {
    const { config: machine } = this.#options
    const isOf = (out: string): boolean =>
      path.isAbsolute(out) ? relativeInside(out, checkout.root) !== null : out === id
    return config.file !== null && machine.enrol === 'auto' && !machine.exclude.some(isOf)
  }

  /** A further checkout of an enrolled id must share history with it. */
  async #useCheckout(repo: Repo, checkout: Checkout): Promise<void> {
    const at = repo.checkouts.indexOf(checkout.root)
    if (at === 0) return
    if (at < 0) await this.#admitCheckout(repo.id, checkout)
    // Somebody else may have brought it in meanwhile.
    const now = repo.checkouts.indexOf(checkout.root)
    if (now >= 0) repo.checkouts.splice(now, 1)
    repo.checkouts.unshift(checkout.root)
    this.#known.set(checkout.root, repo.id)
  }

  async #admitCheckout(id: RepoId, checkout: Checkout): Promise<void> {
    const known = this.#options.mesh.state().repos.get(id)
    const { commits, isShallow } = await this.#options.git.rootCommits(checkout)
    const isKin =
      known === undefined ||
      known.roots.length === 0 ||
      isShallow ||
      commits.some((commit) => known.roots.includes(commit))
    if (!isKin) {
      const message = `${checkout.root} says it is ${id} but shares no history with it`
      throw new SkeinError('REPO_FOREIGN', message, { data: { repo: id, checkout: checkout.root } })
    }
    this.#rememberCheckout(id, checkout)
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
    return this.#open(state.repo, config, checkouts)
  }

  /** A ledger that cannot be served is told at every call; the others go on. */
  async #open(id: RepoId, config: RepoConfig, checkouts: string[]): Promise<Repo> {
    const { mesh } = this.#options
    const genesis = mesh.state().repos.get(id)?.genesis ?? ''
    const settings = {
      caseExact: config.case === 'exact',
      leaseMs: config.idle_release * 1000,
      key: `${id}#${genesis.slice(0, 16)}`,
      mayHave: (peer: PeerId) => membersOf(mesh.state(), id).copies.includes(peer),
    }
    let repo: Repo
    try {
      const host = await openLedger(this.#options.machine, placeOf(id), settings, genesis)
      this.#guides.push(mesh.guide(host, id))
      await host.loop.ready()
      repo = { id, config, host, problem: null, checkouts }
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error
      this.#options.log.error(
        { repo: id, code: error.code, error: error.message },
        'a ledger is not served',
      )
      repo = { id, config, host: null, problem: error, checkouts }
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
