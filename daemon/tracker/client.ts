// Calls to the API of a forge for one project: bounded by daemon/outgoing.ts, decoded, each list page by page, what has not changed
// not sent again. After the forge's word that there are too many, none is made until its time is over.
import { z } from 'zod'
import type { SkeinError } from '../../protocol/index.ts'
import type { send, Sent } from '../outgoing.ts'
import type { Clock } from '../ports.ts'
import {
  pauseOf,
  rateLimited,
  refused,
  unreachable,
  wordsOf,
  type Answer,
  type Callee,
} from './answers.ts'
import { createPageCache, nextPage, renewed } from './paging.ts'

export interface ForgeClientOptions extends Callee {
  readonly headers: Readonly<Record<string, string>>
  /** How a list says how much a page holds, and how much that is at most. */
  readonly page: { readonly key: string; readonly size: number }
  readonly send: typeof send
  readonly clock: Pick<Clock, 'wall'>
}

export interface Listing {
  readonly query?: Readonly<Record<string, string>>
  readonly pagesMax: number
  /** The forge gives all at once. */
  readonly isWhole?: boolean
}

export interface Listed<Item> {
  readonly items: readonly Item[]
  readonly isPartial: boolean
}

/** How a call that changes something ended; `unclear`: nobody knows whether it arrived. */
export type Written =
  | { readonly kind: 'done'; readonly body: string }
  | {
      readonly kind: 'refused'
      readonly status: number
      readonly said: string
      readonly error: SkeinError
    }
  | { readonly kind: 'unclear'; readonly error: SkeinError }

/** A page of 100 issues with the longest bodies; nothing that is longer is read. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024

export class ForgeClient {
  readonly #options: ForgeClientOptions
  readonly #cache = createPageCache()
  #pausedUntilMs = 0

  constructor(options: ForgeClientOptions) {
    this.#options = options
  }

  get project(): string {
    return this.#options.project
  }

  now(): number {
    return this.#options.clock.wall()
  }

  /** Null: there is no such thing, or none that the token may see. @param where below the project, or from the API's root with a slash */
  async get<Value>(
    where: string,
    schema: z.ZodType<Value>,
    signal: AbortSignal,
  ): Promise<Value | null> {
    const answer = await this.#ask(this.#place(where, {}), signal)
    if (answer.status === 404 || answer.status === 410) return null
    return this.#decode(where, answer, schema)
  }

  async list<Item>(
    where: string,
    schema: z.ZodType<Item>,
    { query = {}, pagesMax, isWhole = false }: Listing,
    signal: AbortSignal,
  ): Promise<Listed<Item>> {
    const { key, size } = this.#options.page
    let place: URL = this.#place(where, isWhole ? query : { ...query, [key]: String(size) })
    const items: Item[] = []
    for (let page = 1; page <= pagesMax; page++) {
      const answer = await this.#ask(place, signal)
      const found = this.#decode(where, answer, z.array(schema))
      items.push(...found)
      const counted = { seen: items.length, isFull: !isWhole && found.length >= size }
      const next = nextPage(place, page, answer.headers, counted)
      if (next === null || found.length === 0) return { items, isPartial: false }
      place = next
    }
    return { items, isPartial: true }
  }

  /** @throws SkeinError TRACKER_RATE_LIMITED: it did not arrive */
  async write(
    method: 'POST' | 'PATCH' | 'PUT',
    where: string,
    body: object,
    signal: AbortSignal,
  ): Promise<Written> {
    const call = callOf(method, where)
    const answered = await this.#send(this.#place(where, {}), method, JSON.stringify(body), signal)
    if (answered.kind === 'failed') {
      return { kind: 'unclear', error: unreachable(this.#options, call, answered.problem) }
    }
    const { status } = answered
    if (status >= 200 && status < 300) return { kind: 'done', body: answered.body }
    if (status >= 500) {
      const problem = `status ${String(status)}`
      return { kind: 'unclear', error: unreachable(this.#options, call, problem) }
    }
    const said = wordsOf(this.#options, answered)
    return { kind: 'refused', status, said, error: refused(this.#options, call, answered) }
  }

  /** What a write that succeeded answered. */
  read<Value>(where: string, body: string, schema: z.ZodType<Value>): Value {
    return this.#decode(where, { kind: 'answered', status: 200, headers: {}, body }, schema)
  }

  #decode<Value>(where: string, answer: Answer, schema: z.ZodType<Value>): Value {
    const call = callOf('GET', where)
    if (answer.status !== 200) throw refused(this.#options, call, answer)
    const parsed = schema.safeParse(jsonOf(answer.body))
    if (parsed.success) return parsed.data
    const place = parsed.error.issues[0]?.path.map(String).join('.') ?? ''
    const what = `its answer is not understood${place === '' ? '' : ` at ${place}`}`
    throw unreachable(this.#options, call, `${what}; is \`url\` the address of a forge`)
  }

  async #ask(place: URL, signal: AbortSignal): Promise<Answer> {
    const known = this.#cache.get(place.href)
    const answered = await this.#send(place, 'GET', null, signal, known?.etag)
    const call = callOf('GET', place.pathname)
    if (answered.kind === 'failed') throw unreachable(this.#options, call, answered.problem)
    if (answered.status === 304 && known !== undefined) return renewed(known.answer, answered)
    if (answered.status >= 500) {
      throw unreachable(this.#options, call, `status ${String(answered.status)}`)
    }
    this.#cache.keep(place.href, answered)
    return answered
  }

  async #send(
    place: URL,
    method: Sent['method'],
    body: string | null,
    signal: AbortSignal,
    etag?: string,
  ): Promise<Answer | { readonly kind: 'failed'; readonly problem: string }> {
    const { headers, clock } = this.#options
    signal.throwIfAborted()
    this.#refuseWhilePaused()
    const sent = {
      method,
      headers: {
        ...headers,
        ...(body === null ? {} : { 'content-type': 'application/json' }),
        ...(etag === undefined ? {} : { 'if-none-match': etag }),
      },
      body,
    }
    const answered = await this.#options.send(place, sent, signal, ANSWER_BYTES_MAX)
    signal.throwIfAborted()
    if (answered.kind === 'failed') return answered
    const untilMs = pauseOf(answered, clock.wall())
    if (untilMs !== null) this.#pausedUntilMs = untilMs
    if (answered.status === 403 || answered.status === 429) this.#refuseWhilePaused()
    return answered
  }

  #refuseWhilePaused(): void {
    const nowMs = this.#options.clock.wall()
    if (nowMs < this.#pausedUntilMs) throw rateLimited(this.#options, this.#pausedUntilMs, nowMs)
  }

  #place(where: string, query: Readonly<Record<string, string>>): URL {
    const { api, project } = this.#options
    const path = where.startsWith('/') ? where.slice(1) : `repos/${project}/${where}`
    const place = new URL(path.split('/').map(encodeURIComponent).join('/'), api)
    place.search = new URLSearchParams(query).toString()
    return place
  }
}

/** What is no JSON is nothing that any schema takes. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function callOf(method: Sent['method'], where: string): string {
  return `${method} ${where}`
}
