// Provisional claims of other machines, as they tell of them (gossip.ts). They advise those of this side of a partition.
import type { ProvisionalClaim } from '../../../protocol/index.ts'
import type { Engine } from '../engine-state.ts'

/** Without a leader a list is told again and again: whose was not for so many times has none any more, or is elsewhere. */
const MISSED_MAX = 10

/** What the others have, as they said not long ago. */
export function foreignClaims({ foreignProvisionals, consensus }: Engine): ProvisionalClaim[] {
  const since = consensus.now - MISSED_MAX * consensus.timing.electionMsMin
  return [...foreignProvisionals.values()].flatMap(({ claims, heardAt }) =>
    heardAt < since ? [] : claims,
  )
}
