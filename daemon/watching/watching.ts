// Sees on the disk what went past every hook: a file that somebody holds changes in a checkout where its holder does not work.
// Both sides are told. Where the holder works there, an edit by whatever program is a sign of its life.
import { existsSync } from 'node:fs'
import path from 'node:path'
import { SkeinError, type AuditEvent, type LedgerClaim } from '../../protocol/index.ts'
import type { Callers } from '../callers.ts'
import type { Feed } from '../feed.ts'
import type { Git } from '../git.ts'
import { recordWritten, type WritingParts } from '../guard/record.ts'
import type { GuardState } from '../guard/state.ts'
import type { Log } from '../log.ts'
import { machineOf, type Parts } from '../operations/context.ts'
import type { Repo, Repos } from '../repos.ts'
import type { Sessions } from '../sessions.ts'
import { FolderWatches } from './folders.ts'
import { whose } from './holders.ts'
import { heldIn } from './plan.ts'
import type { ReadOnly } from './read-only.ts'

export type WatchingOptions = WritingParts &
  Pick<Parts, 'sessions' | 'mesh'> & {
    readonly repos: Repos
    readonly callers: Pick<Callers, 'worksAt' | 'sessionsAt'>
    readonly sessions: Sessions
    readonly git: Git
    readonly guard: GuardState
    readonly watch: Feed['watch']
    readonly log: Pick<Log, 'warn'>
    /** Null: nobody wants it. */
    readonly readOnly: ReadOnly | null
  }

/** Claims change in bursts ... */
const REPLAN_MS = 500
/** ... and a ledger with thousands of them must not be gone through all the time: at most a twentieth of it. */
const REST_TIMES = 20
/** A further checkout is used, a folder was made: nothing tells. */
const AGAIN_MS = 30_000
/** An editor writes a file in several steps; a tool's edit is noted before it. */
const QUIET_MS = 400
/** More at once is a checkout, a build or a formatter; the push is judged file by file. */
const FILES_MAX = 500
/** The same file of the same claim is told again only after this. */
const TOLD_AGAIN_MS = 600_000
const TOLD_MAX = 5_000

export interface Watching {
  stop(): Promise<void>
}

export function startWatching(options: WatchingOptions): Watching {
  return new Watcher(options)
}

/** One checkout. */
interface Watched {
  readonly repo: Repo
  readonly watches: FolderWatches
  readonly changed: Set<string>
  timer: NodeJS.Timeout | null
}

class Watcher implements Watching {
  readonly #options: WatchingOptions
  readonly #checkouts = new Map<string, Watched>()
  readonly #told = new Map<string, number>()
  readonly #due = new Map<string, NodeJS.Timeout>()
  readonly #running = new Set<Promise<void>>()
  readonly #refused = new Set<string>()
  readonly #stopHearing: () => void
  readonly #again: NodeJS.Timeout
  #restMs = 0
  #isStopped = false

