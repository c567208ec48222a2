// Whom a caller waits for, while it waits: asked beside the call that waits.
import type { OperationName, OperationResult } from '../../../protocol/index.ts'
import { until } from '../output/time.ts'

/** Asks the daemon; the caller's own words go along with the input. */
export type Ask = (name: OperationName, input: object) => Promise<unknown>

/**
 * `for alice (src/auth/**, until 14:05)`, or `behind bob`; null where nothing is known. Fails as the asking does.
 * @param scopes of the claim that waits.
 * @param session the caller's.
 */
export async function waitingFor(
  ask: Ask,
  scopes: unknown,
  session: string | null,
  nowMs: number,
): Promise<string | null> {
  const { entries } = (await ask('queue', {})) as OperationResult<'queue'>
  const mine = entries.filter((entry) => entry.session === session).at(-1)
  const before = mine?.ahead.at(-1)
  if (before !== undefined) {
    const count = mine?.ahead.length ?? 0
    return `behind ${before.agent}${count > 1 ? ` and ${String(count - 1)} more` : ''}`
  }
  if (!Array.isArray(scopes)) return null
  const { conflicts } = (await ask('check', { scopes })) as OperationResult<'check'>
  const [first] = conflicts
  if (first === undefined) return null
  const { agent, pattern, expires_at: end } = first.claim
  return `for ${agent} (${pattern}, until ${until(end, nowMs)})`
}
