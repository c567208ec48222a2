// Inputs of the operations of workers themselves.
import { z } from 'zod'
import { FLEET_LIMITS } from '../assignment.ts'
import { DEFAULTS } from '../limits.ts'
import { callerShape } from './input-parts.ts'
import { CONFIDENCES } from './worker.ts'

const words = z.string().min(1).max(FLEET_LIMITS.noteCharactersMax)
const findings = z.array(words).max(FLEET_LIMITS.findingsMax)

export const WORKER_INPUTS = {
  'report-status': z.strictObject({
    ...callerShape,
    text: words,
    confidence: z.enum(CONFIDENCES).optional(),
  }),
  ask: z.strictObject({
    ...callerShape,
    question: words,
    wait_s: z
      .int()
      .min(0)
      .max(DEFAULTS.waitSecondsMax)
      .optional()
      .describe('how long this call waits for the answer; default: 300'),
  }),
  'submit-verdict': z.strictObject({
    ...callerShape,
    outcome: z.enum(['pass', 'fail']),
    blocking: findings.optional().describe('what must change before it lands'),
    concerns: findings.optional().describe('what should be looked at'),
    nits: findings.optional().describe('trifles'),
    note: words.optional(),
  }),
} as const
