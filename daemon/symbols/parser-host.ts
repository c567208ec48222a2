// Keeps the one parser thread: starts it on first use, hands it one file at a time, ends it when it is idle or a file
// takes too long.
// 1. At most one job is at the thread; the others wait here, and a job whose callers have gone does not start.
// 2. Whatever ends the thread ends only the job that it had.
import type { Worker } from 'node:worker_threads'
import { assert, SkeinError } from '../../protocol/index.ts'
import { fromColumns, SHELL, type ParseReply, type ParseRequest } from './worker/messages.ts'
import type { ShellScript } from '../shell-script.ts'
import type { FileSymbol } from './outline.ts'

export interface HostLimits {
  /** Ruling 38, for the parse and again for reading its tree: processor time of this process. */
  readonly parseMsMax: number
  /** The same by the clock on the wall, however busy the machine. */
  readonly parseWallMsMax: number
  /** A grammar's first load on a busy machine; more is a hang. */
  readonly loadMsMax: number
  readonly idleMs: number
  /** Files that wait, each of at most 1 MB. */
  readonly waitingMax: number
}

export const HOST_LIMITS: HostLimits = {
  parseMsMax: 500,
  parseWallMsMax: 3_000,
  loadMsMax: 15_000,
  // An agent thinks for minutes between two edits, and each cold start would be waited for at a hook.
  idleMs: 600_000,
  waitingMax: 32,
}

export type Parsed =
  | {
      readonly kind: 'parsed'
      readonly symbols: readonly FileSymbol[]
      readonly hasErrors: boolean
      /** As it came from the thread. */
      readonly uses: Uint32Array
    }
  | Unparsed

export type ParsedShell = { readonly kind: 'script'; readonly script: ShellScript } | Unparsed

type Unparsed =
  | { readonly kind: 'unsupported'; readonly why: 'binary' | 'size'; readonly reason: string }
  /** The file is not to blame for sure, or not for ever. */
  | { readonly kind: 'failed'; readonly why: 'slow' | 'failed'; readonly reason: string }
  /** Its callers had gone. */
  | { readonly kind: 'abandoned' }

/** V8 runs a grammar's code slowly until it has been optimised; a file is not refused for coming first. */
const COLD_FACTOR = 2

export interface HostEvents {
  onStart?(): void
  onEnd?(why: string): void
}

interface Job {
  readonly request: ParseRequest
  readonly isWanted: () => boolean
  readonly resolve: (answer: Parsed | ParsedShell) => void
  readonly reject: (error: unknown) => void
}

export class ParserHost {
  private readonly waiting: Job[] = []
  private readonly startThread: () => Worker
  private readonly limits: HostLimits
  private readonly events: HostEvents
  /** Languages that the present thread has parsed. */
  private readonly warm = new Set<string>()
  private thread: Worker | null = null
  private current: Job | null = null
  private timer: NodeJS.Timeout | null = null
  private lastId = 0
  private isStopped = false

  constructor(startThread: () => Worker, limits: HostLimits, events: HostEvents) {
    this.startThread = startThread
    this.limits = limits
    this.events = events
  }

  /** The bytes are moved to the thread. @param name an identifier to look for @throws SkeinError BUSY, DAEMON_DOWN */
  async parse(
    language: string,
    bytes: Uint8Array<ArrayBuffer>,
    isWanted: () => boolean,
    name?: string,
  ): Promise<Parsed> {
    const answer = await this.ask(language, bytes, isWanted, name)
    assert(answer.kind !== 'script', 'a file is answered with its symbols')
    return answer
  }

  /** A command as a script. @throws SkeinError BUSY, DAEMON_DOWN */
  async parseShell(bytes: Uint8Array<ArrayBuffer>, isWanted: () => boolean): Promise<ParsedShell> {
    const answer = await this.ask(SHELL, bytes, isWanted)
    assert(answer.kind !== 'parsed', 'a command is answered with its script')
    return answer
  }

  private ask(
    language: string,
    bytes: Uint8Array<ArrayBuffer>,
    isWanted: () => boolean,
    name?: string,
  ): Promise<Parsed | ParsedShell> {
    if (this.isStopped) return Promise.reject(stopping())
    if (this.waiting.length >= this.limits.waitingMax) {
      return Promise.reject(new SkeinError('BUSY', 'Too many files wait to be parsed.'))
    }
    return new Promise((resolve, reject) => {
      const looked = name === undefined ? {} : { name }
      const request = { id: ++this.lastId, language, bytes, ...looked }
      this.waiting.push({ request, isWanted, resolve, reject })
      this.next()
    })
  }

