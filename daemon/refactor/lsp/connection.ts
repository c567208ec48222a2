// A talk with one language server on its stdin and stdout: requests by id, and short answers to what it asks. It is ended
// with everything that it started.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { encodeFrame, FrameReader } from './frames.ts'

export interface ServerCommand {
  readonly program: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

export class Connection {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #reader = new FrameReader()
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>()
  /** Work that the server says it is at, by token. */
  readonly #working = new Set<string>()
  readonly #idle: (() => void)[] = []
  /** Works that it has finished. */
  finished = 0
  #lastId = 0
  #failure: Error | null = null

  constructor({ program, args, cwd, env }: ServerCommand) {
    // A group of its own: servers start helpers, which have to end with them.
    this.#child = spawn(program, args, { cwd, env, detached: true, windowsHide: true })
    this.#child.stdout.on('data', (bytes: Buffer) => {
      this.#read(bytes)
    })
    // What it writes there would fill the pipe, and stop it.
    this.#child.stderr.resume()
    this.#child.stdin.on('error', () => undefined)
    this.#child.on('error', (error) => {
      this.#fail(error)
    })
    this.#child.on('close', (code) => {
      this.#fail(new Error(`it ended with ${String(code)}`))
    })
  }

  /** @throws Error when the server refuses, ends, or talks nonsense */
  request(method: string, params: unknown): Promise<unknown> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    const id = ++this.#lastId
    const waiting = Promise.withResolvers<unknown>()
    this.#open.set(id, waiting)
    this.#send({ id, method, params })
    return waiting.promise
  }

  notify(method: string, params: unknown): void {
    this.#send({ method, params })
  }

  isWorking(): boolean {
    return this.#failure === null && this.#working.size > 0
  }

  /** Until it says that it is at no work any more. */
  untilIdle(): Promise<void> {
    if (!this.isWorking()) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  /** Idempotent. */
  end(): void {
    this.#fail(new Error('it was ended'))
    const { pid } = this.#child
    if (pid === undefined) return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // All of it is gone already.
    }
  }

  #send(message: object): void {
    if (this.#failure === null) this.#child.stdin.write(encodeFrame({ jsonrpc: '2.0', ...message }))
  }

  #read(bytes: Buffer): void {
    if (this.#failure !== null) return
    try {
      for (const message of this.#reader.push(bytes)) this.#hear(fieldsOf(message))
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #hear({ id, method, params, result, error }: Fields): void {
    if (typeof method === 'string') {
      if (method === '$/progress') this.#noteProgress(fieldsOf(params))
      if (id !== undefined) this.#send({ id, result: answerTo(method, fieldsOf(params)) })
      return
    }
    if (typeof id !== 'number') return
    const waiting = this.#open.get(id)
    this.#open.delete(id)
    if (error === undefined || error === null) waiting?.resolve(result)
    else waiting?.reject(new Error(String(fieldsOf(error)['message']).slice(0, SAID_MAX)))
  }

  #noteProgress({ token, value }: Fields): void {
    const { kind } = fieldsOf(value)
    const name = String(token)
    if (kind === 'begin' && this.#working.size < WORKING_MAX) this.#working.add(name)
    if (kind === 'end' && this.#working.delete(name)) this.finished++
    if (this.#working.size === 0) this.#wake()
  }

  #wake(): void {
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  #fail(error: Error): void {
    this.#failure ??= error
    for (const waiting of this.#open.values()) waiting.reject(this.#failure)
    this.#open.clear()
    this.#wake()
  }
}

const SAID_MAX = 200
const WORKING_MAX = 1_000

export type Fields = Readonly<Record<string, unknown>>

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

/** What it asks of an editor: settings (none), and leave to show its work. */
function answerTo(method: string, params: Fields): unknown {
  if (method !== 'workspace/configuration') return null
  const { items } = params
  return Array.isArray(items) ? items.map(() => null) : []
}
