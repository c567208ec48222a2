// Symbols of the files in a checkout: what a file declares, and whether it declares what somebody wants to claim. Parsing
// is done in a thread that lives only while it is needed; a question asked before costs one look at the file's stamp.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { parseSymbol } from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import type {
  ChangedAnswer,
  ChangedVersion,
  FileEdit,
  ShellAnswer,
  TouchedAnswer,
  UsesAnswer,
  UsesAsked,
} from '../ports-symbols.ts'
import type { CheckedSymbols, Symbols, SymbolStats } from './api.ts'
import { BoundedCache } from './bounded-cache.ts'
import { touchedByEdit } from './edits.ts'
import {
  ABANDONED,
  answerOf,
  bytesOf,
  contentKey,
  noGrammar,
  passing,
  type Entry,
  type Flight,
} from './entry.ts'
import { unsupported, type FileSymbols } from './file-symbols.ts'
import { Gate } from './gate.ts'
import { inside } from './inside.ts'
import { kinshipOf, languageOf } from './languages.ts'
import { HOST_LIMITS, ParserHost, type HostLimits } from './parser-host.ts'
import { FILE_BYTES_MAX, readSource, stampOf } from './source-file.ts'
import { startThread } from './thread.ts'
import { touchedSymbols } from './touched.ts'
import { untilAborted } from './until-aborted.ts'
import { usesIn, type ParseFor } from './uses.ts'
import { knownPathsOf, unknownAmong } from './unknown.ts'

export interface SymbolsOptions {
  readonly log?: Log
  readonly limits?: Partial<HostLimits>
  /** A twin of the parser thread, for tests. */
  readonly startThread?: () => Worker
}

export function createSymbols(options: SymbolsOptions = {}): Symbols {
  return new SymbolIndex(options)
}

/** A claim names at most 200 scopes; some callers at once. */
const CALLS_WAITING_MAX = 1_000
/** Files read ahead of the parser. */
const READS_MAX = 4
const CONTENTS_MAX = { entriesMax: 4_000, bytesMax: 32 * 1_048_576 }
const STAMPS_MAX = { entriesMax: 20_000, bytesMax: 8 * 1_048_576 }
/** Each look at more symbols has a turn of the loop of its own: ten thousand cost up to 10 ms each time. */
const SYMBOLS_AT_ONCE = 1_000
/** A file that was cut is not tried again at once: it costs half a second and the thread. */
const FAILURE_KEPT_MS = 60_000

class SymbolIndex implements Symbols {
  private readonly log: Log | undefined
  private readonly host: ParserHost
  private readonly gate = new Gate({ insideMax: READS_MAX, waitingMax: CALLS_WAITING_MAX })
  /** By language and hash. */
  private readonly contents = new BoundedCache<Entry>(CONTENTS_MAX)
  /** By path: the stamp, and the key of the content under it. */
  private readonly stamps = new BoundedCache<{ readonly stamp: string; readonly key: string }>(
    STAMPS_MAX,
  )
  private readonly flights = new Map<string, Flight>()
  private readonly counts = { parses: 0, stampHits: 0, contentHits: 0, threadStarts: 0 }
  private isThreadRunning = false

  constructor(options: SymbolsOptions) {
    this.log = options.log
    const limits = { ...HOST_LIMITS, ...options.limits }
    this.host = new ParserHost(options.startThread ?? startThread, limits, {
      onStart: () => {
        this.counts.threadStarts++
        this.isThreadRunning = true
        this.log?.info({}, 'parser thread started')
      },
      onEnd: (why) => {
        this.isThreadRunning = false
        this.log?.info({ why }, 'parser thread ended')
      },
    })
  }

  async symbolsOf(file: string, signal?: AbortSignal): Promise<FileSymbols> {
    return (await this.entryOf(file, signal)).answer
  }