  constructor(options: WatchingOptions) {
    this.#options = options
    this.#stopHearing = options.watch((event) => {
      if (/^(?:claim|queue|ledger)\./.test(event.kind)) this.#replanSoon(event)
    })
    this.#replanAll()
    this.#again = setInterval(() => {
      this.#replanAll()
    }, AGAIN_MS).unref()
  }

  #replanAll(): void {
    for (const repo of this.#options.repos.all()) this.#replanSoon({ repo: repo.id })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#stopHearing()
    clearInterval(this.#again)
    for (const timer of this.#due.values()) clearTimeout(timer)
    for (const watched of this.#checkouts.values()) this.#drop(watched)
    await Promise.allSettled(this.#running)
  }

  #replanSoon({ repo }: Pick<AuditEvent, 'repo'>): void {
    if (this.#due.has(repo)) return
    const timer = setTimeout(
      () => {
        this.#due.delete(repo)
        const startedAt = performance.now()
        const replan = this.#replan(repo).finally(() => {
          this.#restMs = REST_TIMES * (performance.now() - startedAt)
        })
        this.#begin(replan)
      },
      Math.max(REPLAN_MS, this.#restMs),
    ).unref()
    this.#due.set(repo, timer)
  }

  /** Nobody waits for it. */
  #begin(work: Promise<void>): void {
    const done = work
      .catch((error: unknown) => {
        // git that is slow or gone, a checkout that was removed: seen at the push, then.
        if (!(error instanceof SkeinError))
          this.#options.log.warn({ error: String(error) }, 'the disk could not be watched')
      })
      .finally(() => this.#running.delete(done))
    this.#running.add(done)
  }

  async #replan(id: string): Promise<void> {
    const repo = this.#options.repos.all().find((each) => each.id === id)
    const view = repo?.host?.loop.view()
    if (repo === undefined || view === undefined) return
    const claims = [...view.state.claims.values()]
    for (const root of repo.checkouts) {
      if (claims.length === 0 || !existsSync(root)) this.#forget(root)
      else await this.#watch(repo, root, claims, view.caseExact)
    }
    await this.#options.readOnly?.apply(repo)
  }

  async #watch(
    repo: Repo,
    root: string,
    claims: readonly LedgerClaim[],
    caseExact: boolean,
  ): Promise<void> {
    const checkout = await this.#options.git.findCheckout(root)
    if (checkout === null) return
    const { paths } = await this.#options.git.trackedFiles(checkout)
    const { folders, isCut } = heldIn(claims, paths, { caseExact })
    if (isCut) this.#refuse(root, 'too many files are held to watch all of them')
    if (this.#isStopped) return
    this.#checkoutAt(repo, root).watches.keep(folders)
  }

  #checkoutAt(repo: Repo, root: string): Watched {
    const known = this.#checkouts.get(root)
    if (known?.repo === repo) return known
    if (known !== undefined) this.#drop(known)
    const watches = new FolderWatches(
      root,
      (file) => {
        this.#noteChange(watched, root, file)
      },
      (code) => {
        this.#refuse(root, code)
      },
    )
    const watched: Watched = { repo, watches, changed: new Set(), timer: null }
    this.#checkouts.set(root, watched)
    return watched
  }

  #forget(root: string): void {
    const known = this.#checkouts.get(root)
    if (known !== undefined) this.#drop(known)
    this.#checkouts.delete(root)
  }

  #drop({ watches, timer }: Watched): void {
    watches.keep(new Set())
    if (timer !== null) clearTimeout(timer)
  }

  /** Said once for each checkout and reason. */
  #refuse(root: string, why: string): void {
    const key = `${root} ${why}`
    if (this.#refused.has(key)) return
    this.#refused.add(key)
    this.#options.log.warn({ root, why }, 'not all of a checkout is watched')
  }

  #noteChange(watched: Watched, root: string, file: string): void {
    if (watched.changed.size < FILES_MAX) watched.changed.add(file)
    watched.timer ??= setTimeout(() => {
      watched.timer = null
      const files = [...watched.changed]
      watched.changed.clear()
      this.#begin(this.#look(watched.repo, root, files))
    }, QUIET_MS).unref()
  }

  async #look(repo: Repo, root: string, files: readonly string[]): Promise<void> {
    const view = repo.host?.loop.view()
    if (view === undefined) return
    const { callers, mesh, sessions, git, guard } = this.#options
    const met: { readonly file: string; readonly claims: readonly LedgerClaim[] }[] = []
    for (const file of files) {
      const { here, elsewhere } = whose(view, file, mesh.self, (session) =>
        callers.worksAt(session, repo, root),
      )
      for (const session of here) {
        sessions.noteActivity(session, null)
        guard.waits.use(session, repo.id, [file])
      }
      if (elsewhere.length > 0) met.push({ file, claims: elsewhere })
    }
    if (met.length === 0) return
    const checkout = await git.findCheckout(root)
    if (checkout === null) return
    const hasInside = (name: string): boolean => existsSync(path.join(checkout.gitDir, name))
    // git is writing, and says at its end what is as it was committed.
    if (hasInside('index.lock')) {
      for (const { file } of met) this.#noteChange(this.#checkoutAt(repo, root), root, file)
      return
    }
    // What a merge or a rebase puts there is others' work, and passes.
    if (IN_PROGRESS.some(hasInside)) return
    // What is as it was committed came with a commit: a pull, a switch of branches.
    const changed = new Set(await git.changedFiles(checkout))
    for (const { file, claims } of met)
      if (changed.has(file)) for (const claim of claims) this.#tell(repo, root, file, claim)
  }

  #tell(repo: Repo, root: string, file: string, claim: LedgerClaim): void {
    const { guard, callers, about, clock, mesh } = this.#options
    if (guard.memory.wasJudged(path.join(root, file), root, clock.wall())) return
    if (!this.#isNews(`${claim.id} ${root} ${file}`)) return
    const { machine } = about
    const { id, agent, session, peer } = claim
    const holder = { id, agent, session, machine: machineOf({ mesh }, peer) }
    recordWritten(
      this.#options,
      repo,
      { agent: `somebody@${machine}`, session: `disk of ${machine}` },
      {
        kind: 'guard.leaked',
        path: file,
        holder,
        reason: 'changed on the disk, by no tool that skein sees',
      },
    )
    for (const session of callers.sessionsAt(repo, root))
      guard.notices.tell(
        session,
        `skein: ${file} changed in this checkout and is held by ${holder.agent} on ${holder.machine} (${claim.id}). If that was your doing, put it back.`,
      )
  }

  #isNews(key: string): boolean {
    const now = this.#options.clock.uptime()
    if (now - (this.#told.get(key) ?? -Infinity) < TOLD_AGAIN_MS) return false
    this.#told.delete(key)
    this.#told.set(key, now)
    const oldest = this.#told.keys().next().value
    if (this.#told.size > TOLD_MAX && oldest !== undefined) this.#told.delete(oldest)
    return true
  }
}

/** In git's own folder while it has more to do. */
const IN_PROGRESS = [
  'MERGE_HEAD',
  'CHERRY_PICK_HEAD',
  'REVERT_HEAD',
  'rebase-merge',
  'rebase-apply',
] as const
