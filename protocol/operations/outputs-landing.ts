// Outputs of the operations on landing.
import { z } from 'zod'
import { LANDING_BLOCKERS } from '../verdict.ts'
import { verdict, worker } from './outputs-fleet.ts'

const followed = {
  run: z.string().nullable().describe('goes on under this id; null: there was nothing to run'),
  ended: z.boolean().describe('false: ask again with `run` and `since`'),
  text: z.string().describe('what it says'),
  next: z.int().describe('`since` of the next call'),
}

const entry = z.object({
  id: z.string(),
  task: z.string(),
  branch: z.string(),
  target: z.string(),
  state: z
    .enum(['landed', 'ready', 'blocked', 'waiting', 'dropped'])
    .describe(
      '`ready`: it would be landed; `waiting`: for another, or for commands to be approved',
    ),
  reason: z.enum([...LANDING_BLOCKERS, 'commands', 'order', 'unavailable']).nullable(),
  note: z.string(),
  head: z.string().nullable().describe('the commit of its branch'),
  commit: z.string().nullable().describe('where the target stands with it'),
  next: z.string().nullable().describe('the next command'),
})

export const LANDING_OUTPUTS = {
  test: z.object({
    ...followed,
    id: z.string(),
    commit: z.string(),
    verdict: verdict.nullable().describe('null until it has ended'),
    failed: z.boolean().describe('the run that has ended found it so'),
    already: z.boolean().describe('the same was recorded before'),
  }),
  review: z.object({
    worker,
    already: z.boolean().describe('one was at it'),
    independent: z.boolean().describe('on another machine than the work was done on'),
    warnings: z.array(z.string()),
  }),
  pr: z.object({
    number: z.int(),
    url: z.string().nullable(),
    already: z.boolean().describe('it was open before'),
    review: worker.nullable(),
    warnings: z.array(z.string()),
  }),
  merge: z.object({
    ...followed,
    target: z.string(),
    entries: z.array(entry),
    warnings: z.array(z.string()),
  }),
  trust: z.object({
    repo: z.string(),
    state: z.enum(['none', 'approved', 'unapproved']).describe('`none`: it declares no commands'),
    hash: z.string(),
    commands: z.array(z.string()),
    diff: z.array(z.string()).describe('to what was approved before'),
    approved: z.object({ by: z.string(), at: z.string() }).nullable(),
  }),
} as const
