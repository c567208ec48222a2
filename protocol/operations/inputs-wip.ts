// Inputs of the operations on kept work.
import { z } from 'zod'
import { LIMITS } from '../limits.ts'
import { callerShape, name, yes } from './input-parts.ts'

const wipId = z
  .string()
  .regex(/^wip_[0-9A-HJKMNP-TV-Z]{26}$/, 'an id like wip_ and 26 letters and digits')
const keptId = z
  .string()
  .regex(
    /^(?:wip|clm)_[0-9A-HJKMNP-TV-Z]{26}$/,
    'the id of kept work, or of the claim it was under',
  )

export const WIP_INPUTS = {
  'wip/list': z.strictObject({
    ...callerShape,
    mine: z.boolean().optional(),
    of_agent: name.optional(),
    of_session: name.optional(),
    all_repos: z.boolean().optional(),
    limit: z.int().min(1).max(1_000).optional(),
  }),
  'wip/show': z.strictObject({ ...callerShape, id: keptId }),
  'wip/restore': z.strictObject({
    ...callerShape,
    id: keptId,
    to_branch: z.string().min(1).max(LIMITS.nameCharactersMax).optional(),
    force: z.boolean().optional(),
    yes,
  }),
  'wip/drop': z.strictObject({
    ...callerShape,
    ids: z.array(wipId).max(LIMITS.idsMax).optional(),
    older_s: z.int().min(0).optional(),
    yes,
  }),
} as const
