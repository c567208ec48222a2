// Keeps the work of sessions that lose their claims against their will: what is not committed in the files that the claims covered, in
// each checkout where the session worked, as a commit at refs/skein/wip/<id> of that clone.
// 1. What the holder's daemon ends itself is kept before the claim ends; the rest as soon as its end is known here.
// 2. Nothing is kept twice: the same files of the same session on the same commit are one kept work.
// 3. What is left out is said: in the commit, in the event, in the list.
import { setTimeout as delay } from 'node:timers/promises'
import { makeId, type AuditEvent, type EndReason } from '../../protocol/index.ts'
import type { Checkout, Git } from '../git.ts'
import type { KeptRefs } from '../git-kept.ts'
import type { Snapshots, SnapshotTree } from '../git-snapshot.ts'
import { recordAs } from '../own-events.ts'
import type { Log } from '../log.ts'
import type { Clock } from '../ports.ts'
import type { Repo, Repos } from '../repos.ts'
import { checkoutsOf, clonesOf } from './checkouts.ts'
import { coveredBy, lostClaimOf, type LostClaim } from './lost.ts'
import { claimsNoted, messageOf, readKept, type KeptNote, type KeptWork } from './note.ts'
import type { WorkPlaces } from './places.ts'

/** Work of a whole checkout, whoever claimed what in it. */
export interface WholeCheckout {
  readonly root: string
  readonly agent: string
  readonly session: string
  readonly reason: string
}

export interface Keeping {
  /**
   * Keeps the work under claims that end now. It never fails: what cannot be kept is logged, and after ten seconds the end waits
   * no longer.
   */
  keepLost(repo: Repo, lost: readonly LostClaim[], reason: EndReason): Promise<void>
  /**
   * Keeps everything that is not committed in a checkout, before somebody removes it.
   * @returns the id of what was kept; null: there is nothing to keep. @throws SkeinError when git cannot
   */
  keepAll(repo: Repo, whole: WholeCheckout): Promise<string | null>
  /** What is kept in the clones of a repository, the newest first. */
  list(repo: Repo, signal?: AbortSignal): Promise<readonly Found[]>
  /** An event of a ledger: claims of this machine may have ended elsewhere. */
  readonly hear: (event: AuditEvent) => void
  /** Resolves when nothing is being kept any more. */
  stop(): Promise<void>
}

export interface Found extends KeptWork {
  /** A checkout of the clone that has it. */
  readonly root: string
  readonly commonDir: string
}

export interface KeepingOptions {
  readonly repos: Repos
  readonly git: Git
  readonly snapshots: Snapshots
  readonly refs: KeptRefs
  readonly places: WorkPlaces
  readonly clock: Clock
  readonly machine: string
  readonly random: (bytes: number) => Uint8Array
  readonly log: Log
}

/** A claim must not live on because a disk is slow. */
const KEEP_MS_MAX = 10_000
const LATE_MS = 60_000
/** What lies in a checkout so long after is another work. */
const MISSED_MS_MAX = 7 * 86_400_000
const LOST_MAX = 10_000
const FILES_TOLD = 20
const SKIPPED_TOLD = 50
/** Larger files are built or recorded, not written; what is kept stays in the tens of megabytes. */
const BOUNDS = { files: 5_000, fileBytes: 10 * 1_048_576, bytes: 100 * 1_048_576 } as const

export function createKeeping(options: KeepingOptions): Keeping {
  return new WorkKeeper(options)
}

interface Pending {
  readonly repo: Repo
  readonly reason: EndReason
  readonly lost: LostClaim[]
  /** It ended a while ago: of a history that is told again, or that this machine has missed. */
  readonly isLate: boolean
}

class WorkKeeper implements Keeping {
  readonly #options: KeepingOptions
  /** Claims whose work was kept, or that had none, and for which end: the news of that end find nothing left to do. */
  readonly #kept = new Map<string, EndReason>()
  readonly #ending = new AbortController()
  #pending = new Map<string, Pending>()
  /** One at a time: the next finds what the one before has kept. */
  #work: Promise<void> = Promise.resolve()

  constructor(options: KeepingOptions) {
    this.#options = options
  }

  async keepLost(repo: Repo, lost: readonly LostClaim[], reason: EndReason): Promise<void> {
    await this.#awaitKept(this.#enqueue(() => this.#keepSessions(repo, lost, reason)))
  }

  async keepAll(repo: Repo, whole: WholeCheckout): Promise<string | null> {
    const checkout = await this.#options.git.findCheckout(whole.root)
    if (checkout === null) return null
    return this.#keep(repo, checkout, { ...whole, claims: [], covers: () => true }, undefined)
  }

