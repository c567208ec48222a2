// What coord's clients send, read as coord reads it: unknown fields pass, null is nothing, and what is wrong is told with its
// place.
import { z } from 'zod'
import { DEFAULTS, LIMITS } from '../../../protocol/index.ts'
import type { RouteAbout } from '../http-call.ts'
import { badInput, type Problem } from './refusal.ts'

const HOURS_MAX = DEFAULTS.ttlSecondsMax / 3600

/** Null, an empty text and nothing are the same. */
function orNothing<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess(
    (value) => (value === null || value === '' ? undefined : value),
    schema.optional(),
  )
}

const name = z.string().min(1).max(LIMITS.nameCharactersMax)
const pattern = z.string().min(1).max(LIMITS.patternCharactersMax)
const text = z.string().max(LIMITS.descriptionCharactersMax)
const hours = z
  .int()
  .min(1)
  .max(HOURS_MAX, `at most ${String(HOURS_MAX)} hours: a claim lives no longer than 10 days`)
const waitSeconds = z.int().min(0).max(DEFAULTS.waitSecondsMax)
const names = z.array(pattern).max(LIMITS.scopesMax)
const symbolsByFile = z.record(pattern, names.min(1))
const urgencies = ['low', 'normal', 'high', 'blocking'] as const
/** Coord takes what it does not know for normal. */
const urgency = orNothing(z.enum(urgencies).catch('normal'))

const place = { repo: orNothing(name) }

export const CLAIM_BODY = z.object({
  engineer: name,
  claims: z
    .array(
      z.object({
        type: name,
        pattern,
        symbols: orNothing(names),
        narrowable: orNothing(z.boolean()),
      }),
    )
    .min(1)
    .max(LIMITS.scopesMax),
  branch: orNothing(name),
  description: orNothing(text),
  ttl_hours: orNothing(hours),
  wait_seconds: orNothing(waitSeconds),
  urgency,
  session_id: orNothing(name),
  ...place,
})

export const RELEASE_BODY = z.object({
  claim_ids: z.array(z.string()).max(LIMITS.idsMax),
  engineer: orNothing(name),
  session_id: orNothing(name),
  ...place,
})

export const EXTEND_BODY = z.object({
  engineer: name,
  ttl_hours: orNothing(hours),
  session_id: orNothing(name),
  ...place,
})

export const BATCH_BODY = z.object({
  patterns: orNothing(names),
  engineer: name,
  session_ids: orNothing(z.array(name).max(LIMITS.idsMax)),
  symbols: orNothing(symbolsByFile),
  all_repos: orNothing(z.boolean()),
  branch: orNothing(name),
  ...place,
})

export const REQUEST_BODY = z.object({
  claim_id: z.string(),
  requester: name,
  session_id: orNothing(name),
  reason: orNothing(text),
  urgency,
  requested_scope: orNothing(pattern),
  wait_seconds: orNothing(waitSeconds),
  ...place,
})

export const RESPOND_BODY = z.object({
  decision: z.string(),
  engineer: orNothing(name),
  session_id: orNothing(name),
  note: orNothing(text),
  narrowed_pattern: orNothing(pattern),
  coexist_pattern: orNothing(pattern),
  coexist_symbols: orNothing(symbolsByFile),
  ...place,
})

/** Routes that need nothing of their body. */
export const PLACE_BODY = z.object({ engineer: orNothing(name), ...place })

/** A parameter of a query comes as the list of its values; where one is meant, the last counts. */
function last<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((values) => {
    const value: unknown = Array.isArray(values) ? values.at(-1) : values
    return value === '' ? undefined : value
  }, schema.optional())
}

const flag = last(z.stringbool())
const word = last(name)

export const CLAIMS_QUERY = z.object({
  active_only: flag,
  engineer: word,
  module: last(pattern),
  repo: word,
  all_repos: flag,
  session_id: word,
})

export const CONFLICTS_QUERY = z.object({
  pattern: orNothing(names),
  symbol: orNothing(names),
  engineer: z.preprocess(
    (values: unknown) => (Array.isArray(values) ? (values as unknown[]).at(-1) : values),
    name,
  ),
  session_id: orNothing(z.array(name).max(LIMITS.idsMax)),
  repo: word,
  all_repos: flag,
  branch: word,
})

export const REQUESTS_QUERY = z.object({
  requester: word,
  claim_id: last(z.string()),
  decision: last(z.string()),
  queued: flag,
  state: last(z.string()),
  session_id: word,
  repo: word,
  all_repos: flag,
})

/** Who asks, of what: of routes that name the rest in their path. */
export const WHO_QUERY = z.object({ engineer: word, session_id: word, repo: word })

const DAYS_MAX = 90
export const DAYS_QUERY = z.object({
  days: last(z.coerce.number().int().min(1).max(DAYS_MAX)),
  repo: word,
})

export const HOTSPOTS_QUERY = z.object({
  ...DAYS_QUERY.shape,
  min_attempts: last(z.coerce.number().int().min(1).max(1_000_000)),
  limit: last(z.coerce.number().int().min(1).max(200)),
  all_repos: word,
})

const HELP: Readonly<Record<string, string>> = {
  active_only: 'false: those that ended lately, too',
  all_repos: 'of every enrolled repository',
  branch: 'the branch of the work',
  claim_id: 'about this claim',
  days: 'so many days back: 1 to 90, 30',
  decision: 'that ended, or stand, like this',
  engineer: 'who',
  limit: 'at most so many: 1 to 200, 20',
  min_attempts: 'refused so often or more: 5',
  module: 'a part of the pattern',
  pattern: 'a path or glob; again for more',
  queued: 'true: places in the queue instead',
  repo: 'id of the repository; not needed where there is one',
  requester: 'who asks, or waits',
  session_id: 'a run of the engineer; of a check: again for more',
  state: 'of a place: waiting',
  symbol: 'only this declaration of each pattern; again for more',
}

/** The parameters of a query, for the description of the API. */
export function parametersOf(query: z.ZodObject): NonNullable<RouteAbout['query']> {
  return Object.keys(query.shape).map((name) => ({ name, help: HELP[name] ?? '' }))
}

export type ClaimBody = z.infer<typeof CLAIM_BODY>

/** @throws SkeinError INPUT_SCHEMA */
export function readBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  return read(schema, body, 'body')
}

/** @throws SkeinError INPUT_SCHEMA */
export function readQuery<Schema extends z.ZodType>(
  schema: Schema,
  query: URLSearchParams,
): z.infer<Schema> {
  const values = new Map<string, string[]>()
  for (const [key, value] of query) values.set(key, [...(values.get(key) ?? []), value])
  return read(schema, Object.fromEntries(values), 'query')
}

/** An input may hold a megabyte of wrong fields; who sent it needs the first few. */
const PROBLEMS_TOLD = 20

function read<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  where: 'body' | 'query',
): z.infer<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.slice(0, PROBLEMS_TOLD).map((issue): Problem => {
    const isMissing = issue.code === 'invalid_type' && issue.message.endsWith('undefined')
    return {
      type: isMissing ? 'missing' : issue.code,
      loc: [where, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))],
      msg: isMissing ? 'Field required' : issue.message,
    }
  })
  throw badInput(problems)
}
