// The output of the look ahead at merges.
import { z } from 'zod'
import { asOf, option } from './output-parts.ts'

const workLine = z.object({
  name: z.string(),
  kind: z.enum(['branch', 'remote', 'detached']),
  worktree: z.string().nullable(),
  dirty: z.boolean().describe('with what is not committed'),
  files: z.int().describe('changed since it left the trunk'),
})

export const FORECAST_OUTPUTS = {
  forecast: z.object({
    trunk: z.string().describe('where work lands'),
    method: z.enum(['merge', 'paths']).describe('paths: git is too old to merge in memory'),
    lines: z.array(workLine).describe('what is ahead of the trunk, each a line of work of its own'),
    collisions: z.array(
      z.object({
        a: z.string(),
        b: z.string(),
        files: z.array(z.object({ path: z.string(), kind: z.string() })),
        claims: z.array(
          z.object({
            claim: z.string(),
            agent: z.string(),
            session: z.string(),
            branch: z.string().nullable(),
            pattern: z.string(),
            symbols: z.array(z.string()),
            files: z.array(z.string()).describe('of the collision, that it covers'),
          }),
        ),
        options: z.array(option),
      }),
    ),
    skipped: z.int().describe('branches and pairs beyond what is looked at'),
    as_of: asOf,
  }),
} as const
