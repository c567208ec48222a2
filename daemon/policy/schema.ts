// The part of `.skein.yml` that says what the repository wants of claims in it.
import { z } from 'zod'
import { LIMITS, parsePattern, POLICY_LIMITS, SkeinError } from '../../protocol/index.ts'

const named = z.string().min(1).max(LIMITS.nameCharactersMax)

/** A pattern that claims are judged by, and so has to be one. */
export const glob = z
  .string()
  .min(1)
  .max(LIMITS.patternCharactersMax)
  .refine(isPattern, 'is no pattern: `*`, `**`, `?`, `[a-z]` and `{a,b}` from the root')

export const ownedAreas = z.record(
  named,
  z.strictObject({
    paths: z.array(glob).min(1).describe('Patterns of the files that belong to it.'),
    owners: z
      .array(named)
      .max(POLICY_LIMITS.ownersMax)
      .optional()
      .describe('Who answers for it: agents, or the first word of their names.'),
    severity: z
      .enum(['soft', 'hard'])
      .optional()
      .describe('`hard`: others claim there once an owner let them in; default: soft.'),
  }),
)

export const hotspotTerms = z.strictObject({
  promote_at: z
    .int()
    .min(0)
    .optional()
    .describe('Refusals from which a pattern becomes shared by itself; default: 0, never.'),
  subtree_at: z
    .int()
    .min(0)
    .optional()
    .describe('So many of one folder make the folder shared; default: 3, 0 is never.'),
  window_days: z
    .int()
    .min(1)
    .max(POLICY_LIMITS.daysMax)
    .optional()
    .describe('Days whose refusals count; default: 30.'),
  demote_days: z
    .int()
    .min(0)
    .max(POLICY_LIMITS.daysMax)
    .optional()
    .describe('Days below the threshold that end it again; default: 14, 0 is never.'),
})

function isPattern(text: string): boolean {
  try {
    parsePattern(text, { caseExact: true })
    return true
  } catch (error) {
    if (error instanceof SkeinError) return false
    throw error
  }
}
