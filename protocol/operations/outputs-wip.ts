// Outputs of the operations on kept work.
import { z } from 'zod'
import { option } from './output-parts.ts'

const kept = z.object({
  id: z.string(),
  repo: z.string(),
  kept_at: z.string(),
  expires_at: z.string().describe('when it is removed, if nobody does so before'),
  agent: z.string().describe('whose work it is'),
  session: z.string(),
  machine: z.string(),
  branch: z.string().nullable().describe('that was checked out'),
  reason: z.string().describe('how its claims ended'),
  claims: z.array(z.object({ id: z.string(), pattern: z.string(), fence: z.number().nullable() })),
  checkout: z.string().describe('where it lay'),
  files: z.array(z.string()).describe('the first 100'),
  more_files: z.int(),
  skipped: z
    .array(z.object({ path: z.string(), why: z.string() }))
    .describe('what is not in it, the first 50'),
  more_skipped: z.int(),
  commits: z.int().describe('below it, that no branch had'),
  commit: z.string().describe('the work as a commit'),
  parent: z.string().nullable().describe('what it stood on; null: nothing was committed yet'),
})

export const WIP_OUTPUTS = {
  'wip/list': z.object({ kept: z.array(kept), more: z.int() }),
  'wip/show': z.object({
    kept,
    changes: z.array(
      z.object({
        path: z.string(),
        added: z.int().nullable().describe('lines; null: a binary file'),
        removed: z.int().nullable(),
      }),
    ),
    command: z.string().describe('shows the lines'),
  }),
  'wip/restore': z.object({
    id: z.string(),
    branch: z.string().nullable().describe('was made of it; nothing was written then'),
    commit: z.string(),
    restored: z.array(z.string()),
    already: z.array(z.string()).describe('lay there as they were kept'),
    conflicts: z.array(z.string()).describe('of the restored: with marks in them, to be resolved'),
    options: z.array(option),
  }),
  'wip/drop': z.object({
    dropped: z.array(
      z.object({
        id: z.string(),
        commit: z.string(),
        command: z.string().describe('brings it back, while git has it'),
      }),
    ),
  }),
} as const
