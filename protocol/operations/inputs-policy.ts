// Inputs of the operations about a repository's policy, without who calls.
import { z } from 'zod'
import { LIMITS } from '../limits.ts'
import { POLICY_LIMITS } from '../policy.ts'

const id = z
  .string()
  .regex(/^req_[0-9A-HJKMNP-TV-Z]{26}$/, 'an id like req_ and 26 letters and digits')
const pattern = z.string().min(1).max(LIMITS.patternCharactersMax)
const note = z.string().max(LIMITS.descriptionCharactersMax).optional()
const yes = z.boolean().optional()
const days = z.int().min(1).max(POLICY_LIMITS.daysMax).optional()

export const POLICY_INPUTS = {
  /** Beside its own fields. */
  cover: {
    bypass: note.describe('why what is protected shall be changed all the same: recorded'),
  },
  'owners/show': {},
  'owners/set': {
    text: z.string().max(65_536).describe('YAML with `owners`, `shared`, `protected`, `hotspots`'),
    yes,
  },
  'owners/export': {},
  'owners/requests': { mine: z.boolean().optional() },
  'owners/approve': {
    id,
    for_s: z.int().min(60).max(POLICY_LIMITS.approvalSecondsMax).optional(),
    note,
    yes,
  },
  'owners/deny': { id, note, yes },
  hotspots: {
    days,
    min: z.int().min(1).max(1_000_000).optional(),
    limit: z.int().min(1).max(200).optional(),
  },
  promote: { pattern, permanent: z.boolean().optional(), yes },
  demote: { pattern, yes },
  stale: {
    days: z.int().min(1).max(366).optional(),
    release: z.boolean().optional(),
    reason: note,
    yes,
  },
} as const
