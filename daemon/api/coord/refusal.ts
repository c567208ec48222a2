// A failure as coord's clients read it: `{detail}`, a list of problems where the input is at fault, else one text with what
// to do next; and the status that coord has for it.
import { SkeinError } from '../../../protocol/index.ts'
import type { Reply } from '../http-call.ts'
import { challenge } from '../reply.ts'

/** One thing that is wrong with an input, as FastAPI tells it. */
export interface Problem {
  readonly type: string
  readonly loc: readonly (string | number)[]
  readonly msg: string
}

/** After it a call that no majority answered, or whose disk failed, may be tried again. */
const UNAVAILABLE_SECONDS = 5

/** Null for what is no failure of the world. */
export function refusal(error: unknown): Reply | null {
  if (!(error instanceof SkeinError)) return null
  const status = statusOf(error)
  const retryAfter = error.retryAfter ?? (status === 503 ? UNAVAILABLE_SECONDS : undefined)
  return {
    status,
    body: status === 429 ? overLimit(error) : { detail: detailOf(error, status) },
    headers: {
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      ...challenge(status),
    },
  }
}

/** The message, and the next thing to do. */
export function textOf({ message, hint }: SkeinError): string {
  return hint === '' ? message : `${message} (${hint})`
}

/** The same status with another body: coord's clients read refused claims as data. */
export function hasCode(error: unknown, codes: readonly SkeinError['code'][]): error is SkeinError {
  return error instanceof SkeinError && codes.includes(error.code)
}

export function badInput(problems: readonly Problem[]): SkeinError {
  const told = problems.map(({ loc, msg }) => `${loc.join('.')}: ${msg}`).join('; ')
  return new SkeinError('INPUT_SCHEMA', told, { data: { problems } })
}

function statusOf({ code, exit, http }: SkeinError): number {
  if (code === 'INPUT_JSON') return 422
  // Coord's clients ask for a new token, which is what a stale one needs.
  return exit === 4 ? 401 : http
}

function overLimit(error: SkeinError): object {
  const scope = LIMIT_SCOPES[error.code] ?? 'repo_queue'
  return { detail: textOf(error), scope, retry_after: error.retryAfter ?? null }
}

/** Coord's names of what is full. */
const LIMIT_SCOPES: Readonly<Partial<Record<SkeinError['code'], string>>> = {
  LIMIT_CLAIMS: 'claims',
  LIMIT_WAITS: 'queue',
  LIMIT_QUEUE: 'repo_queue',
}

function detailOf(error: SkeinError, status: number): string | readonly Problem[] {
  if (status !== 422) return textOf(error)
  const { code, data, message } = error
  if (code === 'INPUT_JSON') return [{ type: 'json_invalid', loc: ['body'], msg: message }]
  const problems: unknown =
    typeof data === 'object' && data !== null && 'problems' in data ? data.problems : []
  const told = Array.isArray(problems) ? problems.flatMap(problemOf) : []
  return told.length > 0 ? told : [{ type: 'value_error', loc: ['body'], msg: message }]
}

/** Operations tell theirs in words, the readers of these routes with their place. */
function problemOf(told: unknown): readonly Problem[] {
  if (typeof told === 'string') return [{ type: 'value_error', loc: ['body'], msg: told }]
  return isProblem(told) ? [told] : []
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'loc' in value && 'msg' in value
}