  async list(repo: Repo, signal?: AbortSignal): Promise<readonly Found[]> {
    const { refs } = this.#options
    const found: Found[] = []
    for (const { root, commonDir } of await clonesOf(this.#options.git, repo)) {
      const kept = await refs.list(root, signal)
      found.push(...kept.map((ref) => ({ ...readKept(ref), root, commonDir })))
    }
    return found.toSorted((a, b) => b.keptAtMs - a.keptAtMs || (a.id < b.id ? 1 : -1))
  }

  readonly hear = (event: AuditEvent): void => {
    const { machine, repos, clock } = this.#options
    const told = lostClaimOf(event, machine)
    if (told === null) return
    const repo = repos.all().find(({ id }) => id === event.repo)
    const sinceMs = clock.wall() - Date.parse(event.at)
    if (repo === undefined || sinceMs > MISSED_MS_MAX) return
    const { reason, lost } = told
    const isLate = sinceMs > LATE_MS
    const key = `${repo.id} ${reason} ${String(isLate)}`
    const pending = this.#pending.get(key) ?? { repo, reason, isLate, lost: [] }
    pending.lost.push(lost)
    // The other claims of the same end come in this turn of the event loop.
    if (this.#pending.size === 0)
      setImmediate(() => {
        this.#flush()
      })
    this.#pending.set(key, pending)
  }

  async stop(): Promise<void> {
    this.#flush()
    await this.#awaitKept(this.#work)
    this.#ending.abort()
    await this.#work
  }

  /** At most as long as an end waits. */
  async #awaitKept(kept: Promise<void>): Promise<void> {
    const done = new AbortController()
    const patience = delay(KEEP_MS_MAX, undefined, { ref: false, signal: done.signal })
    await Promise.race([kept, patience])
    // Its end is no failure: nobody waits for it any more.
    patience.catch(() => undefined)
    done.abort()
  }

  #flush(): void {
    const pending = [...this.#pending.values()]
    this.#pending = new Map()
    for (const one of pending) void this.#enqueue(() => this.#keepEnded(one))
  }

  async #keepEnded({ repo, lost, reason, isLate }: Pending): Promise<void> {
    // Only now: what was under way when the news came is done.
    const open = lost.filter(({ id }) => this.#kept.get(id) !== reason)
    const known = isLate && open.length > 0 ? await this.#knownClaims(repo) : new Set()
    const left = open.filter(({ id }) => !known.has(id))
    await this.#keepSessions(repo, left, reason)
  }

  /** Under which work was kept before. Without an answer it is kept once more: that costs room, the other way work. */
  async #knownClaims(repo: Repo): Promise<ReadonlySet<string>> {
    try {
      const kept = await this.list(repo, AbortSignal.timeout(KEEP_MS_MAX))
      return new Set(kept.flatMap(({ note }) => note?.claims.map(({ id }) => id) ?? []))
    } catch (error) {
      this.#tellUnlisted({ repo: repo.id }, error)
      return new Set()
    }
  }

  /** Without an answer nothing: the same work twice is better than none. */
  async #keptIn(root: string, signal: AbortSignal | undefined): Promise<readonly KeptWork[]> {
    try {
      return (await this.#options.refs.list(root, signal)).map(readKept)
    } catch (error) {
      if (signal?.aborted === true) throw error
      this.#tellUnlisted({ checkout: root }, error)
      return []
    }
  }

