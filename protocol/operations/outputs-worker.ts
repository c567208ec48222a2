// Outputs of the operations of workers themselves.
import { z } from 'zod'
import { ASSIGNMENT_STATES } from '../assignment.ts'
import { verdict } from './outputs-fleet.ts'

export const WORKER_OUTPUTS = {
  'report-status': z.object({
    id: z.string().describe('your assignment'),
    state: z.enum(ASSIGNMENT_STATES),
    stopping: z.boolean().describe('somebody wants you to end'),
  }),
  ask: z.object({
    id: z.string().describe('your assignment'),
    answered: z.boolean(),
    answer: z.string().nullable(),
    by: z.string().nullable().describe('who answered'),
    stopping: z.boolean().describe('somebody wants you to end'),
  }),
  'submit-verdict': z.object({
    id: z.string().describe('the assignment that it is about'),
    verdict,
    already: z.boolean().describe('the same was said before'),
  }),
} as const
