// The audit log of one repository: what happened, one JSON line each, every line bound to the one before by its hash. It
// is told about events and decides nothing; what it loses in a crash the ledger tells again, from last() on.
//
// 1. The chain goes on over restarts and segments: `prev` of an event is the hash of the one before, FIRST_PREV at first.
// 2. append touches no file unless more than PENDING_BYTES_MAX waits; lines reach the file within some milliseconds, and
//    the disk at the latest with sync.
// 3. After any error nothing is written any more, onFailure is called once, sync rejects; append goes on chaining, so that
//    events still reach webhooks.
// 4. What is wrong in the middle of the log is left as it is, for verify to tell; only a torn end is cut.
import * as fs from 'node:fs'
import { FIRST_PREV, SkeinError, assert } from '../../protocol/index.ts'
import type { AuditEvent, AuditEventInput } from '../../protocol/index.ts'
import { chainEvent, decodeLine, hashesOf } from './audit-line.ts'
import type { AuditCursor, AuditFilter, AuditLines, AuditScan } from '../ports.ts'
import { isMatch } from '../audit-filter.ts'
import { readBackward, readForward } from './audit-read.ts'
import { sizeOf, trimSegments, type Retention } from './audit-retention.ts'
import { seekEvent, seekTime } from './audit-seek.ts'
import type { Segment } from './audit-segments.ts'
import { SegmentWriter, listSegments, readTail } from './audit-segments.ts'
import type { AuditVerdict } from './audit-verify.ts'
import { verifySegments } from './audit-verify.ts'
import type { FileOps } from './files.ts'
import { NODE_FILE_OPS, storageError } from './files.ts'

/** Where the chain ends. */
export type AuditPosition = Pick<AuditEvent, 'term' | 'index' | 'id' | 'hash'>

/** What a reader has seen: an event, or everything before a moment. */
export type AuditMark = { readonly id: string } | { readonly at: string }

export interface AuditLog {
  /** Gives the event its place in the chain and sends it on its way to the file. */
  append(event: AuditEventInput): AuditEvent
  /** Everything appended is in the file, if not on the disk. */
  flush(): void
  /** Everything appended is on the disk. @throws SkeinError as told to onFailure. */
  sync(): Promise<void>
  /** The last event appended, in the file or on its way; null for an empty log. */
  last(): AuditPosition | null
  /** Events as they stand in the files; a line that is no event is passed over. */
  scan(filter?: AuditFilter, options?: AuditScan): AsyncIterable<AuditEvent>
  /** Where a reader goes on; null when the log does not reach back to it. */
  seek(mark: AuditMark, signal?: AbortSignal): Promise<AuditCursor | null>
  /** Groups of events, oldest first; a line that is no event is passed over. */
  batches(from: AuditCursor | null, signal?: AbortSignal): AsyncIterable<readonly AuditEvent[]>
  /** Groups of lines as they are, oldest first. @throws SkeinError EVENTS_GONE when retention overtakes the reader. */
  lines(from: AuditCursor | null, signal?: AbortSignal): AsyncIterable<AuditLines>
  verify(options?: { readonly signal?: AbortSignal }): Promise<AuditVerdict>
  /** Removes the oldest segments as retention asks, never the one that grows; how many bytes that freed. */
  trim(retention: Retention): number
  /** Bytes in all segments. */
  size(): number
  /** Syncs and closes; idempotent. */
  close(): Promise<void>
}

export interface AuditOptions {
  /** Told once, from outside every call: DISK_FULL or HOME_UNUSABLE. */
  readonly onFailure?: (error: SkeinError) => void
  /** Told of each event when it has its place in the chain. */
  readonly onAppend?: (event: AuditEvent) => void
  readonly log?: { warn(fields: Readonly<Record<string, unknown>>, message: string): void }
  readonly segmentBytesMax?: number
  /** For tests. */
  readonly ops?: Pick<FileOps, 'writeSync' | 'datasync' | 'datasyncSync'>
}

/** Some 100,000 events: quick to search, and small enough a step for retention. */
const SEGMENT_BYTES_MAX = 32 * 1_048_576
/** Lines of one turn that brings very many events; above it append writes them itself. */
const PENDING_BYTES_MAX = 1_048_576
/** How long a line may wait for others to share its write. */
const FLUSH_MS = 5

/**
 * Opens the log in this directory, made if it is not there.
 * @throws SkeinError AUDIT_BROKEN when the last line is not an event of this chain: nothing can follow it.
 */
export function openAudit(directory: string, options: AuditOptions = {}): AuditLog {
  try {
    return new FileAuditLog(directory, options)
  } catch (cause) {
    throw storageError(directory, cause)
  }
}

class FileAuditLog implements AuditLog {
  readonly #directory: string
  readonly #options: AuditOptions
  readonly #segmentBytesMax: number
  readonly #writer: SegmentWriter
  #last: AuditPosition | null
  #pending: string[] = []
  #pendingBytes = 0
  #timer: NodeJS.Timeout | null = null
  #failure: SkeinError | null = null
  #closing: Promise<void> | null = null

