// The fields that machines' messages are made of, each with its bound.
import { z } from 'zod'
import { LIMITS, parsePattern, parseSymbol, SkeinError, URGENCIES } from '../../protocol/index.ts'

export const integer = z.int().min(-1).max(Number.MAX_SAFE_INTEGER)
export const name = z.string().min(1).max(LIMITS.nameCharactersMax)
export const text = z.string().max(4 * LIMITS.descriptionCharactersMax)
export const id = z.string().min(1).max(64)
export const peer = z.string().min(1).max(128)
export const bytes = z.instanceof(Uint8Array)
export const position = z.looseObject({ term: integer, index: integer })
export const recordId = z.looseObject({ term: integer, index: integer, hash: z.string().max(64) })
export const ids = z.array(id).max(LIMITS.liveClaimsMax)
export const seconds = z.number().min(0).max(1e9)

export const pattern = z
  .string()
  .min(1)
  .max(LIMITS.patternCharactersMax)
  .refine(isPattern, 'no pattern')
export const symbol = z.string().min(1).max(1_024).refine(isSymbol, 'no symbol')
const symbols = z.array(z.string().min(1).max(1_024)).max(LIMITS.scopesMax)
const scope = z
  .looseObject({
    kind: z.enum(['file', 'module', 'symbol', 'task', 'resource']),
    pattern: z.string().min(1).max(LIMITS.patternCharactersMax),
    symbols,
    mode: z.enum(['exclusive', 'shared']),
  })
  .refine(
    (found) => found.kind === 'task' || found.kind === 'resource' || isPattern(found.pattern),
    'no pattern',
  )
export const scopes = z.array(scope).min(1).max(LIMITS.scopesMax)
export const party = z.looseObject({
  agent: name,
  agentGiven: z.boolean(),
  session: name,
  peer,
  machine: name,
  branch: z.string().max(LIMITS.nameCharactersMax).nullable(),
})
export const stamp = z.looseObject({
  wallMs: z.number(),
  boot: z.string().max(128),
  uptimeMs: z.number(),
})
export const key = z.looseObject({ key: name, digest: z.string().max(128) }).nullable()
const taskFacts = z.looseObject({
  plan: z.string().max(4_096).nullable(),
  token: z.string().max(128).nullable(),
})
const task = taskFacts.extend({
  ttlSeconds: seconds,
  needs: z.array(z.string().max(LIMITS.patternCharactersMax)).max(LIMITS.tasksListedMax),
})
export const terms = z.looseObject({
  description: text,
  narrowable: z.boolean(),
  ttlSeconds: seconds.nullable(),
  ttlDefaultSeconds: seconds,
  ttlSharedSeconds: seconds,
  claimsPerAgent: integer,
  task: task.optional(),
})
export const waitLimits = z.looseObject({ perAgent: integer.min(0), inRepo: integer.min(0) })
export const urgency = z.enum(URGENCIES)
export const part = z.looseObject({ pattern, symbols: symbols.nullable() })
export const reason = z.string().min(1).max(32)
export const role = z.enum(['voter', 'learner'])
export const addresses = z.array(z.string().max(256)).max(16)
export const repo = z.string().min(1).max(LIMITS.nameCharactersMax)
export const hash = z.string().max(64)

/** Peer, incarnation and sequence: see `formatRequestId`. */
export const rid = z.string().regex(/^[0-9A-Za-z-]{1,128}\.\d{1,7}\.\d{1,10}$/)
const provisional = z.looseObject({
  id,
  rid: rid.nullable(),
  party,
  scope,
  description: text,
  narrowable: z.boolean(),
  ttlSeconds: seconds,
  stamp,
  lamport: integer,
  n: integer,
  base: position.nullable(),
  task: taskFacts.optional(),
  by: peer.optional(),
})
export const provisionals = z.array(provisional).max(LIMITS.provisionalsMax)

function isSymbol(given: string): boolean {
  return isTaken(() => parseSymbol(given))
}

function isPattern(given: string): boolean {
  return isTaken(() => parsePattern(given, { caseExact: false }))
}

function isTaken(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch (error) {
    if (error instanceof SkeinError) return false
    throw error
  }
}
