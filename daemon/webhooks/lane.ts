// One webhook's way through one audit log: the events in their order, each until it is taken or given up, with growing pauses.
// A receiver that is slow or gone holds up its own lane and nothing else.
import { setTimeout as delay } from 'node:timers/promises'
import { timeOfId, type AuditEvent } from '../../protocol/index.ts'
import { isMatch } from '../audit-filter.ts'
import type { AuditCursor, AuditPort } from '../ports.ts'
import { withFailure, type LaneProgress } from './progress.ts'
import type { Posted } from './post.ts'

export interface LaneOptions {
  readonly audit: () => Pick<AuditPort, 'seek' | 'batches' | 'last'> | null
  /** Null: all. */
  readonly kinds: readonly string[] | null
  readonly progress: LaneProgress | null
  readonly keep: (progress: LaneProgress) => void
  readonly post: (event: AuditEvent, signal: AbortSignal) => Promise<Posted>
  readonly now: () => number
  readonly random: () => number
  /** The log could not be read, or progress not be kept. */
  readonly onFailure: (error: unknown) => void
  readonly onProblem: (event: AuditEvent, problem: string, isGivenUp: boolean) => void
}

export interface LaneState {
  readonly progress: LaneProgress
  /** The event that is not taken; null while all goes well. */
  readonly stuck: {
    readonly event: string
    readonly attempts: number
    readonly since: number
    readonly nextAt: number
    readonly problem: string
  } | null
}

const FIRST_PAUSE_MS = 1_000
const PAUSE_MS_MAX = 10 * 60_000
/** An event that nobody took for so long goes to the failed ones. */
const GIVE_UP_MS = 24 * 3_600_000
/** A crash repeats what was delivered since. */
const KEEP_AFTER_MS = 1_000
/** Events that wait in memory; behind more of them the log is read again. */
const UNREAD_MAX = 1_000

export class Lane {
  readonly #options: LaneOptions
  readonly #end = new AbortController()
  #progress: LaneProgress
  #stuck: LaneState['stuck'] = null
  /** What was told since the log was read; null: more than is kept, so the log has to be read again. */
  #unread: AuditEvent[] | null = null
  #keeping: NodeJS.Timeout | null = null
  #wake: (() => void) | null = null
  #hurry: (() => void) | null = null
  readonly #finished: Promise<void>

  constructor(options: LaneOptions) {
    this.#options = options
    // What was before a webhook was configured is not its business.
    const last = options.audit()?.last()?.id ?? null
    const fresh = { last, deliveredAt: null, delivered: 0, waiting: null, failed: [], forgotten: 0 }
    this.#progress = options.progress ?? fresh
    if (options.progress === null) this.#keep()
    this.#finished = this.#run()
  }

