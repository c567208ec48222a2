// `skein mcp`: a harness's stdio on one side, the daemon's MCP socket on the other. Copies lines; outlives the daemon: it dials
// again, repeats the handshake, and fails what was under way, since only the caller can judge whether to ask again. It must
// start in a blink, so it imports Node's own modules and no SDK, no schema and no protocol code.
import type net from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { Conversation, errorAnswer, requestIdOf } from './conversation.ts'
import { makeLineSplitter } from './lines.ts'
import { dial, flush, hangUp, writeLine } from './sockets.ts'

/** The bridge's first line: who calls, from where. Null or absent: the daemon fills it in. */
export interface Greeting {
  readonly skein: 1
  /** Absolute. */
  readonly cwd: string
  readonly repo?: string | null
  readonly agent: string | null
  readonly session: string | null
  readonly harness: string | null
  readonly user: string | null
  /** The process whose death ends the session, with its start time. */
  readonly pid: number | null
  readonly started: string | null
}

export interface BridgeOptions {
  /** Asked before each dial: the first start of a daemon may choose another place. */
  readonly socketPath: () => string
  readonly greeting: Greeting
  readonly stdin: Readable
  readonly stdout: Writable
  /** Starts the daemon and returns when it listens; null where none may be started (`SKEIN_NO_START=1`). */
  readonly start: (() => Promise<void>) | null
  readonly patience?: Partial<Patience>
}

/** Times, in milliseconds. */
export interface Patience {
  /** For a daemon that is being started. */
  readonly startMs: number
  /** For a daemon that went away by itself: a restart takes about a second. */
  readonly restartMs: number
  /** For the answers that are under way when stdin ends. */
  readonly drainMs: number
}

const PATIENCE: Patience = { startMs: 10_000, restartMs: 3_000, drainMs: 2_000 }
const BACKOFF_MS_MIN = 20
const BACKOFF_MS_MAX = 500
/** For the answer to a repeated handshake. */
const REPLAY_MS = 5_000
const SHORT_LIFE_MS = 1_000
const SHORT_LIVES_MAX = 3

/** What the daemon takes, too. */
const CLIENT_LINE_BYTES_MAX = 1_048_576
/** A full list of claims stays below; more is no daemon of ours. */
const DAEMON_LINE_BYTES_MAX = 64 * 1_048_576

/** Runs until stdin ends, the answers under way are out and the socket is closed. Does not reject for anything the daemon does. */
export async function runBridge(options: BridgeOptions): Promise<void> {
  await new Bridge(options).run()
}

class Bridge {
  readonly #options: BridgeOptions
  readonly #patience: Patience
  readonly #talk = new Conversation()
  #socket: net.Socket | null = null
  /** Under way: a dial with its retries. */
  #reaching: Promise<net.Socket | null> | null = null
  /** Called when the daemon has answered a replayed handshake, or has gone. */
  #onReplayed: (() => void) | null = null
  #onProgress: (() => void) | null = null
  /** Starting was tried in vain, or is not allowed: dial once and answer at once. */
  #isHopeless: boolean
  #reason = ''
  #openedAt = 0
  /** Connections in a row that ended at once. */
  #shortLives = 0
  #isEnding = false

  constructor(options: BridgeOptions) {
    this.#options = options
    this.#patience = { ...PATIENCE, ...options.patience }
    this.#isHopeless = options.start === null
  }

  async run(): Promise<void> {
    // The client is gone, or will be seen to be gone at its stdin.
    this.#options.stdout.on('error', () => this.#options.stdin.destroy())
    void this.#reach()
    await this.#copyFromClient()
    await this.#finish()
  }

  async #copyFromClient(): Promise<void> {
    const splitter = makeLineSplitter(CLIENT_LINE_BYTES_MAX)
    try {
      for await (const chunk of this.#options.stdin)
        for (const line of splitter.push(asBuffer(chunk))) await this.#forward(line)
    } catch {
      // A stdin that breaks has ended.
    }
  }

  async #forward(line: Buffer | null): Promise<void> {
    if (line === null) {
      const limit = String(CLIENT_LINE_BYTES_MAX)
      this.#tell(errorAnswer(null, `a line is longer than ${limit} bytes; send less`, 'INPUT_SIZE'))
      return
    }
    // Waits while a daemon restarts: stdin is not read meanwhile, which is all the queue there is.
    const socket = this.#socket ?? (await this.#reaching) ?? (await this.#reachFor(line))
    if (socket === null) return
    this.#talk.sees(line)
    if (this.#socket === socket) await writeLine(socket, line)
    else this.#failInFlight()
  }

