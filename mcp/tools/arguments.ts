// Arguments that several tools take, and what tools tell of themselves to clients.
import { z } from 'zod'
import { DEFAULTS, LIMITS } from '../../protocol/index.ts'

const HOURS_MAX = DEFAULTS.ttlSecondsMax / 3600

export const name = z.string().min(1).max(LIMITS.nameCharactersMax)
export const names = z.array(name).max(LIMITS.scopesMax)
export const pattern = z.string().min(1).max(LIMITS.patternCharactersMax)
export const patterns = z.array(pattern).max(LIMITS.scopesMax)
/** As coord's clients say it: `{file: [symbol]}`. */
export const symbols = z.record(pattern, z.array(pattern).min(1).max(LIMITS.scopesMax))
export const claimIds = z.array(name).max(LIMITS.idsMax)
export const text = z.string().max(LIMITS.descriptionCharactersMax)
export const waitSeconds = z.int().min(0).max(DEFAULTS.waitSecondsMax)
export const urgency = z.enum(['low', 'normal', 'high', 'blocking'])
export const hours = z.number().positive().max(HOURS_MAX)

/** Which repository, and which run of the agent: the connection knows both unless the call says otherwise. */
export const place = {
  repo: name.optional(),
  session: name.optional(),
}
export const identity = {
  agent: name.optional().describe('who you are'),
  ...place,
}
export const ENGINEER = { engineer: 'agent' }

export const READ = { readOnlyHint: true, openWorldHint: false } as const
export const WRITE = { destructiveHint: false, openWorldHint: false } as const
/** Giving up protection is not additive, which is all that the hint means. */
export const GIVE_UP = {
  destructiveHint: true,
  idempotentHint: true,
  openWorldHint: false,
} as const
