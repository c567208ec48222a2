// What machines ask of a repository's policy. Bounded by what a file of 64 kB can say and no tighter: what passes here and is
// too much, or no pattern, is answered by the leader; what does not pass is answered by nobody.
import { z } from 'zod'
import { LIMITS, POLICY_LIMITS } from '../../protocol/index.ts'
import { id, integer, name, party, seconds, text } from './field-schemas.ts'

const LISTED_MAX = 32_768

/** A canonical pattern is a little longer than the one that was written. */
const pattern = z
  .string()
  .min(1)
  .max(2 * LIMITS.patternCharactersMax)
const patterns = z.array(pattern).max(LISTED_MAX)
const count = integer.min(0)
const days = count.max(POLICY_LIMITS.daysMax)
const area = z.looseObject({
  kind: z.enum(['module', 'area']),
  // Of a name that cannot be shown nothing is left.
  name: z.string().max(LIMITS.nameCharactersMax),
  paths: patterns,
  owners: z.array(name).max(POLICY_LIMITS.ownersMax),
  severity: z.enum(['soft', 'hard']),
})
const policy = z.looseObject({
  areas: z.array(area).max(LISTED_MAX),
  shared: patterns,
  protected: patterns,
  hotspots: z.looseObject({
    promoteAt: count,
    subtreeAt: count,
    windowDays: days.min(1),
    demoteDays: days,
  }),
})
const source = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('file'), commit: z.string().min(1).max(64), atMs: count }),
  z.looseObject({ kind: z.literal('hand'), by: name, atMs: count }),
])

export const policyCommands = [
  z.looseObject({ kind: z.literal('set-policy'), policy, source }),
  z.looseObject({
    kind: z.literal('answer-approval'),
    party,
    id,
    state: z.enum(['approved', 'denied']),
    note: text,
    seconds,
  }),
  z.looseObject({ kind: z.literal('promote'), party, pattern, isPinned: z.boolean() }),
  z.looseObject({ kind: z.literal('demote'), party, pattern }),
] as const