  /** No daemon. Only a request is worth a try, because only a request can be told. */
  async #reachFor(line: Buffer): Promise<net.Socket | null> {
    const id = requestIdOf(line)
    if (id === null) {
      // Part of the handshake, perhaps: the next daemon is told.
      this.#talk.sees(line)
      return null
    }
    const socket = await this.#reach()
    if (socket === null) this.#tell(errorAnswer(id, this.#noDaemon(), 'DAEMON_DOWN'))
    return socket
  }

  #noDaemon(): string {
    const reason = this.#reason === '' ? '' : ` (${this.#reason})`
    return `no daemon: run \`skein up\`${reason}`
  }

  #reach(): Promise<net.Socket | null> {
    const { start } = this.#options
    const isHopeless = this.#isHopeless
    return this.#dialWithin(isHopeless ? 0 : this.#patience.startMs, isHopeless ? null : start)
  }

  #dialWithin(patienceMs: number, start: (() => Promise<void>) | null): Promise<net.Socket | null> {
    this.#reaching ??= this.#retry(patienceMs, start).finally(() => {
      this.#reaching = null
    })
    return this.#reaching
  }

  async #retry(
    patienceMs: number,
    start: (() => Promise<void>) | null,
  ): Promise<net.Socket | null> {
    let deadline = performance.now() + patienceMs
    let mayStart = start
    for (let pause = BACKOFF_MS_MIN; ; pause = Math.min(2 * pause, BACKOFF_MS_MAX)) {
      const socket = await this.#open()
      if (socket !== null) return socket
      const leftMs = deadline - performance.now()
      if (leftMs <= 0 || this.#isEnding) break
      if (mayStart === null) await sleep(Math.min(pause, leftMs))
      else if (!(await this.#start(mayStart, leftMs))) deadline = performance.now() + BACKOFF_MS_MAX
      mayStart = null
    }
    // A daemon that went away by itself may yet be started for the next request.
    this.#isHopeless = start !== null || this.#options.start === null
    this.#abandon()
    return null
  }

  /** False when it failed: somebody else's start may still succeed, but not for long. */
  async #start(start: () => Promise<void>, withinMs: number): Promise<boolean> {
    const giveUp = new AbortController()
    const late = sleep(withinMs, undefined, { signal: giveUp.signal }).catch(() => undefined)
    try {
      await Promise.race([start(), late])
      return true
    } catch (error) {
      this.#reason = error instanceof Error ? error.message : String(error)
      return false
    } finally {
      giveUp.abort()
    }
  }

  /** Dials, greets and repeats the handshake; null when any of it fails. */
  async #open(): Promise<net.Socket | null> {
    const socket = await dial(this.#options.socketPath)
    if (socket === null) return null
    this.#listen(socket)
    socket.write(`${JSON.stringify(this.#options.greeting)}\n`)
    const replay = this.#talk.replay()
    if (replay !== null) {
      const answered = new Promise<void>((resolve) => (this.#onReplayed = resolve))
      socket.write(`${replay.initialize}\n`)
      const timer = setTimeout(() => socket.destroy(), REPLAY_MS)
      await answered
      clearTimeout(timer)
      if (replay.initialized !== null) void writeLine(socket, replay.initialized)
      for (const line of replay.subscribe) void writeLine(socket, Buffer.from(line))
    }
    if (socket.destroyed) return null
    for (const line of this.#talk.loses().repeat) void writeLine(socket, line)
    this.#socket = socket
    this.#openedAt = performance.now()
    this.#reason = ''
    this.#isHopeless = this.#options.start === null
    for (const line of replay?.updated ?? []) this.#tell(`${line}\n`)
    return socket
  }

  #listen(socket: net.Socket): void {
    const splitter = makeLineSplitter(DAEMON_LINE_BYTES_MAX)
    socket.on('data', (chunk: Buffer) => {
      const lines = splitter.push(chunk)
      if (splitter.isOverlong() || lines.includes(null)) socket.destroy()
      else this.#copyFromDaemon(socket, lines)
    })
    // What follows from an error is `close`.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#onReplayed?.()
      if (this.#socket === socket) this.#lose()
    })
  }

  #copyFromDaemon(socket: net.Socket, lines: readonly (Buffer | null)[]): void {
    const { stdout } = this.#options
    const out: Buffer[] = []
    for (const line of lines) {
      if (line === null) continue
      if (this.#talk.hears(line)) out.push(line, LINE_FEED)
      else this.#onReplayed?.()
    }
    if (out.length > 0 && !stdout.write(Buffer.concat(out))) {
      socket.pause()
      stdout.once('drain', () => socket.resume())
    }
    this.#onProgress?.()
  }

  /** The daemon went away in the middle. */
  #lose(): void {
    this.#socket = null
    this.#failInFlight()
    if (this.#isEnding) return
    const isShort = performance.now() - this.#openedAt < SHORT_LIFE_MS
    this.#shortLives = isShort ? this.#shortLives + 1 : 0
    // A daemon that will not have us is not asked again and again, but by the next request.
    if (this.#shortLives <= SHORT_LIVES_MAX) {
      void this.#dialWithin(this.#patience.restartMs, null)
      return
    }
    this.#reason = 'one listens, but ends each connection at once; see `skein logs`'
    this.#abandon()
  }

  #failInFlight(): void {
    for (const id of this.#talk.loses().failed) this.#tell(errorAnswer(id, LOST, 'UNCERTAIN'))
    this.#onProgress?.()
  }

  /** No daemon came: what was to be sent again is answered, too. */
  #abandon(): void {
    for (const id of this.#talk.abandons())
      this.#tell(errorAnswer(id, this.#noDaemon(), 'DAEMON_DOWN'))
    this.#onProgress?.()
  }

  #tell(line: string): void {
    this.#options.stdout.write(line)
  }

  async #finish(): Promise<void> {
    const isDone = (): boolean => this.#talk.isIdle || this.#socket === null
    const deadline = sleep(this.#patience.drainMs, undefined, { ref: false })
    const done = new Promise<void>((resolve) => {
      this.#onProgress = () => {
        if (isDone()) resolve()
      }
      this.#onProgress()
    })
    await Promise.race([done, deadline])
    this.#isEnding = true
    const socket = this.#socket ?? (await this.#reaching)
    if (socket !== null) await hangUp(socket)
    await flush(this.#options.stdout, this.#patience.drainMs)
  }
}

const LINE_FEED = Buffer.from('\n')

const LOST =
  'the skein daemon restarted before it answered: nothing is confirmed. Call list_claims {"mine":true} to see what you hold, then call again.'

function asBuffer(chunk: unknown): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
}
