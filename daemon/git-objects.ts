// The door to git's objects: commits, trees and blobs by their ids, as bytes. Only ids are said to git, never a path or a
// name that came from elsewhere; nothing is fetched, filtered or converted.
import { GIT_MS_MAX, asError, createRunner, createStarter, explain } from './git-process.ts'
import type { Start } from './git-process.ts'
import { SkeinError } from '../protocol/index.ts'

export type ObjectKind = 'commit' | 'tree' | 'blob'

export interface ObjectReader {
  /** Null for what is not on this disk, is of another kind, or is larger. One reading at a time. */
  read(id: string, kind: ObjectKind, bytesMax: number): Promise<Buffer | null>
}

/** All of these throw as those of Git do. */
export interface GitObjects {
  /** One process of git answers all that `use` reads; it ends with it, and after ten seconds. */
  withReader<Result>(
    root: string,
    signal: AbortSignal | undefined,
    use: (reader: ObjectReader) => Promise<Result>,
  ): Promise<Result>
  /** The commits and what came before them, newest first. */
  ancestors(
    root: string,
    commits: readonly string[],
    countMax: number,
    signal: AbortSignal | undefined,
  ): Promise<readonly string[]>
  /** A ref's commit and its first parents; empty without such a ref. */
  mainLine(
    root: string,
    ref: string,
    countMax: number,
    signal: AbortSignal | undefined,
  ): Promise<readonly string[]>
}

/** @param env the environment to start git in, before it is cleaned. */
export function createGitObjects(env: Readonly<Record<string, string | undefined>>): GitObjects {
  const run = createRunner(env)
  const start = createStarter(env)
  return {
    async withReader(root, signal, use) {
      const reader = new BatchReader(start, root, signal)
      try {
        return await use(reader)
      } finally {
        await reader.close()
      }
    },
    async ancestors(root, commits, countMax, signal) {
      const args = ['rev-list', `--max-count=${String(countMax)}`, ...commits, '--']
      return linesOf(await run(root, args, { signal, millisecondsMax: HISTORY_MS_MAX }))
    },
    async mainLine(root, ref, countMax, signal) {
      const args = ['rev-list', '--first-parent', `--max-count=${String(countMax)}`, ref, '--']
      const refusals = /bad revision|unknown revision/
      return linesOf(await run(root, args, { signal, refusals, millisecondsMax: HISTORY_MS_MAX }))
    },
  }
}

/** Is this the whole id of an object, by SHA-1 or SHA-256? */
export function isObjectId(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text)
}

/** A walk over a million commits without a commit-graph. */
const HISTORY_MS_MAX = 60_000
const STDERR_BYTES_MAX = 4_096
const HEADER_BYTES_MAX = 256
const ARGS = ['cat-file', '--batch'] as const
/**
 * What git says of an object that a partial clone left at its remote. Depending on its age it then answers `missing`, or
 * ends.
 */
const NOT_FETCHED = /promisor remote|lazy fetching disabled/

/** The talk with `git cat-file --batch`. It begins with the first reading, and anew after one that ended the process. */
class BatchReader implements ObjectReader {
  readonly #start: Start
  readonly #root: string
  readonly #signal: AbortSignal | undefined
  readonly #timer: NodeJS.Timeout
  #talk: Talk | null = null
  #isLate = false

