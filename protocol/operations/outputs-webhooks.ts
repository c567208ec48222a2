// Outputs of the operations about webhooks.
import { z } from 'zod'

export const WEBHOOK_OUTPUTS = {
  'webhooks/list': z.object({
    webhooks: z.array(
      z.object({
        name: z.string(),
        url: z.string().describe('without credentials and query'),
        signed: z.boolean(),
        events: z.array(z.string()).describe('empty: all'),
        ledgers: z.array(
          z.object({
            ledger: z.string().describe('a repository, or `mesh`'),
            delivered: z.int(),
            delivered_at: z.string().nullable(),
            failed: z.int().describe('given up'),
            waiting_for: z
              .object({
                event: z.string(),
                problem: z.string(),
                attempts: z.int(),
                since: z.string(),
                next_at: z.string(),
              })
              .nullable()
              .describe('the event that is not taken, and holds up those behind it'),
          }),
        ),
      }),
    ),
  }),
  'webhooks/test': z.object({
    name: z.string(),
    ok: z.boolean(),
    status: z.int().nullable(),
    problem: z.string().nullable(),
  }),
  'webhooks/retry': z.object({ name: z.string(), delivered: z.int() }),
  'webhooks/purge': z.object({ name: z.string() }),
} as const
