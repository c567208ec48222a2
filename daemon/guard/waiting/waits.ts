// Places in the queue that the guard keeps for sessions whose edit met what another holds, and runs that are parked until
// then. Kept in memory: the places themselves are the ledger's, and live there to their end whatever happens to this.
//   kept      the place waits; its session was refused, or waits in a hook
//   parked    the same, and the session's run has ended until somebody resumes it
//   granted   the session is told; what it does not take up within unusedMs passes on
import path from 'node:path'
import type { AuditEvent, ClaimId, QueueId, RepoId } from '../../../protocol/index.ts'

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

/** @param unusedMs how long a session has to take up what it was granted */
export function createWaits(unusedMs: number): Waits {
  return new KeptWaits(unusedMs)
}

class KeptWaits implements Waits {
  readonly #unusedMs: number
  #tender: Tender | null = null
  readonly #waiting = new Map<QueueId, KeptWait>()
  readonly #granted = new Map<
    QueueId,
    { readonly wait: KeptWait; readonly timer: NodeJS.Timeout }
  >()
  readonly #parked = new Map<string, ParkedRun>()
  readonly #sleepers = new Set<Sleeper>()

  constructor(unusedMs: number) {
    this.#unusedMs = unusedMs
  }

  tend(tender: Tender): void {
    this.#tender = tender
  }

  keep(wait: KeptWait): void {
    this.#waiting.delete(wait.id)
    this.#waiting.set(wait.id, wait)
    const oldest = this.#waiting.keys().next().value
    if (this.#waiting.size > KEPT_MAX && oldest !== undefined) this.#waiting.delete(oldest)
  }

  of(session: string): readonly KeptWait[] {
    return [...this.#waiting.values()].filter((wait) => wait.session === session)
  }

  hasGrant(session: string): boolean {
    return [...this.#granted.values()].some(({ wait }) => wait.session === session)
  }

  leave(id: QueueId): void {
    this.#waiting.delete(id)
  }

  use(session: string, repo: RepoId, files: readonly string[]): void {
    for (const [id, { wait, timer }] of this.#granted) {
      if (wait.session !== session || wait.repo !== repo || !isMet(wait, files)) continue
      clearTimeout(timer)
      this.#granted.delete(id)
    }
  }

  park(run: ParkedRun): void {
    this.#parked.set(run.session, run)
  }

  resume(session: string): void {
    this.#parked.delete(session)
  }

  parked(session: string): ParkedRun | null {
    return this.#parked.get(session) ?? null
  }

  end(session: string): readonly KeptWait[] {
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
    const wait = this.#waiting.get(data['queue'] as QueueId)
    if (wait === undefined || !ENDS.has(kind)) return
    const isGranted = kind === 'queue.granted'
    this.#waiting.delete(wait.id)
    if (isGranted) this.#watchUse(wait)
    // Of a run that stopped at several edits, any: when it is resumed, the others are judged again.
    const run = this.#parked.get(wait.session)
    if (run !== undefined) {
      const reason = typeof data['reason'] === 'string' ? data['reason'] : 'gone'
      this.#tender?.resumable({ ...run, wait }, isGranted ? null : reason)
    }
    for (const sleeper of this.#sleepersOf(wait.session))
      if (sleeper.ids.includes(wait.id)) sleeper.wake(isGranted)
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
    }, this.#unusedMs)
    this.#granted.set(wait.id, { wait, timer: timer.unref() })
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
