// How much one agent, and one repository, may have at once. Limits that time heals: a refusal says when it is worth asking
// again, and changes nothing. They come with the command, from the caller's `.skein.yml`; where none is given, none is judged.
import { expiresAtMs, LIMITS, type LedgerClaim } from '../../../protocol/index.ts'
import type { View } from '../view.ts'
import type { ClaimCommand } from './command.ts'
import { fail, type Decision } from './decision.ts'

/** Seconds, as coord says them: not at once, within the hour, and a minute where nothing tells more. */
const RETRY_SECONDS = { min: 5, max: 3_600, unknown: 60 } as const

/** Null: the claims may be granted. */
export function overClaims(command: ClaimCommand, view: View, wallMs: number): Decision | null {
  const { claimsPerAgent } = command.terms
  const asked = command.scopes.length
  if (view.state.claims.size + asked > LIMITS.liveClaimsMax) {
    return fail(
      'BUSY',
      `the repository holds ${String(view.state.claims.size)} live claims, its limit`,
    )
  }
  if (claimsPerAgent === 0) return null
  const { agent } = command.party
  const held = [...view.state.claims.values()].filter((claim) => claim.agent === agent)
  if (held.length + asked <= claimsPerAgent) return null
  const had = `${agent} holds ${String(held.length)} of ${String(claimsPerAgent)} claims`
  const data = {
    scope: 'claims',
    held: held.length,
    limit: claimsPerAgent,
    retry_after: secondsToAnEnd(held, wallMs),
  }
  // No end of another claim makes room for so many.
  const more = asked > claimsPerAgent ? { hint: 'Ask for fewer at once.', data } : { data }
  return fail('LIMIT_CLAIMS', `${had} and asks for ${String(asked)} more`, more)
}

/** Null: the claim may wait in the queue. */
export function overWaits(command: ClaimCommand, view: View): Decision | null {
  const { perAgent, inRepo } = command.waitLimits ?? { perAgent: 0, inRepo: 0 }
  const { agent } = command.party
  const { queue } = view.state
  const retry = { retry_after: RETRY_SECONDS.unknown }
  if (perAgent > 0) {
    const waiting = [...queue.values()].filter(({ party }) => party.agent === agent).length
    const data = { scope: 'queue', waiting, limit: perAgent, ...retry }
    const had = `${agent} waits for ${String(waiting)} claims of ${String(perAgent)}`
    if (waiting >= perAgent) return fail('LIMIT_WAITS', `${had} that it may wait for`, { data })
  }
  if (inRepo === 0 || queue.size < inRepo) return null
  return fail(
    'LIMIT_QUEUE',
    `${String(queue.size)} claims wait in the queue of this repository already, its limit`,
    { data: { scope: 'repo_queue', waiting: queue.size, limit: inRepo, ...retry } },
  )
}

/** Until the first of these claims ends by its own time. */
function secondsToAnEnd(held: readonly LedgerClaim[], wallMs: number): number {
  const { min, max, unknown } = RETRY_SECONDS
  if (held.length === 0) return unknown
  const soonest = Math.min(...held.map(expiresAtMs))
  return Math.min(max, Math.max(min, Math.ceil((soonest - wallMs) / 1000)))
}
