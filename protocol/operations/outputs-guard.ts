// What the guard tells: the harness that asks, and the sessions whose files were written all the same.
import { z } from 'zod'

export const GUARD_OUTPUTS = {
  guard: z.object({
    decision: z
      .enum(['allow', 'deny', 'ask'])
      .describe('after a tool, deny: it changed what others hold'),
    reason: z.string(),
    notes: z.array(z.string()).describe('what the session should know besides'),
    reply: z
      .object({ stdout: z.string(), stderr: z.string(), exit: z.int() })
      .describe("the same in the harness's own form"),
  }),
} as const

/** Of an inbox. */
export const notices = z
  .array(
    z.object({
      event: z.string(),
      kind: z.string(),
      at: z.string(),
      by: z.string(),
      paths: z.array(z.string()),
      reason: z.string(),
      wip: z.string().nullable().describe('of kept work: skein wip restore ID'),
    }),
  )
  .describe(
    'writes of others to what was held, and work kept when a claim was lost, within the last 24 hours, newest first',
  )
