// Inputs of the operations on plans.
import { z } from 'zod'
import { FLEET_LIMITS } from '../assignment.ts'
import { callerShape, name } from './input-parts.ts'

const title = z.string().min(1).max(FLEET_LIMITS.titleCharactersMax)

export const PLANNING_INPUTS = {
  plan: z.strictObject({
    ...callerShape,
    machines: z.array(name).max(100).optional().describe('only these; default: all'),
    launcher: name.optional(),
    limit: z.int().min(1).max(FLEET_LIMITS.proposalsMax).optional().describe('default: 20'),
    rank: name.optional().describe('a launcher of this machine that orders the tasks'),
    dry_run: z.boolean().optional(),
  }),
  approve: z.strictObject({
    ...callerShape,
    ids: z.array(name).max(FLEET_LIMITS.proposalsMax).optional(),
    all: z.boolean().optional(),
    machine: name.optional(),
    model: name.optional(),
    dry_run: z.boolean().optional(),
  }),
  split: z.strictObject({ ...callerShape, task: name, titles: z.array(title).min(1).max(20) }),
  notify: z.strictObject({ ...callerShape, dry_run: z.boolean().optional() }),
  done: z.strictObject({ ...callerShape, keep_running: z.boolean().optional() }),
  resume: z.strictObject({ ...callerShape }),
} as const