  /** Ends the thread; what waits fails. Idempotent. */
  async stop(): Promise<void> {
    this.isStopped = true
    for (const job of this.waiting.splice(0)) job.reject(stopping())
    this.current?.reject(stopping())
    this.current = null
    await this.end('stop')
  }

  private next(): void {
    if (this.current !== null || this.isStopped) return
    let job = this.waiting.shift()
    while (job !== undefined && !job.isWanted()) {
      job.resolve({ kind: 'abandoned' })
      job = this.waiting.shift()
    }
    if (job === undefined) {
      this.rest()
      return
    }
    this.current = job
    const thread = this.thread ?? this.begin()
    thread.ref()
    this.after(this.limits.loadMsMax, () => {
      this.giveUp('failed', 'the grammar did not load in time')
    })
    const { request } = job
    thread.postMessage(request, [request.bytes.buffer])
  }

  private begin(): Worker {
    const thread = this.startThread()
    this.thread = thread
    this.warm.clear()
    this.events.onStart?.()
    thread.on('message', (reply: ParseReply) => {
      if (this.thread === thread) this.hear(reply)
    })
    thread.on('error', (error) => {
      this.lose(thread, error.message)
    })
    thread.on('exit', (code) => {
      this.lose(thread, `exit ${String(code)}`)
    })
    return thread
  }

  private hear(reply: ParseReply): void {
    if (this.current === null || reply.id !== this.current.request.id) return
    if (reply.kind === 'step') {
      const isWarm = this.warm.has(this.current.request.language)
      const cpuMsMax = this.limits.parseMsMax * (isWarm ? 1 : COLD_FACTOR)
      this.watch(cpuMsMax, performance.now(), process.cpuUsage())
      return
    }
    if (reply.kind === 'unsupported') {
      const { kind, why, reason } = reply
      this.settle({ kind, why, reason })
      return
    }
    if (reply.kind === 'script') {
      this.warm.add(SHELL)
      this.settle({ kind: 'script', script: reply.script })
      return
    }
    const { columns, hasErrors, uses } = reply
    this.warm.add(this.current.request.language)
    this.settle({ kind: 'parsed', symbols: fromColumns(columns), hasErrors, uses })
  }

  /**
   * Cuts a parse that has had its time. On a machine that is busy elsewhere half a second may give the thread next to
   * nothing, and then an honest file would be refused; the whole process cannot have used less than its busy thread.
   */
  private watch(cpuMsMax: number, startedAt: number, cpuAtStart: NodeJS.CpuUsage): void {
    const { user, system } = process.cpuUsage(cpuAtStart)
    const left = Math.min(
      cpuMsMax - (user + system) / 1_000,
      this.limits.parseWallMsMax - (performance.now() - startedAt),
    )
    if (left <= 0) {
      this.giveUp('slow', 'too slow to parse')
      return
    }
    this.after(left, () => {
      this.watch(cpuMsMax, startedAt, cpuAtStart)
    })
  }

  /** The answer may lie in the queue behind a late timer, so it is let through first. */
  private giveUp(why: 'slow' | 'failed', reason: string): void {
    const job = this.current
    setImmediate(() => {
      if (job === null || this.current !== job) return
      void this.end(reason)
      this.settle({ kind: 'failed', why, reason })
    })
  }

  private lose(thread: Worker, why: string): void {
    if (this.thread !== thread) return
    void this.end(`lost: ${why}`)
    if (this.current !== null)
      this.settle({ kind: 'failed', why: 'failed', reason: 'the parser failed on it' })
  }

  private settle(parsed: Parsed | ParsedShell): void {
    const job = this.current
    this.current = null
    job?.resolve(parsed)
    this.next()
  }

  /** An idle thread does not keep the process. */
  private rest(): void {
    this.thread?.unref()
    if (this.thread !== null) this.after(this.limits.idleMs, () => void this.end('idle'))
    this.timer?.unref()
  }

  private async end(why: string): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
    const thread = this.thread
    this.thread = null
    if (thread === null) return
    this.events.onEnd?.(why)
    await thread.terminate()
  }

  private after(ms: number, act: () => void): void {
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = setTimeout(act, ms)
  }
}

function stopping(): SkeinError {
  return new SkeinError('DAEMON_DOWN', 'The daemon is stopping.')
}
