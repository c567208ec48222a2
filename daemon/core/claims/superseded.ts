// A provisional claim that lost when the sides of a partition met: its session hears, whatever it does with it next, who won.
import {
  isSameSession,
  knownClaim,
  type ClaimId,
  type LedgerState,
  type Party,
  type RejectedProvisional,
} from '../../../protocol/index.ts'
import { fail, type Decision } from './decision.ts'

/** The first of these that lost, with the winner and what to do now; null when none did. */
export function superseded(state: LedgerState, ids: readonly ClaimId[]): Decision | null {
  const lost = state.rejected.find(({ claim }) => ids.includes(claim.id))
  if (lost === undefined) return null
  const { id, scope } = lost.claim
  const winners = lost.conflicts.flatMap((met) => knownClaim(state, met) ?? [])
  const [winner] = winners
  const to =
    winner === undefined
      ? 'to a claim that is long over'
      : `to ${winner.agent} on ${winner.machine}, who holds ${winner.pattern} (${winner.id})`
  return fail(
    'CLAIM_ENDED',
    `${id} of ${scope.pattern} was provisional, and lost ${to} when the machines met again`,
    {
      hint: `Keep your work aside and wait for it: skein claim ${scope.pattern} --wait 10m`,
      data: { ids: [id], superseded_by: winners.map((claim) => claim.id) },
    },
  )
}

/** What a session lost so, lately, and has not got since. */
export function supersededOf({ rejected, claims }: LedgerState, party: Party): readonly ClaimId[] {
  const held = [...claims.values()].filter((claim) => isSameSession(claim, party))
  return rejected
    .filter(({ claim }) => isSameSession(claim.party, party) && !isRegained(claim, held))
    .map(({ claim }) => claim.id)
}

function isRegained(
  { scope }: RejectedProvisional['claim'],
  held: readonly RejectedProvisional['claim']['scope'][],
): boolean {
  return held.some(
    ({ pattern, symbols }) => pattern === scope.pattern && symbols.join() === scope.symbols.join(),
  )
}