  async checkSymbols(
    root: string,
    file: string,
    wanted: readonly string[],
    signal?: AbortSignal,
  ): Promise<CheckedSymbols> {
    const canonical = wanted.map(parseSymbol)
    const real = await inside(root, file)
    if (typeof real !== 'string') return real
    const entry = await this.entryOf(real, signal)
    if (entry.answer.kind === 'unsupported') return entry.answer
    const { language, hasErrors, symbols } = entry.answer
    const isLarge = symbols.length > SYMBOLS_AT_ONCE
    if (isLarge && entry.known === null) await nextTurn()
    entry.known ??= knownPathsOf(symbols)
    if (isLarge) await nextTurn()
    const { all } = entry.known
    const known = canonical.filter((symbol) => all.has(symbol))
    return {
      kind: 'checked',
      language,
      known,
      unknown: unknownAmong(entry.known, canonical),
      hasErrors,
    }
  }

  async touchedBy(
    root: string,
    file: string,
    edit: FileEdit,
    signal?: AbortSignal,
  ): Promise<TouchedAnswer> {
    const real = await inside(root, file)
    if (typeof real !== 'string') return { kind: 'unknown', why: real.unsupported }
    return touchedByEdit(real, edit, (known) => this.symbolsOf(known, signal))
  }

  async readShell(command: string, signal?: AbortSignal): Promise<ShellAnswer> {
    const bytes = new TextEncoder().encode(command)
    if (bytes.length > FILE_BYTES_MAX) return { kind: 'unknown', why: 'too long' }
    const isWanted = (): boolean => signal?.aborted !== true
    const parsed = await untilAborted(this.host.parseShell(bytes, isWanted), signal)
    if (parsed.kind === 'script') return parsed
    return { kind: 'unknown', why: parsed.kind === 'abandoned' ? parsed.kind : parsed.reason }
  }

  async touchedIn(
    file: string,
    versions: readonly ChangedVersion[],
    signal?: AbortSignal,
  ): Promise<ChangedAnswer> {
    const found = { symbols: new Set<string>(), isOutside: false, hasErrors: false }
    for (const { bytes, lines } of versions) {
      const { answer } = await this.entryIn(file, bytes, signal)
      if (answer.kind === 'unsupported') return answer
      const touched = touchedSymbols(answer.symbols, lines)
      for (const symbol of touched.symbols) found.symbols.add(symbol)
      found.isOutside ||= touched.isOutside
      found.hasErrors ||= answer.hasErrors
    }
    return { kind: 'touched', ...found, symbols: [...found.symbols] }
  }

  async outlineOf(
    file: string,
    bytes: Uint8Array<ArrayBuffer>,
    signal?: AbortSignal,
  ): Promise<FileSymbols> {
    return (await this.entryIn(file, bytes, signal)).answer
  }

  async usesOf(
    root: string,
    file: string,
    asked: UsesAsked,
    signal?: AbortSignal,
  ): Promise<UsesAnswer> {
    const isWanted = () => signal?.aborted !== true
    const parse: ParseFor = (language, bytes) =>
      this.host.parse(language, bytes, isWanted, asked.name)
    return untilAborted(
      this.gate.pass(() => usesIn(root, file, asked, parse)),
      signal,
    )
  }

  kinship(file: string, other: string): 'same' | 'other' | 'unknown' {
    return kinshipOf(file, other)
  }

  stats(): SymbolStats {
    return {
      ...this.counts,
      isThreadRunning: this.isThreadRunning,
      cachedFiles: this.contents.size,
      cachedBytes: this.contents.bytes + this.stamps.bytes,
    }
  }

  async stop(): Promise<void> {
    await this.host.stop()
    this.contents.clear()
    this.stamps.clear()
  }

