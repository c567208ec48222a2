// What GitHub and Gitea are asked: the open pull request of a branch, and one comment on it that is written anew each time. Their
// APIs are alike here but for the place, the header and the pages.
import { z } from 'zod'
import { VERSION } from '../version.ts'
import { send, type Answered } from '../outgoing.ts'
import { postedOf, type Posted } from './post.ts'

export interface Forge {
  readonly kind: 'github' | 'gitea'
  /** As people open it in a browser. */
  readonly url: URL
  readonly token: string
}

export interface PullRequest {
  /** `owner/name` of where it is open: for a fork, the one above it. */
  readonly repo: string
  readonly number: number
}

/** A step that did not come off ends the whole attempt, which is made again. */
export class ForgeFailed extends Error {
  override readonly name = 'ForgeFailed'
  readonly posted: Posted

  constructor(posted: Posted) {
    super(posted.ok ? `status ${String(posted.status)}` : posted.problem)
    this.posted = posted
  }
}

/** A page of 100 pull requests with long descriptions. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024
const PAGE = 50
const PAGES_MAX = 20

const pullsSchema = z.array(
  z.object({
    number: z.int(),
    head: z.object({
      ref: z.string(),
      repo: z.object({ full_name: z.string() }).nullish(),
    }),
  }),
)
const repoSchema = z.object({
  fork: z.boolean().nullish(),
  parent: z.object({ full_name: z.string() }).nullish(),
})
const commentsSchema = z.array(
  z.object({
    id: z.int(),
    body: z.string().nullish(),
    user: z.object({ login: z.string() }).nullish(),
  }),
)
const userSchema = z.object({ login: z.string() })

/**
 * The open pull request from a branch of this repository, here or in the one that it was forked from.
 * @throws ForgeFailed
 */
export async function findPullRequest(
  forge: Forge,
  repo: string,
  branch: string,
  signal: AbortSignal,
): Promise<PullRequest | null> {
  const here = await pullRequestIn(forge, repo, { repo, branch }, signal)
  if (here !== null) return here
  const { fork, parent } = await ask(forge, `repos/${words(repo)}`, repoSchema, signal)
  const above = fork === true ? parent?.full_name : undefined
  return above === undefined ? null : pullRequestIn(forge, above, { repo, branch }, signal)
}

async function pullRequestIn(
  forge: Forge,
  repo: string,
  head: { readonly repo: string; readonly branch: string },
  signal: AbortSignal,
): Promise<PullRequest | null> {
  const owner = head.repo.slice(0, head.repo.indexOf('/'))
  for (let page = 1; page <= PAGES_MAX; page++) {
    const query = new URLSearchParams({ state: 'open', page: String(page) })
    query.set(forge.kind === 'github' ? 'per_page' : 'limit', String(PAGE))
    // Gitea knows no such filter and passes over it.
    if (forge.kind === 'github') query.set('head', `${owner}:${head.branch}`)
    const where = `repos/${words(repo)}/pulls?${query.toString()}`
    const pulls = await ask(forge, where, pullsSchema, signal)
    const found = pulls.find(
      ({ head: { ref, repo: from } }) =>
        ref === head.branch && from?.full_name.toLowerCase() === head.repo.toLowerCase(),
    )
    if (found !== undefined) return { repo, number: found.number }
    if (pulls.length < PAGE) return null
  }
  return null
}

/** Writes its own comment that begins with the mark anew, or a first one. @throws ForgeFailed */
export async function putComment(
  forge: Forge,
  { repo, number }: PullRequest,
  mark: string,
  body: string,
  signal: AbortSignal,
): Promise<Posted> {
  const issues = `repos/${words(repo)}/issues`
  const own = await findComment(forge, `${issues}/${String(number)}/comments`, mark, signal)
  if (own !== null) {
    const changed = await call(
      forge,
      'PATCH',
      `${issues}/comments/${String(own)}`,
      { body },
      signal,
    )
    const posted = postedOf(changed)
    // It is gone; or somebody else's that begins like ours, where nobody says who we are.
    if (posted.ok || (posted.status !== 403 && posted.status !== 404)) return posted
  }
  const where = `${issues}/${String(number)}/comments`
  return postedOf(await call(forge, 'POST', where, { body }, signal))
}

async function findComment(
  forge: Forge,
  where: string,
  mark: string,
  signal: AbortSignal,
): Promise<number | null> {
  // Asked only where it matters.
  let self: string | null | undefined
  for (let page = 1; page <= PAGES_MAX; page++) {
    const query = forge.kind === 'github' ? `?per_page=${String(PAGE)}&page=${String(page)}` : ''
    const comments = await ask(forge, where + query, commentsSchema, signal)
    for (const { id, user } of comments.filter(({ body }) => body?.startsWith(mark) === true)) {
      if (self === undefined) self = await ownName(forge, signal)
      if (self === null || user?.login === self) return id
    }
    // Gitea gives all of them at once.
    if (forge.kind === 'gitea' || comments.length < PAGE) return null
  }
  return null
}

/** Whose token it is; null for one of a workflow or of too little, which may not ask. */
async function ownName(forge: Forge, signal: AbortSignal): Promise<string | null> {
  try {
    return (await ask(forge, 'user', userSchema, signal)).login
  } catch (error) {
    const status = error instanceof ForgeFailed ? error.posted.status : null
    if (status === 403 || status === 404) return null
    throw error
  }
}

/** Does it answer, and take the token? */
export async function tryForge(forge: Forge, signal: AbortSignal): Promise<Posted> {
  const where = forge.kind === 'github' ? 'rate_limit' : 'user'
  return postedOf(await call(forge, 'GET', where, null, signal))
}

async function ask<Value>(
  forge: Forge,
  where: string,
  schema: z.ZodType<Value>,
  signal: AbortSignal,
): Promise<Value> {
  const answered = await call(forge, 'GET', where, null, signal)
  const posted = postedOf(answered)
  if (!posted.ok || answered.kind === 'failed') throw new ForgeFailed(posted)
  const { status } = answered
  try {
    return schema.parse(JSON.parse(answered.body))
  } catch {
    const problem = `an answer that is not understood, to ${where.replace(/\?.*/, '')}`
    throw new ForgeFailed({ ok: false, status, problem })
  }
}

function call(
  { kind, url, token }: Forge,
  method: 'GET' | 'POST' | 'PATCH',
  where: string,
  body: object | null,
  signal: AbortSignal,
): Promise<Answered> {
  const authorization = kind === 'github' ? `Bearer ${token}` : `token ${token}`
  const accept = kind === 'github' ? 'application/vnd.github+json' : 'application/json'
  const sent = {
    method,
    headers: {
      ...{ authorization, accept, 'user-agent': `skein/${VERSION}` },
      ...(kind === 'github' ? { 'x-github-api-version': '2022-11-28' } : {}),
      ...(body === null ? {} : { 'content-type': 'application/json' }),
    },
    body: body === null ? null : JSON.stringify(body),
  }
  return send(new URL(where, apiOf(kind, url)), sent, signal, ANSWER_BYTES_MAX)
}

/** GitHub's own is at a host of its own; GitHub Enterprise and Gitea have theirs below the address of the pages. */
function apiOf(kind: Forge['kind'], url: URL): URL {
  if (kind === 'github' && url.hostname === 'github.com') return new URL('https://api.github.com/')
  const base = url.href.endsWith('/') ? url.href : `${url.href}/`
  return new URL(kind === 'github' ? 'api/v3/' : 'api/v1/', base)
}

/** The names of a path, each by itself. */
function words(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}
