// Outputs of the operations about this machine's own doors and addresses: tokens and webhooks.
import { z } from 'zod'

const token = {
  name: z.string(),
  acts_as: z.string(),
  repos: z.array(z.string()).nullable().describe('null: all'),
  expires_at: z.string(),
}

export const HOME_OUTPUTS = {
  'tokens/create': z.object({
    ...token,
    token: z.string().describe('a secret, shown this once'),
  }),
  'tokens/list': z.object({
    tokens: z.array(
      z.object({
        ...token,
        created_at: z.string(),
        used_at: z.string().nullable(),
        old_until: z.string().nullable().describe('the text before is taken until then'),
        ended: z.boolean(),
      }),
    ),
  }),
  'tokens/rotate': z.object({
    ...token,
    token: z.string().describe('a secret, shown this once'),
    old_until: z.string().nullable(),
  }),
  'tokens/revoke': z.object({ name: z.string() }),
  web: z.object({
    url: z
      .string()
      .nullable()
      .describe('a secret, good once and for expires_in_s; null: it was to revoke'),
    expires_in_s: z.int(),
    may_act: z.boolean().describe('what takes a person can be done there'),
    revoked: z.int().describe('logins that were ended'),
  }),
  'webhooks/list': z.object({
    webhooks: z.array(
      z.object({
        name: z.string(),
        url: z.string().describe('without credentials and query'),
        signed: z.boolean(),
        forge: z.enum(['github', 'gitea']).nullable().describe('told by comments on pull requests'),
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
