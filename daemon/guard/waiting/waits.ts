// Places in the queue that the guard keeps for sessions whose edit met what another holds, and runs that are parked until
// then. The places themselves are the ledger's, and live there to their end whatever happens to this. A session that lives asks
// again; for one that is parked nobody does, so what concerns it is noted durably, before whoever caused it is answered.
//   kept      the place waits; its session was refused, or waits in a hook
//   parked    the same, and the session's run has ended until somebody resumes it
//   granted   the session is told; what it does not take up within unusedMs passes on
import path from 'node:path'
import type { AuditEvent, ClaimId, QueueId, RepoId } from '../../../protocol/index.ts'
import { PARKED_MAX, type ParkedNote, type ParkedNotes } from './parked-notes.ts'

export interface KeptWait {
  readonly id: QueueId
  readonly repo: RepoId
  readonly session: string
  readonly agent: string
  /** For people and models. */
  readonly what: string
  /** What the edit would have written, from the root: in whichever checkout it is written, it is in use. */
  readonly files: readonly string[]
  readonly claims: readonly ClaimId[]
}

export interface ParkedRun {
  readonly session: string
  readonly wait: KeptWait
  /** Of the call that the harness makes again when it is resumed. */
  readonly toolUse: string
  /** By the wall clock: what it holds is kept for it until then. */
  readonly untilMs: number
}

/** What is done for a session when its wait has ended. */
export interface Tender {
  /** A parked run may go on. @param reason why its place is gone; null: it was granted */
  readonly resumable: (run: ParkedRun, reason: string | null) => void
  /** A grant was not taken up. @param wasParked then nobody has resumed the run either */
  readonly unused: (wait: KeptWait, wasParked: boolean) => void
}

export interface Waits {
  /** Until then nothing is done. */
  tend(tender: Tender): void
  keep(wait: KeptWait): void
  /** Places of the session that still wait. */
  of(session: string): readonly KeptWait[]
  /** Was the session granted something that it has not taken up yet? */
  hasGrant(session: string): boolean
  /** Somebody else looks after this place from now on. */
  leave(id: QueueId): void
  /** The session writes these files: what it waited for there is in use. */
  use(session: string, repo: RepoId, files: readonly string[]): void
  park(run: ParkedRun): void
  /** The session shows itself again. */
  resume(session: string): void
  parked(session: string): ParkedRun | null
  /** All of them, those of an earlier daemon of this home included. */
  runs(): readonly ParkedRun[]
  /** The place is no longer in the queue. @param reason null: it was granted */
  over(id: QueueId, reason: string | null): void
  /** Forgets the session. @returns its places that still wait */
  end(session: string): readonly KeptWait[]
  /** An event of a ledger. */
  readonly hear: (event: AuditEvent) => void
  /** Until one of these places of a session is granted or gone. @returns whether one was granted */
  wait(asked: WaitAsked): Promise<boolean>
  /** Ends every wait; idempotent. */
  stop(): void
}

/** Of all sessions; more than a machine's agents come to. What is beyond is the ledger's alone. */
const KEPT_MAX = 1_000

export interface WaitAsked {
  readonly session: string
  readonly ids: readonly QueueId[]
  readonly patienceMs: number
  readonly signal: AbortSignal
  /** To wake a model that has stopped: of several the last one does, so that it is told once. */
  readonly isForTurn: boolean
}

interface Sleeper extends Pick<WaitAsked, 'session' | 'ids' | 'isForTurn'> {
  readonly wake: (isGranted: boolean) => void
}

/**
 * @param unusedMs how long a session has to take up what it was granted; anew after a restart, in which nobody could
 * @param notes what is kept of parked runs
 */
export function createWaits(unusedMs: number, notes: ParkedNotes): Waits {
  return new KeptWaits(unusedMs, notes)
}

class KeptWaits implements Waits {
  readonly #unusedMs: number
  readonly #notes: ParkedNotes
  #isNoting = false
  #isStopped = false
  #tender: Tender | null = null
  readonly #waiting = new Map<QueueId, KeptWait>()
  readonly #granted = new Map<
    QueueId,
    { readonly wait: KeptWait; readonly timer: NodeJS.Timeout }
  >()
  readonly #parked = new Map<string, ParkedRun>()
  readonly #sleepers = new Set<Sleeper>()

  constructor(unusedMs: number, notes: ParkedNotes) {
    this.#unusedMs = unusedMs
    this.#notes = notes
    for (const { waiting, granted, ...run } of notes.read()) {
      this.#parked.set(run.session, run)
      for (const wait of waiting) this.#waiting.set(wait.id, wait)
      for (const wait of granted) this.#watchUse(wait)
    }
  }

  tend(tender: Tender): void {
    this.#tender = tender
  }