  constructor(directory: string, options: AuditOptions) {
    this.#directory = directory
    this.#options = options
    this.#segmentBytesMax = options.segmentBytesMax ?? SEGMENT_BYTES_MAX
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 })
    const segments = listSegments(directory)
    this.#last = recoverLast(segments, options)
    const ops = options.ops ?? NODE_FILE_OPS
    this.#writer = new SegmentWriter(directory, segments.at(-1), this.#segmentBytesMax, ops)
  }

  append(input: AuditEventInput): AuditEvent {
    assert(this.#closing === null, 'a closed audit log is not written')
    const { event, line } = chainEvent(input, this.#last?.hash ?? FIRST_PREV)
    this.#last = { term: event.term, index: event.index, id: event.id, hash: event.hash }
    if (this.#failure === null) this.#hold(`${line}\n`)
    this.#options.onAppend?.(event)
    return event
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#pending.length === 0 || this.#failure !== null) return
    const lines = this.#pending
    this.#pending = []
    this.#pendingBytes = 0
    try {
      this.#write(lines)
    } catch (cause) {
      this.#fail(cause)
    }
  }

  async sync(): Promise<void> {
    this.flush()
    if (this.#failure === null) await this.#writer.sync().catch(this.#fail)
    this.#throwFailure()
  }

  last(): AuditPosition | null {
    return this.#last
  }

  async *scan(filter: AuditFilter = {}, options: AuditScan = {}): AsyncGenerator<AuditEvent> {
    this.flush()
    const { newestFirst = false, limit = Infinity, from = null, signal } = options
    const groups = newestFirst ? this.#newestFirst(signal) : this.#oldestFirst(from, signal)
    let left = limit
    for await (const lines of groups) {
      for (const line of lines) {
        if (left <= 0) return
        const event = decodeLine(line.toString('utf8'))
        if (event === null || !isMatch(event, filter)) continue
        yield event
        left -= 1
      }
    }
  }

  async *batches(
    from: AuditCursor | null,
    signal?: AbortSignal,
  ): AsyncGenerator<readonly AuditEvent[]> {
    for await (const { lines } of this.lines(from, signal))
      yield lines.flatMap((line) => decodeLine(line.toString('utf8')) ?? [])
  }

  async *lines(from: AuditCursor | null, signal?: AbortSignal): AsyncGenerator<AuditLines> {
    this.flush()
    for (const { number, file } of listSegments(this.#directory)) {
      if (from !== null && number < from.segment) continue
      let offset = number === from?.segment ? from.offset : 0
      for await (const lines of readForward(file, { signal, start: offset, isListed: true })) {
        yield { segment: number, offset, lines }
        offset = lines.reduce((sum, line) => sum + line.length + 1, offset)
      }
    }
  }

  async *#oldestFirst(
    from: AuditCursor | null,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly Buffer[]> {
    for await (const { lines } of this.lines(from, signal)) yield lines
  }

  async *#newestFirst(signal: AbortSignal | undefined): AsyncGenerator<readonly Buffer[]> {
    for (const { file } of [...listSegments(this.#directory)].reverse())
      yield* readBackward(file, { signal })
  }

  seek(mark: AuditMark, signal?: AbortSignal): Promise<AuditCursor | null> {
    this.flush()
    const segments = listSegments(this.#directory)
    return 'id' in mark ? seekEvent(segments, mark.id, signal) : seekTime(segments, mark.at, signal)
  }

  trim(retention: Retention): number {
    return trimSegments(listSegments(this.#directory), retention)
  }

  size(): number {
    return sizeOf(listSegments(this.#directory))
  }

  verify(options: { readonly signal?: AbortSignal } = {}): Promise<AuditVerdict> {
    this.flush()
    const newest = this.#failure === null ? (this.#last?.hash ?? null) : null
    return verifySegments(listSegments(this.#directory), newest, options.signal)
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown()
    return this.#closing
  }

  async #shutDown(): Promise<void> {
    this.flush()
    if (this.#failure === null) await this.#writer.sync().catch(this.#fail)
    await this.#writer.close()
  }

  #hold(line: string): void {
    this.#pending.push(line)
    this.#pendingBytes += line.length
    if (this.#pendingBytes > PENDING_BYTES_MAX) this.flush()
    else
      this.#timer ??= setTimeout(() => {
        this.flush()
      }, FLUSH_MS)
  }

  /** As few writes as segments allow. */
  #write(lines: readonly string[]): void {
    let group = ''
    let room = this.#writer.room()
    for (const line of lines) {
      const bytes = Buffer.byteLength(line)
      if (bytes > room) {
        this.#writeGroup(group)
        this.#writer.startNext()
        group = ''
        room = this.#segmentBytesMax
      }
      group += line
      room -= bytes
    }
    this.#writeGroup(group)
  }

  #writeGroup(lines: string): void {
    if (lines !== '') this.#writer.write(lines)?.catch(this.#fail)
  }

  readonly #fail = (cause: unknown): void => {
    if (this.#failure !== null) return
    const failure = storageError(this.#directory, cause)
    this.#failure = failure
    this.#pending = []
    // Not from within append: its caller is in the middle of something.
    queueMicrotask(() => this.#options.onFailure?.(failure))
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure
  }
}

/** The end of the chain: the last line of the last segment that has one. */
function recoverLast(segments: readonly Segment[], options: AuditOptions): AuditPosition | null {
  for (const segment of [...segments].reverse()) {
    const isGrowing = segment === segments.at(-1)
    const { lastLine, tornBytes } = readTail(segment.file, isGrowing)
    if (isGrowing && tornBytes > 0) {
      options.log?.warn({ file: segment.file, tornBytes }, 'torn end of the audit log dropped')
    }
    if (lastLine !== null) return positionOf(lastLine, segment.file)
  }
  return null
}

function positionOf(line: string, file: string): AuditPosition {
  const event = decodeLine(line)
  const hashes = hashesOf(Buffer.from(line))
  if (event !== null && hashes !== null && hashes.actual === hashes.stated) {
    return { term: event.term, index: event.index, id: event.id, hash: event.hash }
  }
  throw new SkeinError('AUDIT_BROKEN', `The last line of ${file} does not match its hash.`, {
    hint: `Move the folder of ${file} aside, then skein up; a new log begins, and nothing is deleted.`,
    data: { file },
  })
}
