// Inputs of the operations on landing.
import { z } from 'zod'
import { FLEET_LIMITS } from '../assignment.ts'
import { assignmentId } from './inputs-fleet.ts'
import { callerShape, name, yes } from './input-parts.ts'

/** What takes longer than a call is followed by further ones. */
const followed = {
  run: z.string().max(40).optional().describe('of the answer before: goes on with that run'),
  since: z.int().min(0).optional().describe('`next` of the answer before'),
  wait_s: z.int().min(0).max(60).optional().describe('wait so long for more; default: 0'),
}
const reason = z.string().min(1).max(FLEET_LIMITS.noteCharactersMax)

export const LANDING_INPUTS = {
  test: z
    .strictObject({
      ...callerShape,
      id: assignmentId,
      ...followed,
      passed: z.boolean().optional().describe('a person has tried it: it works'),
      fail: z.boolean().optional().describe('it does not'),
      reason: reason.optional(),
    })
    .refine(({ passed, fail }) => !(passed === true && fail === true), 'it either passed or failed')
    .refine(
      ({ fail, reason: why }) => fail !== true || why !== undefined,
      'a failure has a reason',
    ),
  review: z.strictObject({
    ...callerShape,
    id: assignmentId,
    machine: name.optional().describe('by name or peer id; default: another than the worker has'),
    launcher: name.optional(),
  }),
  pr: z.strictObject({
    ...callerShape,
    id: assignmentId,
    no_review: z.boolean().optional(),
  }),
  merge: z.strictObject({
    ...callerShape,
    ids: z.array(assignmentId).max(FLEET_LIMITS.unlandedRemembered).optional(),
    ...followed,
    dry_run: z.boolean().optional(),
    method: z.enum(['rebase', 'squash', 'merge']).optional().describe('default: rebase'),
    target: name.optional().describe('default: the default branch'),
    drop: z.boolean().optional().describe('these are not to land'),
    yes,
  }),
  trust: z.strictObject({
    ...callerShape,
    id: assignmentId
      .optional()
      .describe('as its commit declares them; default: as the checkout does'),
    show: z.boolean().optional(),
    revoke: z.boolean().optional(),
    hash: z.string().max(64).optional().describe('of what was shown; another is not approved'),
    yes,
  }),
} as const
