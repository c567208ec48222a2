// A forge on loopback that speaks what skein asks of GitHub's REST API v3 or of Gitea's API v1: issues with pull requests among
// them, comments, labels, merges, pages, rate limits; and that can be told to answer badly.
import { createHash } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { onCleanup, type Cleaner } from './cleanup.ts'

export interface ServedIssue {
  readonly number: number
  title: string
  body: string
  state: 'open' | 'closed'
  readonly labels: string[]
  readonly user: string
  readonly association: string
}

export interface ServedPull {
  readonly number: number
  readonly title: string
  readonly branch: string
  readonly target: string
  readonly from: string
  head: string
  state: 'open' | 'closed'
  draft: boolean
  merged: string | null
  /** Null: it does not know yet. */
  mergeable: boolean | null
  mergeableState: string
}

export interface ServedComment {
  readonly number: number
  readonly user: string
  readonly association: string
  readonly body: string
}

/** How a request is answered badly; `after`: once it was carried out. */
export type Fault =
  | { readonly kind: 'cut'; readonly after: boolean }
  | { readonly kind: 'silent' }
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    }
  /** Less than its length says, then the end of the connection. */
  | { readonly kind: 'half' }

export interface Asked {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: http.IncomingHttpHeaders
  readonly status: number
}

interface Planned {
  readonly method: string
  readonly path: RegExp
  readonly fault: Fault
}

interface Reply {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export const PROJECT = 'team/shop'
export const HEAD = 'a'.repeat(40)
const SELF = 'skein-bot'

export class ForgeServer {
  readonly kind: 'github' | 'gitea'
  readonly token = 'a-secret-token'
  readonly issues: ServedIssue[] = []
  readonly pulls: ServedPull[] = []
  readonly comments: ServedComment[] = []
  readonly labels = new Map<string, number>()
  /** Beside the token's own account. */
  readonly writers: string[] = ['ann']
  readonly asked: Asked[] = []
  /** Most that a page holds, whatever is asked for. */
  pageMax: number
  /** How a merge is refused; null: it is not. */
  mergeRefusal: { readonly status: number; readonly message: string } | null = null
  #faults: Planned[] = []
  url = ''

  private constructor(kind: ForgeServer['kind']) {
    this.kind = kind
    this.pageMax = kind === 'github' ? 100 : 50
  }