  state(): LaneState {
    return { progress: this.#progress, stuck: this.#stuck }
  }

  /** Something happened; it is in the log already. */
  take(event: AuditEvent): void {
    if (this.#unread !== null && this.#unread.length < UNREAD_MAX) this.#unread.push(event)
    else this.#unread = null
    this.#awake()
  }

  /** Sends anew what was given up. @returns how many were taken */
  async retryFailed(find: (id: string) => Promise<AuditEvent | null>): Promise<number> {
    let taken = 0
    for (const failure of this.#progress.failed) {
      const event = await find(failure.event)
      const posted = event === null ? null : await this.#options.post(event, this.#end.signal)
      // One that the log has lost can only be forgotten.
      if (posted !== null && !posted.ok) break
      const failed = this.#progress.failed.filter((other) => other !== failure)
      this.#change({ failed, delivered: this.#progress.delivered + (posted === null ? 0 : 1) })
      if (posted !== null) taken++
    }
    this.#keep()
    return taken
  }

  /** Forgets what was given up, and everything that still waits. */
  purge(): void {
    const last = this.#options.audit()?.last()?.id ?? this.#progress.last
    this.#change({ last, waiting: null, failed: [], forgotten: 0 })
    this.#stuck = null
    this.#unread &&= []
    this.#keep()
    this.#hurry?.()
  }

  /** The next attempt is made now. */
  hurry(): void {
    this.#hurry?.()
  }

  async stop(): Promise<void> {
    this.#end.abort()
    this.#awake()
    await this.#finished
    if (this.#keeping !== null) this.#keep()
  }

  async #run(): Promise<void> {
    while (!this.#isOver()) {
      try {
        if (this.#unread === null) await this.#sendFromLog()
        else if (this.#unread.length > 0) await this.#sendUnread(this.#unread)
        else await this.#sleep()
      } catch (error) {
        if (this.#isOver()) return
        this.#options.onFailure(error)
        await this.#pause(PAUSE_MS_MAX)
      }
    }
  }

  /** What is told meanwhile may stand in the log already, and is then sent once. */
  async #sendFromLog(): Promise<void> {
    const audit = this.#options.audit()
    this.#unread = []
    if (audit === null) return
    const { signal } = this.#end
    const from = this.#progress.last
    const cursor = from === null ? null : await placeOf(from, audit, signal)
    for await (const events of audit.batches(cursor, signal)) {
      for (const event of events) {
        if (!(await this.#pass(event))) {
          this.#unread = null
          return
        }
        this.#forgetUpTo(event)
      }
    }
  }

  async #sendUnread(unread: AuditEvent[]): Promise<void> {
    const [event] = unread
    if (event !== undefined && (await this.#pass(event))) this.#forgetUpTo(event)
  }

  #forgetUpTo({ id }: AuditEvent): void {
    const at = this.#unread?.findIndex((event) => event.id === id) ?? -1
    this.#unread?.splice(0, at + 1)
  }

  /** False when this is not its turn any more: the end has come, or a purge. */
  async #pass(event: AuditEvent): Promise<boolean> {
    const place = this.#progress.last
    if (this.#isWanted(event)) await this.#deliver(event)
    if (this.#isOver() || this.#isMovedFrom(place)) return false
    this.#change({ last: event.id })
    return true
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #awake(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }

  #isOver(): boolean {
    return this.#end.signal.aborted
  }

  /** Did a purge move the place meanwhile? */
  #isMovedFrom(place: string | null): boolean {
    return this.#progress.last !== place
  }

  #isWanted(event: AuditEvent): boolean {
    const { kinds } = this.#options
    return kinds === null || isMatch(event, { kinds })
  }

  /** Returns when it was taken, given up or purged. */
  async #deliver(event: AuditEvent): Promise<void> {
    const { post, now, onProblem } = this.#options
    const { signal } = this.#end
    const expected = this.#progress.last
    const { waiting } = this.#progress
    const since = waiting?.event === event.id ? waiting.since : now()
    for (let attempts = 1; ; attempts++) {
      const posted = await post(event, signal)
      if (this.#isOver() || this.#isMovedFrom(expected)) return
      if (posted.ok) {
        this.#stuck = null
        this.#change({
          waiting: null,
          delivered: this.#progress.delivered + 1,
          deliveredAt: new Date(now()).toISOString(),
        })
        return
      }
      const isGivenUp = now() - since >= GIVE_UP_MS
      if (attempts === 1 || isGivenUp) onProblem(event, posted.problem, isGivenUp)
      if (isGivenUp) {
        this.#stuck = null
        const at = new Date(now()).toISOString()
        this.#progress = withFailure(
          { ...this.#progress, waiting: null },
          {
            event: event.id,
            at,
            problem: posted.problem,
          },
        )
        this.#keep()
        return
      }
      if (attempts === 1) this.#change({ waiting: { event: event.id, since } })
      const pauseMs = this.#pauseAfter(attempts)
      const nextAt = now() + pauseMs
      this.#stuck = { event: event.id, attempts, since, nextAt, problem: posted.problem }
      await this.#pause(pauseMs)
      if (this.#isOver() || this.#isMovedFrom(expected)) return
    }
  }

  /** Half of it by chance, so that many that failed together do not come back together. */
  #pauseAfter(attempts: number): number {
    const full = Math.min(PAUSE_MS_MAX, FIRST_PAUSE_MS * 2 ** Math.min(attempts - 1, 20))
    return full * (0.5 + this.#options.random() / 2)
  }

  /** New events do not cut it short; a nudge by a person does, and the end. */
  async #pause(ms: number): Promise<void> {
    const over = new AbortController()
    this.#hurry = () => {
      over.abort()
    }
    const signal = AbortSignal.any([over.signal, this.#end.signal])
    await delay(ms, undefined, { signal, ref: false }).catch(() => undefined)
    this.#hurry = null
  }

  #change(changes: Partial<LaneProgress>): void {
    this.#progress = { ...this.#progress, ...changes }
    // A sync for each event would cost more than the event.
    this.#keeping ??= setTimeout(() => {
      this.#keep()
    }, KEEP_AFTER_MS).unref()
  }

  #keep(): void {
    if (this.#keeping !== null) clearTimeout(this.#keeping)
    this.#keeping = null
    try {
      this.#options.keep(this.#progress)
    } catch (error) {
      // What is not kept is sent again after the next start.
      this.#options.onFailure(error)
    }
  }
}

/** An event that a power failure took from the log's end is not told again: what was told after it may come twice. */
const OVERLAP_MS = 10_000

/** Null: at the beginning of the log; retention was faster. */
async function placeOf(
  id: string,
  audit: Pick<AuditPort, 'seek'>,
  signal: AbortSignal,
): Promise<AuditCursor | null> {
  const found = await audit.seek({ id }, signal)
  if (found !== null) return found
  return audit.seek({ at: new Date(timeOfId(id) - OVERLAP_MS).toISOString() }, signal)
}
