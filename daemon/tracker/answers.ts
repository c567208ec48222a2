// What an answer of a forge means, as an error: unreachable, too many calls, refused. What it says of itself is cleaned and bounded,
// and the token never stands in it, even where the forge repeats it.
import { SkeinError } from '../../protocol/index.ts'
import type { Answered } from '../outgoing.ts'
import { lineOf } from './text.ts'

export type Answer = Extract<Answered, { readonly kind: 'answered' }>

/** Whom a call goes to, for messages and for what must not stand in them. */
export interface Callee {
  readonly kind: 'github' | 'gitea'
  /** Of its API; ends with a slash. */
  readonly api: URL
  /** `owner/name` there. */
  readonly project: string
  readonly token: string | null
  /** The variable that it is taken from. */
  readonly tokenEnv: string
}

const SAID_CHARACTERS_MAX = 200
/** A forge that names no time, and one that names an absurd one; GitHub counts by the hour. */
const PAUSE_MS = 60_000
const PAUSE_MS_MAX = 3_600_000

/** Until when no call should be made, by the forge's own word; null: go on. */
export function pauseOf(answer: Answer, nowMs: number): number | null {
  const { status, headers } = answer
  const isSpent = headers['x-ratelimit-remaining'] === '0'
  const after = headers['retry-after']
  const isLimited =
    status === 429 ||
    (status === 403 && (isSpent || after !== undefined || /rate limit/i.test(saidIn(answer))))
  if (!isLimited && !isSpent) return null
  const wanted = after === undefined ? resetOf(headers, isSpent) : timeOf(after, nowMs)
  const untilMs =
    wanted === null || wanted <= nowMs ? (isLimited ? nowMs + PAUSE_MS : null) : wanted
  return untilMs === null ? null : Math.min(untilMs, nowMs + PAUSE_MS_MAX)
}

function resetOf(headers: Answer['headers'], isSpent: boolean): number | null {
  const reset = headers['x-ratelimit-reset']
  return isSpent && reset !== undefined && /^\d{1,12}$/.test(reset) ? Number(reset) * 1000 : null
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function timeOf(text: string, nowMs: number): number | null {
  if (/^\d{1,9}$/.test(text)) return nowMs + Number(text) * 1000
  const parsed = Date.parse(text)
  return Number.isNaN(parsed) ? null : parsed
}

export function rateLimited(callee: Callee, untilMs: number, nowMs: number): SkeinError {
  const retryAt = new Date(untilMs).toISOString()
  return new SkeinError(
    'TRACKER_RATE_LIMITED',
    `${nameOf(callee)} takes no calls until ${retryAt}.`,
    {
      data: { tracker: callee.kind, project: callee.project, retry_at: retryAt },
      retryAfter: Math.max(1, Math.ceil((untilMs - nowMs) / 1000)),
    },
  )
}

/** @param problem what the network said, or what is wrong with the answer */
export function unreachable(callee: Callee, call: string, problem: string): SkeinError {
  const said = lineOf(masked(problem, callee), SAID_CHARACTERS_MAX)
  return new SkeinError('TRACKER_UNREACHABLE', `${nameOf(callee)}: ${call} failed: ${said}.`, {
    data: { tracker: callee.kind, project: callee.project },
    retryAfter: 10,
  })
}

export function refused(callee: Callee, call: string, answer: Answer): SkeinError {
  const { status } = answer
  const said = wordsOf(callee, answer)
  const words = said === '' ? '' : `: "${said}"`
  return new SkeinError(
    'TRACKER_REFUSED',
    `${nameOf(callee)} answers ${String(status)} to ${call}${words}.`,
    {
      hint: hintOf(callee, status),
      data: { tracker: callee.kind, project: callee.project, status, said },
    },
  )
}

function hintOf({ token, tokenEnv }: Callee, status: number): string {
  if (status >= 300 && status < 400)
    return 'It has moved, and redirects are not followed: correct `project` and `url` under `tracker` in config.yml.'
  if (status === 401 || status === 403 || status === 404) {
    return token === null
      ? `Set ${tokenEnv} in the environment of the daemon to a token that may do this, then start it again.`
      : `Look at what the token in ${tokenEnv} may do, and at \`project\` under \`tracker\` in config.yml.`
  }
  return 'Do on the forge what it asks for, then try again.'
}

/** What a forge says to people, in its own words. */
export function wordsOf(callee: Callee, answer: Answer): string {
  return lineOf(masked(saidIn(answer), callee), SAID_CHARACTERS_MAX)
}

/** A page for a browser says nothing. */
function saidIn({ body }: Answer): string {
  try {
    const { message, errors } = JSON.parse(body.slice(0, 65_536)) as {
      readonly message?: unknown
      readonly errors?: unknown
    }
    const more = (Array.isArray(errors) ? (errors as readonly unknown[]) : []).flatMap((each) => {
      const own =
        typeof each === 'object' && each !== null && 'message' in each ? each.message : each
      return typeof own === 'string' ? [own] : []
    })
    return [...(typeof message === 'string' ? [message] : []), ...more.slice(0, 3)].join('; ')
  } catch {
    return ''
  }
}

function masked(text: string, { token }: Callee): string {
  return token === null ? text : text.replaceAll(token, '(token)')
}

function nameOf({ kind, api, project }: Callee): string {
  return `${kind} (${api.host}, ${project})`
}
