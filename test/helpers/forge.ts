// A forge on loopback: what skein asks of GitHub's and Gitea's APIs, kept in memory, in their forms.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { onCleanup, type Cleaner } from './cleanup.ts'

export interface FakePull {
  /** `owner/name` of where it is open. */
  readonly repo: string
  readonly number: number
  readonly from: string
  readonly branch: string
}

export interface FakeComment {
  readonly id: number
  readonly where: string
  readonly user: { readonly login: string }
  body: string
}

export class FakeForge {
  readonly kind: 'github' | 'gitea'
  readonly pulls: FakePull[] = []
  /** Forks, with what they were made of. */
  readonly parents = new Map<string, string>()
  readonly comments: FakeComment[] = []
  readonly token = 'a-token'
  /** May the token ask whose it is? One of a workflow may not. */
  isNamed = true
  /** Of the next requests; null: as asked. */
  status: number | null = null
  asked = 0
  url = ''

  private constructor(kind: FakeForge['kind']) {
    this.kind = kind
  }

  static async listen(cleaner: Cleaner, kind: FakeForge['kind']): Promise<FakeForge> {
    const forge = new FakeForge(kind)
    const server = http.createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const [status, body] = forge.#answer(request, Buffer.concat(chunks).toString('utf8'))
        response.writeHead(status, { 'content-type': 'application/json' })
        response.end(JSON.stringify(body))
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

  /** One that was there before, by somebody else. */
  say(where: string, body: string, login = 'somebody'): void {
    this.comments.push({ id: this.comments.length + 1, where, user: { login }, body })
  }

  #answer(request: http.IncomingMessage, body: string): readonly [number, unknown] {
    this.asked++
    if (this.status !== null) return [this.status, { message: 'told to' }]
    const word = this.kind === 'github' ? 'Bearer' : 'token'
    if (request.headers.authorization !== `${word} ${this.token}`) return [401, {}]
    const base = this.kind === 'github' ? '/api/v3/' : '/api/v1/'
    const url = new URL(request.url ?? '/', this.url)
    if (!url.pathname.startsWith(base)) return [404, {}]
    const where = decodeURIComponent(url.pathname.slice(base.length))
    if (where === 'rate_limit') return [200, {}]
    if (where === 'user') return this.isNamed ? [200, { login: SELF }] : [403, {}]
    const [, repo = '', rest = ''] = /^repos\/([^/]+\/[^/]+)(.*)$/.exec(where) ?? []
    const text = body === '' ? '' : (JSON.parse(body) as { readonly body: string }).body
    if (rest === '') {
      const parent = this.parents.get(repo)
      return [200, { fork: parent !== undefined, parent: parent && { full_name: parent } }]
    }
    if (rest === '/pulls') return [200, this.#pullsOf(repo, url.searchParams)]
    const [, own] = /^\/issues\/comments\/(\d+)$/.exec(rest) ?? []
    if (own !== undefined) {
      const comment = this.comments.find(({ id }) => id === Number(own))
      if (comment === undefined) return [404, {}]
      comment.body = text
      return [200, comment]
    }
    const [, issue = ''] = /^\/issues\/(\d+)\/comments$/.exec(rest) ?? []
    if (request.method === 'GET') {
      const all = this.comments.filter((comment) => comment.where === `${repo}#${issue}`)
      return [200, this.kind === 'gitea' ? all : paged(all, url.searchParams, 'per_page')]
    }
    this.say(`${repo}#${issue}`, text, SELF)
    return [201, {}]
  }

  #pullsOf(repo: string, query: URLSearchParams): readonly unknown[] {
    const head = query.get('head')
    const open = this.pulls.filter(
      (pull) =>
        pull.repo === repo &&
        (this.kind === 'gitea' || `${pull.from.split('/')[0] ?? ''}:${pull.branch}` === head),
    )
    const shown = open.map(({ number, from, branch }) => ({
      number,
      head: { ref: branch, repo: { full_name: from } },
    }))
    return paged(shown, query, this.kind === 'gitea' ? 'limit' : 'per_page')
  }
}

/** Whose the token is. */
const SELF = 'skein-bot'

function paged<Item>(items: readonly Item[], query: URLSearchParams, size: string): Item[] {
  const page = Number(query.get('page') ?? 1)
  const limit = Number(query.get(size) ?? 30)
  return items.slice((page - 1) * limit, page * limit)
}
