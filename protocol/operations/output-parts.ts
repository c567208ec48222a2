// What outputs of several families have in common.
import { z } from 'zod'

export const option = z.object({ action: z.string(), why: z.string(), command: z.string() })
/** Up to which record of the ledger an answer counts, and how old that was. */
export const asOf = z.object({
  term: z.int(),
  index: z.int(),
  age_ms: z
    .int()
    .describe('For how long this machine has led nothing and heard no leader; 0 while it does.'),
})
