// Outputs of the operations on plans.
import { z } from 'zod'
import { LEFT_KINDS } from '../proposal.ts'
import { asOf } from './output-parts.ts'
import { worker } from './outputs-fleet.ts'

export const proposal = z.object({
  id: z.string().describe("the assignment's, once it is approved"),
  task: z.string(),
  title: z.string(),
  machine: z.string(),
  launcher: z.string(),
  model: z.string().nullable(),
  files: z.array(z.string()),
  rationale: z.string(),
  by: z.string(),
  at: z.string(),
})

const left = z.object({
  task: z.string(),
  title: z.string(),
  kind: z.enum(LEFT_KINDS),
  note: z.string(),
  since: z.string().nullable(),
  who: z.string().nullable().describe('who can clear it'),
  next: z.string().nullable().describe('the next command'),
})

const planMachine = z.object({
  machine: z.string(),
  free: z.int().describe('workers that it would start at once'),
  workers_max: z.int(),
  capabilities: z.array(z.string()),
  launchers: z.array(z.string()),
  refusal: z.string().nullable().describe('why it takes none from here'),
  quiet: z.string().nullable().describe('why it starts none now'),
})

const failed = z.object({
  id: z.string().nullable(),
  task: z.string(),
  code: z.string(),
  note: z.string(),
  next: z.string().nullable(),
})

const cost = z.object({
  launcher: z.string(),
  model: z.string().nullable(),
  workers: z.int(),
  cost_usd: z.number(),
})

const standing = z.object({
  since: z.string().nullable().describe('the first assignment after the last day ended'),
  running: z.array(worker),
  waiting: z.array(worker).describe('they ask a person'),
  failed: z.array(worker),
  unlanded: z.array(worker),
  landed: z.array(worker),
  costs: z.array(cost),
  cost_usd: z.number(),
})

export const PLANNING_OUTPUTS = {
  plan: z.object({
    proposals: z.array(proposal),
    left: z.array(left).describe('what is not proposed, and why'),
    machines: z.array(planMachine),
    silent: z.array(z.string()).describe('machines that could not be asked'),
    stored: z.boolean(),
    warnings: z.array(z.string()),
    as_of: asOf,
  }),
  approve: z.object({
    approved: z.array(z.object({ worker, already: z.boolean() })),
    failed: z.array(failed).describe('their proposals stay'),
    would: z.array(proposal).describe('with `dry_run`'),
    warnings: z.array(z.string()),
  }),
  split: z.object({
    task: z.string(),
    parts: z.array(
      z.object({
        task: z.string(),
        title: z.string(),
        url: z.string().nullable(),
        already: z.boolean(),
      }),
    ),
    listed: z.boolean().describe('the list stands in the task itself'),
    warnings: z.array(z.string()),
  }),
  notify: z.object({
    told: z.array(
      z.object({
        id: z.string(),
        task: z.string(),
        event: z.enum(['briefing', 'completion', 'failure', 'stuck']),
        url: z.string().nullable(),
        already: z.boolean(),
      }),
    ),
    failed: z.array(failed),
    dry_run: z.boolean(),
  }),
  done: z.object({
    ended: z.boolean().describe('false: workers still run'),
    ...standing.shape,
    housekeeping: z
      .array(z.object({ command: z.string(), ok: z.boolean(), note: z.string() }))
      .describe('`commands.housekeeping` of .skein.yml, as they ended'),
    warnings: z.array(z.string()),
  }),
  resume: z.object({
    clean: z.boolean().describe('the last day was ended by `done`, and nothing was given since'),
    ended_at: z.string().nullable(),
    ...standing.shape,
    proposals: z.array(proposal),
    as_of: asOf,
  }),
} as const
