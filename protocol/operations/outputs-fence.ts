// Outputs of the operations of the fenced push.
import { z } from 'zod'
import { claim } from './output-claim.ts'

const position = z
  .object({ generation: z.int(), term: z.int(), index: z.int() })
  .describe('of the ledger')

const scope = z.object({
  id: z.string(),
  agent: z.string(),
  session: z.string(),
  machine: z.string(),
  kind: z.enum(['file', 'module', 'symbol']),
  pattern: z.string(),
  symbols: z.array(z.string()),
  mode: z.enum(['exclusive', 'shared']),
})

export const FENCE_OUTPUTS = {
  cover: z.object({
    safe: z.boolean(),
    position,
    paths: z.array(
      z.object({
        path: z.string(),
        verdict: z
          .enum(['own', 'free', 'other', 'unsettled', 'by-symbols', 'protected', 'unapproved'])
          .describe(
            'by-symbols: others hold declarations of it, and which ones changed was not said',
          ),
        claims: z.array(z.string()).describe('own: that cover it; else: that are in the way'),
        symbols: z.array(z.string()).describe('changed declarations that another holds'),
        rule: z
          .string()
          .nullable()
          .describe('the protected pattern, or the hard area, that it is in under no claim'),
        owners: z.array(z.string()).optional().describe('who may let it into the hard area'),
      }),
    ),
    claims: z.array(claim).describe('every claim that `paths` names'),
    release_on_landing: z.boolean(),
    notes: z
      .array(z.string())
      .optional()
      .describe('claims that did not follow a renamed declaration, and files not looked at for it'),
    as_of: z.string(),
  }),
  fence: z.object({
    repo: z.string(),
    machine: z.string().describe('the one that answers'),
    ledger: z.string().describe('hash of its first record'),
    position,
    case_exact: z.boolean(),
    tokens: z.array(z.object({ fence: z.int(), claims: z.array(scope) })),
    provisional: z.array(scope).describe("this machine's, without a fence"),
  }),
  landed: z.object({
    released: z.array(claim),
    kept: z.array(z.object({ id: z.string(), why: z.string() })),
  }),
} as const
