// Outputs of the operations about a repository's policy.
import { z } from 'zod'
import { claim } from './output-claim.ts'
import { asOf } from './output-parts.ts'

const promoted = z.object({
  pattern: z.string(),
  by: z.string(),
  at: z.string(),
  auto: z.boolean().describe('by the count of refusals'),
  permanent: z.boolean(),
})

const approval = z.object({
  id: z.string(),
  agent: z.string(),
  session: z.string(),
  machine: z.string(),
  patterns: z.array(z.string()),
  areas: z.array(z.string()),
  owners: z.array(z.string()).describe('who may answer; empty: any person'),
  description: z.string(),
  asked_at: z.string(),
  state: z.enum(['asked', 'approved', 'denied']),
  by: z.string(),
  note: z.string(),
  until: z.string().nullable().describe('approved: nothing is granted by it later'),
})

const shown = z.object({
  source: z
    .object({
      kind: z.enum(['file', 'hand']),
      commit: z.string().nullable(),
      by: z.string().nullable(),
      at: z.string(),
    })
    .nullable()
    .describe('null: nothing was ever said'),
  areas: z.array(
    z.object({
      kind: z.enum(['module', 'area']),
      name: z.string(),
      paths: z.array(z.string()),
      owners: z.array(z.string()),
      severity: z.enum(['soft', 'hard']),
    }),
  ),
  shared: z.array(z.string()),
  protected: z.array(z.string()),
  promoted: z.array(promoted).describe('shared beside these'),
  hotspots: z.object({
    promote_at: z.int(),
    subtree_at: z.int(),
    window_days: z.int(),
    demote_days: z.int(),
  }),
  problem: z.string().nullable().describe('why the default branch is not followed'),
  as_of: asOf,
})

export const POLICY_OUTPUTS = {
  'owners/show': shown,
  'owners/set': shown,
  'owners/export': z.object({ text: z.string().describe('YAML') }),
  'owners/requests': z.object({ approvals: z.array(approval).describe('oldest first') }),
  'owners/approve': z.object({ approval }),
  'owners/deny': z.object({ approval }),
  hotspots: z.object({
    days: z.int(),
    hotspots: z.array(
      z.object({
        pattern: z.string(),
        refused: z.int().describe('claims that were refused, or had to wait'),
        agents: z.array(z.string()).describe('the first few'),
        first_seen: z.string(),
        last_seen: z.string(),
        shared: z.boolean(),
        suggestion: z.enum(['split', 'promote', 'monitor', 'shared']),
        why: z.string(),
      }),
    ),
    more: z.int(),
    as_of: asOf,
  }),
  promote: z.object({ pattern: z.string(), promoted: z.array(promoted) }),
  demote: z.object({ pattern: z.string(), promoted: z.array(promoted) }),
  stale: z.object({
    days: z.int(),
    agents: z
      .array(
        z.object({
          agent: z.string(),
          session: z.string(),
          machine: z.string(),
          last_seen: z
            .string()
            .nullable()
            .describe('null: not known here, and --release leaves it alone'),
          claims: z.array(claim),
          waits: z.int(),
          requests: z.int(),
        }),
      )
      .describe('longest silent first'),
    released: z.array(claim),
    as_of: asOf,
  }),
} as const