  constructor(start: Start, root: string, signal: AbortSignal | undefined) {
    this.#start = start
    this.#root = root
    this.#signal = signal
    this.#timer = setTimeout(() => {
      this.#isLate = true
      this.#talk?.kill()
    }, GIT_MS_MAX)
    signal?.addEventListener('abort', this.#abort)
  }

  async read(id: string, kind: ObjectKind, bytesMax: number): Promise<Buffer | null> {
    this.#throwIfOver()
    const talk = (this.#talk ??= new Talk(this.#start(this.#root, ARGS)))
    const header = await talk.ask(id)
    if (header === null) return this.#explainEnd(talk)
    const [, name, found, size] = HEADER.exec(header) ?? []
    if (name === undefined) return null
    const isWanted = name === id && found === kind && Number(size) <= bytesMax
    if (!isWanted && Number(size) > SKIPPED_BYTES_MAX) {
      // To end the process costs less than to read past what may be gigabytes.
      await this.#endTalk()
      return null
    }
    const bytes = await talk.take(Number(size) + 1)
    if (bytes === null) return this.#explainEnd(talk)
    return isWanted ? bytes.subarray(0, -1) : null
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    this.#signal?.removeEventListener('abort', this.#abort)
    await this.#endTalk()
  }

  readonly #abort = (): void => {
    this.#talk?.kill()
  }

  async #endTalk(): Promise<void> {
    const talk = this.#talk
    this.#talk = null
    talk?.kill()
    await talk?.ended
  }

  /** The process ended where it should have answered. */
  async #explainEnd(talk: Talk): Promise<null> {
    await this.#endTalk()
    this.#throwIfOver()
    const failure = await talk.ended
    if (NOT_FETCHED.test(talk.said)) return null
    throw explain(failure, this.#root, ARGS, talk.said, GIT_MS_MAX)
  }

  #throwIfOver(): void {
    if (this.#signal?.aborted === true) throw asError(this.#signal.reason)
    if (!this.#isLate) return
    const limit = `${String(GIT_MS_MAX / 1000)} s`
    const data = { cwd: this.#root }
    throw new SkeinError('BUSY', `git cat-file in ${this.#root} took more than ${limit}.`, { data })
  }
}

const HEADER = /^([0-9a-f]{40,64}) (commit|tree|blob|tag) (\d+)$/
const SKIPPED_BYTES_MAX = 65_536

/** A process of git, a line to it and bytes from it at a time. */
class Talk {
  readonly #child: ReturnType<Start>
  readonly #output: AsyncIterator<Buffer, undefined>
  #rest: Buffer = Buffer.alloc(0)
  said = ''
  /** Settles when the process is gone, with how it went. */
  readonly ended: Promise<Error>

  constructor(child: ReturnType<Start>) {
    this.#child = child
    this.#output = child.stdout.iterator({ destroyOnReturn: true }) as AsyncIterator<
      Buffer,
      undefined
    >
    this.ended = endOf(child)
    // A process that is gone already is told of by its output, which ends.
    child.stdin.on('error', () => undefined)
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.said = (this.said + text).slice(0, STDERR_BYTES_MAX)
    })
  }

  /** The first line of the answer; null when the process ended instead. */
  async ask(line: string): Promise<string | null> {
    this.#child.stdin.write(`${line}\n`)
    for (;;) {
      const end = this.#rest.indexOf(0x0a)
      if (end !== -1) {
        const header = this.#rest.toString('latin1', 0, end)
        this.#rest = this.#rest.subarray(end + 1)
        return header
      }
      const more = this.#rest.length > HEADER_BYTES_MAX ? null : await this.#more()
      if (more === null) return null
      this.#rest = Buffer.concat([this.#rest, more])
    }
  }

  /** So many bytes of the answer; null when the process ended before. */
  async take(count: number): Promise<Buffer | null> {
    const parts = [this.#rest]
    let length = this.#rest.length
    while (length < count) {
      const more = await this.#more()
      if (more === null) return null
      parts.push(more)
      length += more.length
    }
    const all = Buffer.concat(parts)
    this.#rest = all.subarray(count)
    return all.subarray(0, count)
  }

  kill(): void {
    this.#child.kill('SIGKILL')
    this.#child.stdout.destroy()
  }

  async #more(): Promise<Buffer | null> {
    try {
      return (await this.#output.next()).value ?? null
    } catch {
      // Destroyed while it was read: as good as ended.
      return null
    }
  }
}

function endOf(child: ReturnType<Start>): Promise<Error> {
  return new Promise((resolve) => {
    child.on('error', (error) => {
      // One that could not be started has nothing to close.
      if (child.pid === undefined) resolve(error)
    })
    child.on('close', (code) => {
      resolve(new Error(`git ended with ${String(code)}`))
    })
  })
}

function linesOf(answer: string | null): readonly string[] {
  return (answer ?? '').split('\n').filter((line) => line !== '')
}
