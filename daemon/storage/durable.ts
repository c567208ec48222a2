// The durable log of one ledger with group commit: what is appended while a sync runs, or within one turn of the event
// loop, is one write and shares the next sync. It orders and reports; log-file.ts writes.
//
// 1. One job is under way at a time, in the order of the calls: a batch of frames, or a replacement of the file.
// 2. onDurable comes after the sync of every byte it speaks for, and never from within append.
// 3. After any error nothing is tried again: a failed sync may have dropped the very pages that the next one would report
//    as written. The file is read anew at the next start.
// A lock against a second process is not its business, nor is a bound on what waits: callers append only in answer to the
// bounded inbox.
import { assert } from '../../protocol/index.ts'
import type { Frame, LedgerStore, LedgerStoreEvents, LoadedLog } from '../ports.ts'
import type { FileOps } from './files.ts'
import { NODE_FILE_OPS, storageError } from './files.ts'
import { MARK_BYTES, encodeFrame } from './frames.ts'
import type { LogFile, NewLog } from './log-file.ts'
import { makeNewLog, openLogFile } from './log-file.ts'
import type { SyncPolicy } from './sync-policy.ts'
import { createSyncPolicy } from './sync-policy.ts'

export interface DurableStoreOptions {
  /** For tests: to watch, fail and shorten what is done to files. */
  readonly ops?: FileOps
  /** For tests: to fix the way of syncing. */
  readonly policy?: SyncPolicy
}

/** The durable log at this path, made at load if there is none. Positions count from this opening on. */
export function createDurableStore(
  file: string,
  events: LedgerStoreEvents,
  options: DurableStoreOptions = {},
): LedgerStore {
  return new DurableStore(file, events, options)
}

interface Batch {
  readonly kind: 'batch'
  readonly frames: Uint8Array[]
  position: number
}

interface Replacement {
  readonly kind: 'replacement'
  readonly by: NewLog
  readonly position: number
}

class DurableStore implements LedgerStore {
  readonly #file: string
  readonly #events: LedgerStoreEvents
  readonly #ops: FileOps
  readonly #policy: SyncPolicy
  readonly #jobs: (Batch | Replacement)[] = []
  #log: LogFile | null = null
  #position = 0
  #size = 0
  #isScheduled = false
  #isBusy = false
  #isDead = false
  #closing: Promise<void> | null = null
  #whenIdle: (() => void) | null = null

  constructor(file: string, events: LedgerStoreEvents, options: DurableStoreOptions) {
    this.#file = file
    this.#events = events
    this.#ops = options.ops ?? NODE_FILE_OPS
    this.#policy = options.policy ?? createSyncPolicy()
  }

  async load(): Promise<LoadedLog> {
    assert(this.#log === null && this.#closing === null, 'a log is loaded once, before its close')
    try {
      const { log, loaded } = await openLogFile(this.#file, this.#ops)
      this.#log = log
      this.#size = log.size()
      return loaded
    } catch (cause) {
      throw storageError(this.#file, cause)
    }
  }

  append(frames: readonly Frame[]): number {
    this.#requireOpen()
    this.#position += frames.length
    if (frames.length === 0 || this.#isDead) return this.#position
    const batch = this.#batchToFill()
    batch.position = this.#position
    // Encoded now: the caller may go on using its bytes.
    for (const frame of frames) {
      const bytes = encodeFrame(frame)
      batch.frames.push(bytes)
      this.#size += bytes.length
    }
    this.#schedule()
    return this.#position
  }

  replace(frames: readonly Frame[]): number {
    this.#requireOpen()
    this.#position += 1
    if (this.#isDead) return this.#position
    const by = makeNewLog(frames)
    this.#jobs.push({ kind: 'replacement', by, position: this.#position })
    this.#size = by.bytes.length
    this.#schedule()
    return this.#position
  }

  /** What the file will have once all that was appended is written. */
  size(): number {
    return this.#size
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown()
    return this.#closing
  }

  /** The batch that waits last, unless a replacement has to come between. */
  #batchToFill(): Batch {
    const newest = this.#jobs.at(-1)
    if (newest?.kind === 'batch') return newest
    const batch: Batch = { kind: 'batch', frames: [], position: this.#position }
    this.#jobs.push(batch)
    this.#size += MARK_BYTES
    return batch
  }

  /** When the caller has said all that it had to say; who appends has gathered the loop's I/O already. */
  #schedule(): void {
    if (this.#isScheduled || this.#isBusy || this.#isDead) return
    this.#isScheduled = true
    const start = (): void => {
      this.#isScheduled = false
      this.#startJob()
    }
    queueMicrotask(() => {
      // What is sent in the same step leaves before a sync holds the loop: the others sync meanwhile.
      if (this.#policy.mayBlock()) queueMicrotask(start)
      else start()
    })
  }

  #startJob(): void {
    const job = this.#jobs.shift()
    const log = this.#log
    assert(job !== undefined && log !== null, 'a job waits for a loaded log')
    this.#isBusy = true
    if (job.kind === 'batch' && this.#policy.mayBlock()) this.#commitBlocking(log, job)
    else void this.#runPooled(log, job)
  }

  #commitBlocking(log: LogFile, batch: Batch): void {
    try {
      this.#policy.observe(log.commitBlocking(batch.frames), true)
    } catch (cause) {
      this.#fail(cause)
      return
    }
    this.#finishJob(batch.position)
  }

  async #runPooled(log: LogFile, job: Batch | Replacement): Promise<void> {
    try {
      if (job.kind === 'replacement') await log.replace(job.by)
      else this.#policy.observe(await log.commitPooled(job.frames), false)
    } catch (cause) {
      this.#fail(cause)
      return
    }
    this.#finishJob(job.position)
  }

  #finishJob(position: number): void {
    this.#isBusy = false
    this.#events.onDurable(position)
    if (this.#jobs.length > 0) this.#schedule()
    else this.#whenIdle?.()
  }

  #fail(cause: unknown): void {
    this.#isDead = true
    this.#isBusy = false
    this.#jobs.length = 0
    this.#events.onFailure(storageError(this.#file, cause))
    this.#whenIdle?.()
  }

  async #shutDown(): Promise<void> {
    if (this.#jobs.length > 0 || this.#isBusy) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve
      })
    }
    if (this.#log === null) return
    if (!this.#isDead) this.#log.seal()
    await this.#log.close()
  }

  #requireOpen(): void {
    assert(this.#log !== null, 'a log is loaded before it is written')
    assert(this.#closing === null, 'a closed log is not written')
  }
}
