// What the guard tells: the harness that asks, and the sessions whose files were written all the same.
import { z } from 'zod'

export const GUARD_OUTPUTS = {
  guard: z.object({
    decision: z
      .enum(['allow', 'deny', 'ask', 'defer'])
      .describe('after a tool, deny: it changed what others hold'),
    reason: z.string(),
    notes: z.array(z.string()).describe('what the session should know besides'),
    wait: z
      .object({
        ids: z.array(z.string()).describe('places in the queue (que_…)'),
        in_place_s: z.int().describe('how long the hook may wait for them, by .skein.yml'),
      })
      .nullable()
      .describe('what this session waits for after the call'),
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
    'writes of others to what was held, renames of what it uses, work kept when a claim was lost, and long silences of the session itself, within the last 24 hours, newest first',
  )