  keep(wait: KeptWait): void {
    this.#waiting.delete(wait.id)
    this.#waiting.set(wait.id, wait)
    const oldest = this.#waiting.keys().next().value
    if (this.#waiting.size > KEPT_MAX && oldest !== undefined) this.#waiting.delete(oldest)
    this.#note(wait.session)
  }

  of(session: string): readonly KeptWait[] {
    return [...this.#waiting.values()].filter((wait) => wait.session === session)
  }

  hasGrant(session: string): boolean {
    return [...this.#granted.values()].some(({ wait }) => wait.session === session)
  }

  leave(id: QueueId): void {
    const wait = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (wait !== undefined) this.#note(wait.session)
  }

  use(session: string, repo: RepoId, files: readonly string[]): void {
    for (const [id, { wait, timer }] of this.#granted) {
      if (wait.session !== session || wait.repo !== repo || !isMet(wait, files)) continue
      clearTimeout(timer)
      this.#granted.delete(id)
    }
    this.#note(session)
  }

  park(run: ParkedRun): void {
    this.#parked.delete(run.session)
    this.#parked.set(run.session, run)
    const oldest = this.#parked.keys().next().value
    if (this.#parked.size > PARKED_MAX && oldest !== undefined) this.#parked.delete(oldest)
    this.#note(run.session)
  }

  resume(session: string): void {
    this.#note(session)
    this.#parked.delete(session)
  }

  parked(session: string): ParkedRun | null {
    return this.#parked.get(session) ?? null
  }

  runs(): readonly ParkedRun[] {
    return [...this.#parked.values()]
  }

  end(session: string): readonly KeptWait[] {
    this.#note(session)
    const left = this.of(session)
    for (const { id } of left) this.#waiting.delete(id)
    for (const [id, { wait, timer }] of this.#granted) {
      if (wait.session !== session) continue
      clearTimeout(timer)
      this.#granted.delete(id)
    }
    this.#parked.delete(session)
    for (const sleeper of this.#sleepersOf(session)) sleeper.wake(false)
    return left
  }

  hear = ({ kind, data }: AuditEvent): void => {
    if (!ENDS.has(kind)) return
    const why = typeof data['reason'] === 'string' ? data['reason'] : 'gone'
    this.over(data['queue'] as QueueId, kind === 'queue.granted' ? null : why)
  }

  over(id: QueueId, reason: string | null): void {
    const wait = this.#waiting.get(id)
    if (wait === undefined) return
    const isGranted = reason === null
    this.#waiting.delete(id)
    if (isGranted) this.#watchUse(wait)
    // Of a run that stopped at several edits, any: when it is resumed, the others are judged again.
    const run = this.#parked.get(wait.session)
    if (run !== undefined) this.#tender?.resumable({ ...run, wait }, reason)
    this.#note(wait.session)
    for (const sleeper of this.#sleepersOf(wait.session))
      if (sleeper.ids.includes(id)) sleeper.wake(isGranted)
  }

  wait({ session, ids, patienceMs, signal, isForTurn }: WaitAsked): Promise<boolean> {
    if (isForTurn)
      for (const other of this.#sleepersOf(session)) if (other.isForTurn) other.wake(false)
    return new Promise((resolve) => {
      const wake = (isGranted: boolean): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        this.#sleepers.delete(sleeper)
        resolve(isGranted)
      }
      const onAbort = (): void => {
        wake(false)
      }
      const timer = setTimeout(onAbort, patienceMs)
      const sleeper: Sleeper = { session, ids, isForTurn, wake }
      this.#sleepers.add(sleeper)
      if (signal.aborted) wake(false)
      else signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  stop(): void {
    this.#isStopped = true
    for (const { timer } of this.#granted.values()) clearTimeout(timer)
    this.#granted.clear()
    for (const sleeper of [...this.#sleepers]) sleeper.wake(false)
  }

  #sleepersOf(session: string): readonly Sleeper[] {
    return [...this.#sleepers].filter((sleeper) => sleeper.session === session)
  }

  #watchUse(wait: KeptWait): void {
    const timer = setTimeout(() => {
      this.#granted.delete(wait.id)
      this.#tender?.unused(wait, this.#parked.has(wait.session))
      this.#note(wait.session)
    }, this.#unusedMs)
    this.#granted.set(wait.id, { wait, timer: timer.unref() })
  }

  /**
   * Something has changed for this session, which matters where its run is parked. Written once for all changes of a turn: before
   * an answer leaves, and after a run was called resumable, so that a crash in between tells it twice rather than never.
   */
  #note(session: string): void {
    if (this.#isNoting || !this.#parked.has(session)) return
    this.#isNoting = true
    queueMicrotask(() => {
      this.#isNoting = false
      // What a daemon that ends lets go of is taken up by the next one.
      if (!this.#isStopped) this.#notes.write([...this.#parked.values()].map(this.#noteOf))
    })
  }

  readonly #noteOf = (run: ParkedRun): ParkedNote => {
    const granted = [...this.#granted.values()].map(({ wait }) => wait)
    return {
      ...run,
      waiting: [...this.of(run.session)],
      granted: granted.filter(({ session }) => session === run.session),
    }
  }
}

/** What was waited for may be a folder. */
function isMet(wait: KeptWait, files: readonly string[]): boolean {
  const waited = new Set(wait.files)
  return files.some((file) => {
    for (let at = file; at !== '.'; at = path.posix.dirname(at)) if (waited.has(at)) return true
    return waited.has('')
  })
}

const ENDS: ReadonlySet<string> = new Set([
  'queue.granted',
  'queue.cancelled',
  'queue.expired',
  'deadlock.broken',
])
