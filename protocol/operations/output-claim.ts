// A claim as every door shows it.
import { z } from 'zod'

/** What of a file somebody holds by its symbols. */
export const part = z.object({
  claim: z.string(),
  agent: z.string(),
  pattern: z.string(),
  symbols: z.array(z.string()),
})
export const claim = z.object({
  id: z.string(),
  repo: z.string(),
  agent: z.string(),
  session: z.string(),
  machine: z.string(),
  branch: z.string().nullable(),
  description: z.string(),
  kind: z.enum(['file', 'module', 'symbol', 'task', 'resource']),
  pattern: z.string(),
  symbols: z.array(z.string()),
  mode: z.enum(['exclusive', 'shared']),
  narrowable: z.boolean(),
  fence: z.int().nullable().describe('rises from grant to grant; null for a provisional claim'),
  state: z.enum(['active', 'provisional', 'releasing', 'released', 'expired', 'superseded']),
  granted_at: z.string(),
  expires_at: z.string(),
  last_activity: z.string(),
  coexists_with: z.array(z.string()),
  narrowed_by: z.array(z.string()),
  except: z.array(part).describe('symbols that others were granted out of it: not covered now'),
})
