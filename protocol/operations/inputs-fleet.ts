// Inputs of the operations on workers.
import { z } from 'zod'
import { FLEET_LIMITS } from '../assignment.ts'
import { LIMITS } from '../limits.ts'
import { callerShape, name, yes } from './input-parts.ts'

export const assignmentId = z
  .string()
  .regex(/^asg_[0-9A-HJKMNP-TV-Z]{26}$/, 'an id like asg_ and 26 letters and digits')

const text = z.string().min(1).max(FLEET_LIMITS.promptCharactersMax)

const guidance = z.string().min(1).max(FLEET_LIMITS.answerCharactersMax)

const furtherTry = {
  ...callerShape,
  id: assignmentId,
  machine: name.optional().describe('by name or peer id; default: the same'),
  launcher: name.optional().describe('default: the same'),
  again: z.boolean().optional(),
  idempotency_key: name.optional(),
}

export const FLEET_INPUTS = {
  assign: z.strictObject({
    ...callerShape,
    work: text.describe(
      "a task's id, an issue's number (42, #42) where a forge is the tracker, or, with a blank in it, the work in words",
    ),
    machine: name.optional().describe('by name or peer id; default: this one'),
    launcher: name.optional(),
    prompt: text.optional(),
    model: name.optional(),
    files: z
      .array(z.string().min(1).max(FLEET_LIMITS.fileCharactersMax))
      .max(FLEET_LIMITS.filesMax)
      .optional()
      .describe('patterns of what it is expected to change'),
    again: z.boolean().optional(),
    idempotency_key: name.optional(),
  }),
  workers: z.strictObject({
    ...callerShape,
    id: assignmentId.optional(),
    all: z.boolean().optional(),
  }),
  log: z.strictObject({
    ...callerShape,
    id: assignmentId,
    since: z.int().min(0).optional().describe('from this byte on; default: 0'),
    wait_s: z.int().min(0).max(60).optional().describe('wait so long for something to come'),
  }),
  stop: z.strictObject({
    ...callerShape,
    id: assignmentId,
    reason: z.string().max(LIMITS.descriptionCharactersMax).optional(),
    lost: z.boolean().optional(),
    yes,
  }),
  'resume-stuck': z.strictObject({ ...callerShape, id: assignmentId, guidance }),
  retry: z.strictObject(furtherTry),
  fix: z.strictObject({ ...furtherTry, guidance: guidance.optional() }),
} as const
