// Outputs of the operations on workers.
import { z } from 'zod'
import { ASSIGNMENT_FAILURES, ASSIGNMENT_STATES, ASSIGNMENT_TYPES } from '../assignment.ts'
import { BLOCKER_KINDS, LANDING_BLOCKERS, LANDING_STATES, VERDICT_KINDS } from '../verdict.ts'
import { asOf } from './output-parts.ts'

const progress = z.object({
  model: z.string().nullable(),
  turns: z.int(),
  tools: z.int().describe('so often it used one'),
  last: z.string().nullable().describe('what it did last'),
  cost_usd: z.number(),
  files: z.array(z.string()).describe('that it edited'),
  updates: z.array(z.string()).describe('its own words, the last ten'),
  stuck: z.string().nullable().describe('what it needs a person for'),
  warnings: z.array(z.string()),
})

export const verdict = z.object({
  kind: z.enum(VERDICT_KINDS),
  outcome: z.enum(['pass', 'fail']),
  commit: z.string(),
  stale: z.boolean().describe('it is about an older commit than the one that was pushed'),
  by: z.string(),
  machine: z.string(),
  from: z.string().nullable().describe('the assignment that found it; null: a person did'),
  note: z.string(),
  at: z.string(),
})

export const landing = z.object({
  state: z.enum(LANDING_STATES),
  target: z.string(),
  head: z.string().describe('the commit that it is about'),
  base: z.string().describe('where the target stood'),
  commit: z.string().nullable().describe('where the target stands with it'),
  reason: z.enum(LANDING_BLOCKERS).nullable().describe('what keeps it'),
  note: z.string(),
  pull: z.object({ number: z.int(), url: z.string() }).nullable(),
  by: z.string(),
  at: z.string(),
})

export const blocker = z
  .object({
    kind: z.enum(BLOCKER_KINDS),
    note: z.string().describe('what keeps it, in words'),
    since: z.string(),
    who: z.string().describe('who can clear it'),
    next: z.string().describe('the next command'),
  })
  .describe('what it waits for')

export const worker = z.object({
  id: z.string(),
  type: z.enum(ASSIGNMENT_TYPES),
  of: z.string().nullable().describe('whose work it continues, or looks at'),
  attempt: z.int(),
  model: z.string().nullable(),
  repo: z.string(),
  task: z.string(),
  title: z.string(),
  machine: z.string(),
  launcher: z.string(),
  state: z
    .enum([...ASSIGNMENT_STATES, 'unknown'])
    .describe('`unknown`: its machine cannot be asked; `last_state` is what it was at `state_at`'),
  last_state: z.enum(ASSIGNMENT_STATES),
  branch: z.string(),
  base: z.string().nullable().describe('the commit that it began at'),
  claim: z.string(),
  fence: z.int(),
  operator: z.string().describe('who gave it the task'),
  operator_machine: z.string(),
  assigned_at: z.string(),
  started_at: z.string().nullable(),
  state_at: z.string(),
  stopping: z.boolean().describe('somebody has asked for its end'),
  reason: z.enum(ASSIGNMENT_FAILURES).nullable().describe('why it failed'),
  note: z.string().nullable().describe('the same in words, or what it asks'),
  exit: z.object({ code: z.int().nullable(), signal: z.string().nullable() }).nullable(),
  commit: z.string().nullable().describe("what the remote's branch stands on"),
  wip: z.string().nullable().describe('kept work: skein wip show'),
  cost_usd: z.number().nullable().describe('of all that is over of it'),
  answer: z.object({ by: z.string(), note: z.string(), at: z.string() }).nullable(),
  verdicts: z.array(verdict),
  landing: landing.nullable(),
  blocker: blocker.nullable(),
  progress: progress.nullable(),
})

export const workerCounts = z.object({
  running: z.int().describe('assigned, starting or running'),
  waiting: z.int().describe('for a person'),
  failed: z.int().describe('tasks whose last work failed, or was lost'),
  unlanded: z.int().describe('work that is pushed, and has not landed'),
})

const furtherTry = z.object({
  worker,
  already: z.boolean().describe('the same key gave it before'),
  warnings: z.array(z.string()),
  climbed: z
    .object({ from: z.string().nullable(), to: z.string().nullable() })
    .describe('the model before, and now; null: as the launcher takes it'),
})

export const FLEET_OUTPUTS = {
  assign: z.object({
    worker,
    already: z.boolean().describe('the same key gave it before'),
    warnings: z.array(z.string()),
  }),
  workers: z.object({ workers: z.array(worker), more: z.int(), as_of: asOf }),
  log: z.object({
    id: z.string(),
    machine: z.string(),
    text: z.string(),
    since: z.int(),
    next: z.int().describe('`since` of the next call'),
    total: z.int().describe('bytes of the log now'),
    ended: z.boolean().describe('nothing comes after `total`'),
  }),
  stop: z.object({
    worker,
    already: z.boolean().describe('it was over, or asked to stop, before'),
  }),
  'resume-stuck': z.object({ worker }),
  retry: furtherTry,
  fix: furtherTry,
} as const