  #tellUnlisted(facts: object, error: unknown): void {
    const { log } = this.#options
    log.warn({ ...facts, error: String(error) }, 'what is kept already cannot be listed')
  }

  #enqueue(act: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(act).catch((error: unknown) => {
      this.#options.log.error({ error: String(error) }, 'work could not be kept: this is a bug')
    })
    return this.#work
  }

  async #keepSessions(repo: Repo, lost: readonly LostClaim[], reason: EndReason): Promise<void> {
    for (const group of bySession(lost)) {
      // Each has a time of its own: a slow one takes nothing from the others.
      const signal = AbortSignal.any([this.#ending.signal, AbortSignal.timeout(KEEP_MS_MAX)])
      if (await this.#keepSession(repo, group, reason, signal))
        for (const { id } of group) this.#noteKept(id, reason)
    }
  }

  /** @returns whether nothing is left to keep. */
  async #keepSession(
    repo: Repo,
    lost: readonly LostClaim[],
    reason: EndReason,
    signal: AbortSignal,
  ): Promise<boolean> {
    const [first] = lost
    const covers = coveredBy(repo, lost)
    if (first === undefined || covers === null) return true
    const { agent, session } = first
    const of = { agent, session, reason, claims: lost, covers }
    const facts = { repo: repo.id, session }
    const done: boolean[] = []
    const isFound = await this.#attempt(facts, async () => {
      for (const checkout of await checkoutsOf(this.#options, repo, first)) {
        const keep = (): Promise<unknown> => this.#keep(repo, checkout, of, signal)
        done.push(await this.#attempt({ ...facts, checkout: checkout.root }, keep))
      }
    })
    return isFound && done.every((isDone) => isDone)
  }

  async #attempt(facts: object, act: () => Promise<unknown>): Promise<boolean> {
    try {
      await act()
      return true
    } catch (error) {
      const { log } = this.#options
      log.warn({ ...facts, error: String(error) }, 'the work of a lost claim could not be kept')
      return false
    }
  }

  async #keep(
    repo: Repo,
    checkout: Checkout,
    of: Omit<WholeCheckout, 'root'> & {
      readonly claims: readonly LostClaim[]
      readonly covers: (file: string) => boolean
    },
    signal: AbortSignal | undefined,
  ): Promise<string | null> {
    const { snapshots, refs, git, machine, clock, random } = this.#options
    const { root } = checkout
    const taken = await snapshots.take(root, { covers: of.covers, bounds: BOUNDS, signal })
    const branch = await git.currentBranch(checkout, signal)
    const commits = branch === null ? await snapshots.unreferenced(root, signal) : 0
    if (taken.files.length === 0 && commits === 0) {
      if (taken.skipped.length > 0) this.#tellSkipped(repo, root, taken)
      return null
    }
    const same = (await this.#keptIn(root, signal)).find(isSameWork(taken, of.session))
    if (same !== undefined) return same.id
    const note: KeptNote = {
      ...{ repo: repo.id, agent: of.agent, session: of.session, machine, branch },
      ...{ reason: of.reason, checkout: root, commits, bytes: taken.bytes },
      ...claimsNoted(of.claims),
      skipped: taken.skipped.slice(0, SKIPPED_TOLD).map((each) => ({ ...each })),
      skipped_more: Math.max(0, taken.skipped.length - SKIPPED_TOLD),
      files: taken.files.length,
    }
    const id = makeId('wip', clock.wall(), random(10))
    const { tree, head: parent } = taken
    const commit = await snapshots.commit(root, {
      tree,
      parent,
      message: messageOf(id, note),
      atMs: clock.wall(),
      signal,
    })
    if (!(await refs.create(root, id, commit))) return null
    this.#tell(repo, id, note, taken)
    return id
  }

  #noteKept(id: string, reason: EndReason): void {
    this.#kept.delete(id)
    this.#kept.set(id, reason)
    const oldest = this.#kept.keys().next().value
    if (this.#kept.size > LOST_MAX && oldest !== undefined) this.#kept.delete(oldest)
  }

  #tell(repo: Repo, id: string, note: KeptNote, { files }: SnapshotTree): void {
    if (repo.host === null) return
    const { clock, log } = this.#options
    const { branch, reason, claims, skipped } = note
    recordAs({ clock }, repo, 'wip.kept', note, {
      ...{ wip: id, branch, reason },
      claims: claims.map((claim) => claim.id),
      ...(claims.length === 1 ? { claim: claims[0]?.id } : {}),
      patterns:
        claims.length === 0 ? files.slice(0, FILES_TOLD) : claims.map(({ pattern }) => pattern),
      files: files.slice(0, FILES_TOLD),
      more: Math.max(0, files.length - FILES_TOLD),
      skipped: skipped.map(({ path }) => path).slice(0, FILES_TOLD),
    })
    log.info(
      { repo: repo.id, wip: id, files: files.length, reason },
      'the work of a lost claim is kept',
    )
  }

  /** Nothing could be taken but what is too large, or another repository's. */
  #tellSkipped(repo: Repo, checkout: string, { skipped }: SnapshotTree): void {
    const facts = { repo: repo.id, checkout, skipped: skipped.slice(0, FILES_TOLD) }
    this.#options.log.warn(facts, 'the work of a lost claim cannot be kept')
  }
}

function bySession(lost: readonly LostClaim[]): readonly (readonly LostClaim[])[] {
  const groups = new Map<string, LostClaim[]>()
  for (const claim of lost) {
    const group = groups.get(claim.session)
    if (group === undefined) groups.set(claim.session, [claim])
    else group.push(claim)
  }
  return [...groups.values()]
}

function isSameWork({ tree, head }: SnapshotTree, session: string): (kept: KeptWork) => boolean {
  return (kept) => kept.tree === tree && kept.parent === head && kept.note?.session === session
}
