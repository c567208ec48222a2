// Claims on their way from one ledger into another.
import type { CarriedClaim, LedgerClaim } from '../protocol/index.ts'
import { asLedgerClaim } from './core/provisional/note.ts'
import { ownProvisionals } from './core/provisional/own.ts'
import type { LedgerHost } from './ledger-host.ts'

/** What this machine knows to be held in a ledger: the confirmed claims in the order of their grants, then its own provisional ones. */
export function heldIn({ loop }: LedgerHost): readonly LedgerClaim[] {
  const confirmed = [...loop.view().state.claims.values()].sort((a, b) => a.fence - b.fence)
  return [...confirmed, ...ownProvisionals(loop.engine()).map(asLedgerClaim)]
}

/** As another ledger takes it over: with its id, and without its fence. */
export function carriedClaim(claim: LedgerClaim): CarriedClaim {
  const { id, kind, pattern, symbols, mode, description, narrowable, ttlSeconds, stamp, task } =
    claim
  const { agent, agentGiven, session, peer, machine, branch } = claim
  return {
    ...{ id, description, narrowable, ttlSeconds, stamp },
    scope: { kind, pattern, symbols, mode },
    party: { agent, agentGiven, session, peer, machine, branch },
    ...(task === undefined ? {} : { task }),
  }
}
