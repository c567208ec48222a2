// Words of inputs that several operations take, and what all of them take: who asks, and where.
import { z } from 'zod'
import { DEFAULTS, LIMITS } from '../limits.ts'
import { URGENCIES } from './flags.ts'

export const name = z.string().min(1).max(LIMITS.nameCharactersMax)
export const claimId = z
  .string()
  .regex(/^clm_[0-9A-HJKMNP-TV-Z]{26}$/, 'an id like clm_ and 26 letters and digits')
export const queueId = z
  .string()
  .regex(/^que_[0-9A-HJKMNP-TV-Z]{26}$/, 'an id like que_ and 26 letters and digits')
export const requestedId = z
  .string()
  .regex(/^req_[0-9A-HJKMNP-TV-Z]{26}$/, 'an id like req_ and 26 letters and digits')
export const invitationId = z
  .string()
  .regex(/^inv_[0-9A-HJKMNP-TV-Z]{26}$/, 'an id like inv_ and 26 letters and digits')
export const addresses = z.array(z.string().min(1).max(256)).max(16)
export const yes = z.boolean().optional()
export const urgency = z.enum(URGENCIES)
export const ids = z.array(claimId).max(LIMITS.idsMax)
export const pattern = z.string().min(1).max(LIMITS.patternCharactersMax)
export const moment = z.string().min(1).max(64)
/** What a page of several repositories says of each is longer. */
export const mark = z.string().min(1).max(65_536)
export const ttl = z.int().min(1).max(DEFAULTS.ttlSecondsMax)

/** Who and where: every operation takes these; what a caller leaves out is filled from its identity. */
export const callerShape = {
  repo: name.optional().describe('repository id; not needed inside its checkout'),
  agent: name.optional().describe('who you are'),
  session: name.optional().describe('which run of you; the harness fills it'),
  branch: name.optional(),
  cwd: z
    .string()
    .max(4_096)
    .optional()
    .describe('local doors: the directory whose checkout is meant'),
  checkout: z.string().max(4_096).optional().describe('local doors: the checkout, absolute'),
  caller: z
    .strictObject({
      user: z.string().max(LIMITS.nameCharactersMax).optional(),
      tool: z.string().max(LIMITS.nameCharactersMax).optional(),
      pid: z.int().positive().optional(),
      started: z.string().max(100).optional(),
      terminal: z.boolean().optional(),
    })
    .optional()
    .describe('what the command line knows of its process'),
}

/** As git prints it from the root, signs and all: no pattern. */
export const changedPath = z.string().min(1).max(4_096)
const blobId = z.string().regex(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/, 'the id of a blob')
/** A file before and after; null: it was not there. */
export const edit = z.strictObject({ before: blobId.nullable(), after: blobId.nullable() })

/** A symbol's path may be as long as a pattern: `Outer::Inner::method`. */
const symbols = z.array(pattern).max(LIMITS.scopesMax)
export const symbolsByFile = z
  .record(pattern, symbols.min(1))
  .optional()
  .describe('by file or glob, e.g. {"src/router.ts": ["Router::handle"]}')

const scope = z.strictObject({
  kind: z.enum(['file', 'module', 'symbol', 'task', 'resource']),
  pattern,
  symbols: symbols.optional().describe("kind symbol: `A::b` paths of the pattern's files"),
  mode: z.enum(['exclusive', 'shared']).optional(),
})

export const scopes = z.array(scope).min(1).max(LIMITS.scopesMax)