  static async listen(cleaner: Cleaner, kind: ForgeServer['kind']): Promise<ForgeServer> {
    const forge = new ForgeServer(kind)
    const server = http.createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        forge.#serve(request, response, Buffer.concat(chunks).toString('utf8'))
      })
    })
    onCleanup(cleaner, () => {
      server.closeAllConnections()
      server.close()
    })
    server.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    forge.url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
    return forge
  }

  addIssue(given: Partial<Omit<ServedIssue, 'number'>> = {}): ServedIssue {
    const issue: ServedIssue = {
      ...{ number: this.#nextNumber(), title: 'An issue', body: '', state: 'open', labels: [] },
      ...{ user: 'ann', association: 'MEMBER', ...given },
    }
    this.issues.push(issue)
    return issue
  }

  addPull(given: Partial<Omit<ServedPull, 'number'>> = {}): ServedPull {
    const pull: ServedPull = {
      ...{ number: this.#nextNumber(), title: 'A change', branch: 'work', target: 'main' },
      ...{ from: PROJECT, head: HEAD, state: 'open', draft: false, merged: null },
      ...{ mergeable: true, mergeableState: 'clean', ...given },
    }
    this.pulls.push(pull)
    return pull
  }

  say(number: number, body: string, user = 'ann', association = 'MEMBER'): void {
    this.comments.push({ number, user, association, body })
  }

  /** The next request of that kind is answered badly. */
  spoil(method: string, path: RegExp, fault: Fault): void {
    this.#faults.push({ method, path, fault })
  }

  /** Requests so far, as `POST issues/1/comments`. */
  calls(method?: string): readonly string[] {
    const all = this.asked.filter((each) => method === undefined || each.method === method)
    return all.map(({ method: by, path }) => `${by} ${path}`)
  }

  #nextNumber(): number {
    return this.issues.length + this.pulls.length + 1
  }

  #serve(request: http.IncomingMessage, response: http.ServerResponse, text: string): void {
    const url = new URL(request.url ?? '/', this.url)
    const base = this.kind === 'github' ? '/api/v3/' : '/api/v1/'
    const full = decodeURIComponent(url.pathname)
    const path = full.replace(base, '').replace(`repos/${PROJECT}/`, '')
    const method = request.method ?? ''
    const fault = this.#takeFault(method, path)
    const isCarriedOut = fault === null || (fault.kind === 'cut' && fault.after)
    const body = text === '' ? {} : (JSON.parse(text) as Readonly<Record<string, unknown>>)
    const reply: Reply = !isCarriedOut
      ? { status: 0 }
      : !full.startsWith(base)
        ? { status: 404, body: { message: 'Not Found' } }
        : this.#answer(method, path, url, body, request.headers)
    const record = (status: number): void => {
      this.asked.push({ method, path, query: url.searchParams, headers: request.headers, status })
    }
    if (fault === null) {
      this.#reply(reply, request, response, record)
      return
    }
    record(0)
    switch (fault.kind) {
      case 'cut':
        response.destroy()
        return
      case 'silent':
        return
      case 'half':
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
        response.write('[{"number": 1')
        setImmediate(() => response.destroy())
        return
      case 'answer':
        response.writeHead(fault.status, fault.headers)
        response.end(fault.body ?? '')
    }
  }

  #takeFault(method: string, path: string): Fault | null {
    const at = this.#faults.findIndex((each) => each.method === method && each.path.test(path))
    if (at < 0) return null
    return this.#faults.splice(at, 1)[0]?.fault ?? null
  }

  #reply(
    { status, body, headers = {} }: Reply,
    request: http.IncomingMessage,
    response: http.ServerResponse,
    record: (status: number) => void,
  ): void {
    const text = body === undefined ? '' : JSON.stringify(body)
    const etag = `"${createHash('sha256').update(text).digest('hex').slice(0, 16)}"`
    const isKnown = request.headers['if-none-match'] === etag
    record(isKnown ? 304 : status)
    response.writeHead(isKnown ? 304 : status, {
      'content-type': 'application/json',
      ...(request.method === 'GET' ? { etag } : {}),
      ...headers,
    })
    response.end(isKnown ? '' : text)
  }

  #answer(
    method: string,
    path: string,
    { searchParams: query }: URL,
    body: Readonly<Record<string, unknown>>,
    headers: http.IncomingHttpHeaders,
  ): Reply {
    const word = this.kind === 'github' ? 'Bearer' : 'token'
    const isKnown = headers.authorization === `${word} ${this.token}`
    if (headers.authorization !== undefined && !isKnown)
      return { status: 401, body: { message: `Bad credentials: ${headers.authorization}` } }
    if (method !== 'GET' && !isKnown) return { status: 401, body: { message: 'Login first' } }
    if (path === 'user')
      return isKnown ? { status: 200, body: { login: SELF } } : { status: 401, body: {} }
    const words = path.split('/')
    if (words[0] === 'issues') return this.#issues(method, words, query, body)
    if (words[0] === 'pulls') return this.#pulls(method, words, query, body)
    if (this.kind === 'gitea' && path === 'assignees')
      return { status: 200, body: this.writers.map((login) => ({ login })) }
    if (this.kind === 'gitea' && path === 'labels') return this.#labels(method, query, body)
    return { status: 404, body: { message: 'Not Found' } }
  }

  #issues(
    method: string,
    [, number, what]: readonly string[],
    query: URLSearchParams,
    body: Readonly<Record<string, unknown>>,
  ): Reply {
    if (number === undefined && method === 'POST') return this.#create(body)
    if (number === undefined) {
      const state = query.get('state')
      const all = [
        ...this.issues.map((each) => ({
          at: each.number,
          state: each.state,
          shown: this.#shown(each),
        })),
        ...this.pulls.map((each) => ({
          at: each.number,
          state: each.state,
          shown: this.#pullAsIssue(each),
        })),
      ].filter((each) => each.state === state)
      const isRising = query.get('direction') === 'asc'
      const sorted = all.sort((a, b) => (isRising ? a.at - b.at : b.at - a.at))
      return this.#paged(
        sorted.map(({ shown }) => shown),
        query,
      )
    }
    const issue = this.issues.find((each) => each.number === Number(number))
    const pull = this.pulls.find((each) => each.number === Number(number))
    if (issue === undefined && pull === undefined)
      return { status: 404, body: { message: 'Not Found' } }
    if (what === 'comments') return this.#comments(method, Number(number), query, body)
    if (issue === undefined)
      return { status: 200, body: pull === undefined ? null : this.#pullAsIssue(pull) }
    if (method === 'PATCH') {
      if (typeof body['body'] === 'string') issue.body = body['body']
      if (body['state'] === 'closed') issue.state = 'closed'
      return { status: this.kind === 'github' ? 200 : 201, body: this.#shown(issue) }
    }
    return { status: 200, body: this.#shown(issue) }
  }

  #create(body: Readonly<Record<string, unknown>>): Reply {
    const given = body['labels'] as readonly (string | number)[]
    const labels =
      this.kind === 'github'
        ? given.map(String)
        : [...this.labels].filter(([, id]) => given.includes(id)).map(([name]) => name)
    const issue = this.addIssue({
      ...{ title: String(body['title']), body: String(body['body']), labels },
      ...{ user: SELF, association: 'NONE' },
    })
    return { status: 201, body: this.#shown(issue) }
  }

  #comments(
    method: string,
    number: number,
    query: URLSearchParams,
    body: Readonly<Record<string, unknown>>,
  ): Reply {
    if (method === 'POST') {
      this.say(number, String(body['body']), SELF, 'NONE')
      return { status: 201, body: this.#comment(this.comments.at(-1), number) }
    }
    const all = this.comments.filter((each) => each.number === number)
    const shown = all.map((each) => this.#comment(each, number))
    return this.kind === 'gitea' ? { status: 200, body: shown } : this.#paged(shown, query)
  }

  #comment(comment: ServedComment | undefined, number: number): unknown {
    const id = comment === undefined ? 0 : this.comments.indexOf(comment) + 1
    return {
      ...{ id, body: comment?.body, user: { login: comment?.user, type: 'User' } },
      html_url: `${this.url}/${PROJECT}/issues/${String(number)}#comment-${String(id)}`,
      ...(this.kind === 'github' ? { author_association: comment?.association } : {}),
    }
  }

  #labels(method: string, query: URLSearchParams, body: Readonly<Record<string, unknown>>): Reply {
    if (method === 'POST') {
      this.labels.set(String(body['name']), this.labels.size + 1)
      return { status: 201, body: { id: this.labels.size, name: body['name'] } }
    }
    return this.#paged(
      [...this.labels].map(([name, id]) => ({ id, name })),
      query,
    )
  }

  #pulls(
    method: string,
    [, number, what]: readonly string[],
    query: URLSearchParams,
    body: Readonly<Record<string, unknown>>,
  ): Reply {
    if (number === undefined && method === 'POST') {
      const [branch, target] = [String(body['head']), String(body['base'])]
      const isTwice = this.pulls.some(
        (each) =>
          each.state === 'open' &&
          each.from === PROJECT &&
          each.branch === branch &&
          each.target === target,
      )
      if (isTwice) {
        const message = 'A pull request already exists'
        return { status: this.kind === 'github' ? 422 : 409, body: { message } }
      }
      const pull = this.addPull({ title: String(body['title']), branch, target })
      return { status: 201, body: this.#pull(pull) }
    }
    if (number === undefined) {
      const head = query.get('head')
      const found = this.pulls.filter(
        (each) =>
          each.state === query.get('state') &&
          (head === null || head === `${each.from.split('/')[0] ?? ''}:${each.branch}`),
      )
      return this.#paged(
        found.reverse().map((each) => this.#pull(each)),
        query,
      )
    }
    const pull = this.pulls.find((each) => each.number === Number(number))
    if (pull === undefined) return { status: 404, body: { message: 'Not Found' } }
    if (what !== 'merge') return { status: 200, body: this.#pull(pull) }
    return this.#merge(pull, body)
  }

  #merge(pull: ServedPull, body: Readonly<Record<string, unknown>>): Reply {
    const head = body[this.kind === 'github' ? 'sha' : 'head_commit_id']
    if (this.mergeRefusal !== null) {
      const { status, message } = this.mergeRefusal
      return { status, body: { message } }
    }
    if (head !== pull.head) return { status: 409, body: { message: 'head out of date' } }
    pull.state = 'closed'
    pull.merged = 'b'.repeat(40)
    return this.kind === 'github'
      ? { status: 200, body: { sha: pull.merged, merged: true } }
      : { status: 200 }
  }

  #shown(issue: ServedIssue): unknown {
    return {
      ...{ number: issue.number, title: issue.title, body: issue.body, state: issue.state },
      labels: issue.labels.map((name) => ({ name })),
      html_url: `${this.url}/${PROJECT}/issues/${String(issue.number)}`,
      user: { login: issue.user, type: 'User' },
      ...(this.kind === 'github'
        ? { author_association: issue.association }
        : { pull_request: null }),
      unheard_of: [1, 2],
    }
  }

  #pullAsIssue(pull: ServedPull): unknown {
    return {
      ...{ number: pull.number, title: pull.title, body: '', state: pull.state, labels: [] },
      pull_request: { merged: pull.merged !== null },
    }
  }

  #pull(pull: ServedPull): unknown {
    const isGitHub = this.kind === 'github'
    return {
      ...{ number: pull.number, title: pull.title, state: pull.state, draft: pull.draft },
      html_url: `${this.url}/${PROJECT}/pulls/${String(pull.number)}`,
      merged: pull.merged !== null,
      mergeable: isGitHub ? pull.mergeable : pull.mergeable === true,
      ...(isGitHub ? { mergeable_state: pull.mergeableState } : {}),
      // GitHub's trial merge stands there before.
      merge_commit_sha: pull.merged ?? (isGitHub ? 'c'.repeat(40) : null),
      head: { ref: pull.branch, sha: pull.head, repo: { full_name: pull.from } },
      base: { ref: pull.target, sha: 'd'.repeat(40), repo: { full_name: PROJECT } },
    }
  }

  #paged(items: readonly unknown[], query: URLSearchParams): Reply {
    const key = this.kind === 'github' ? 'per_page' : 'limit'
    const size = Math.min(Number(query.get(key) ?? 30), this.pageMax)
    const page = Number(query.get('page') ?? 1)
    const next = new URLSearchParams(query)
    next.set('page', String(page + 1))
    const isMore = items.length > page * size
    return {
      status: 200,
      body: items.slice((page - 1) * size, page * size),
      headers: {
        ...(isMore ? { link: `<${this.url}/elsewhere?${next.toString()}>; rel="next"` } : {}),
        ...(this.kind === 'gitea' ? { 'x-total-count': String(items.length) } : {}),
      },
    }
  }
}