  private async entryOf(file: string, signal: AbortSignal | undefined): Promise<Entry> {
    signal?.throwIfAborted()
    const language = languageOf(file)
    if (language === null) return passing(unsupported('language', noGrammar(file)))
    const stamp = await stampOf(file)
    signal?.throwIfAborted()
    if (stamp.kind === 'refused') return passing(unsupported(stamp.why, stamp.reason))
    const before = this.stamps.get(file)
    const cached = before?.stamp === stamp.text ? this.contentOf(before.key) : undefined
    if (cached !== undefined) {
      this.counts.stampHits++
      return cached
    }
    const entry = await this.join(file, language.id, `${stamp.text} ${file}`, signal)
    // Everybody else left just before this caller came.
    return entry === ABANDONED ? this.entryOf(file, signal) : entry
  }

  /** Of a content that no file has to hold now. */
  private async entryIn(
    file: string,
    bytes: Uint8Array<ArrayBuffer>,
    signal: AbortSignal | undefined,
  ): Promise<Entry> {
    signal?.throwIfAborted()
    const language = languageOf(file)
    if (language === null) return passing(unsupported('language', noGrammar(file)))
    const key = contentKey(language.id, bytes)
    const known = this.contentOf(key)
    if (known !== undefined) {
      this.counts.contentHits++
      return known
    }
    const isWanted = () => signal?.aborted !== true
    const parsing = this.gate.pass(() => this.parse(file, language.id, key, bytes, isWanted))
    return untilAborted(parsing, signal)
  }

  /** Callers of one file share one reading; it goes on without those who leave, and does not start for nobody. */
  private async join(
    file: string,
    language: string,
    key: string,
    signal: AbortSignal | undefined,
  ): Promise<Entry> {
    const flight = this.flights.get(key) ?? this.start(file, language, key)
    flight.callers++
    try {
      return await untilAborted(flight.promise, signal)
    } finally {
      flight.callers--
    }
  }

  private start(file: string, language: string, key: string): Flight {
    const isWanted = () => flight.callers > 0
    const promise = this.gate
      .pass(() => (isWanted() ? this.read(file, language, isWanted) : Promise.resolve(ABANDONED)))
      .finally(() => {
        // A later caller must not join what has ended, nor what has ended for want of callers.
        this.flights.delete(key)
      })
    const flight: Flight = { promise, callers: 0 }
    this.flights.set(key, flight)
    return flight
  }

  private async read(file: string, language: string, isWanted: () => boolean): Promise<Entry> {
    const content = await readSource(file)
    if (content.kind === 'refused') return passing(unsupported(content.why, content.reason))
    const key = contentKey(language, content.bytes)
    const known = this.contentOf(key)
    if (known !== undefined) this.counts.contentHits++
    const entry = known ?? (await this.parse(file, language, key, content.bytes, isWanted))
    if (content.stamp !== null && this.contentOf(key) !== undefined) {
      this.stamps.set(file, { stamp: content.stamp, key }, 2 * (file.length + key.length) + 256)
    }
    return entry
  }

  private async parse(
    file: string,
    language: string,
    key: string,
    bytes: Uint8Array<ArrayBuffer>,
    isWanted: () => boolean,
  ): Promise<Entry> {
    const parsed = await this.host.parse(language, bytes, isWanted)
    if (parsed.kind === 'abandoned') return ABANDONED
    this.counts.parses++
    const isFailure = parsed.kind === 'failed'
    if (isFailure) this.log?.warn({ file, language, reason: parsed.reason }, 'file not parsed')
    // What only failed may have been the machine's fault; what was too slow would be so again at once.
    const keptUntil = isFailure ? performance.now() + FAILURE_KEPT_MS : null
    const entry: Entry = { answer: answerOf(language, parsed), keptUntil, known: null }
    if (!isFailure || parsed.why === 'slow') this.contents.set(key, entry, bytesOf(entry.answer))
    return entry
  }

  private contentOf(key: string): Entry | undefined {
    const entry = this.contents.get(key)
    if (entry === undefined || entry.keptUntil === null || performance.now() < entry.keptUntil)
      return entry
    this.contents.delete(key)
    return undefined
  }
}
