// What a claim of a symbol with its uses tells beside what every claim tells.
import { z } from 'zod'

export const refactorFields = {
  status: z
    .enum(['granted', 'queued', 'refused', 'provisional', 'planned'])
    .describe('planned: a dry run, nothing was claimed'),
  found_by: z.enum(['language_server', 'names']),
  server: z.string().nullable().describe('the language server that was asked'),
  uses: z.int().describe('places, the declaration among them'),
  files: z
    .array(
      z.object({
        file: z.string(),
        uses: z.int(),
        symbols: z.array(z.string()).describe('declarations with uses in them'),
        whole: z.string().nullable().describe('why the file is meant as a whole'),
      }),
    )
    .describe('what is claimed, or would be'),
  notes: z.array(z.string()).describe('what the search left out, and why'),
}
