// The claims of a ledger as a board shows them: the same as `skein claims --json`.
import {
  claimJson,
  type Claim,
  type ClaimContext,
  type ClaimState,
  type LedgerClaim,
} from '../../../protocol/index.ts'
import type { RepoSnapshot } from './board-feed.ts'

/** Live claims, then those without quorum. One that did not change is the same object as before. */
export function claimsIn({ id, ledger, local }: RepoSnapshot): Claim[] {
  const context: ClaimContext = {
    repo: id,
    claimOf: ledger.claims.get.bind(ledger.claims),
    lastActivityMs: ({ peer, session }) =>
      peer === local.peer ? (local.activity[session] ?? null) : null,
  }
  const live = [...ledger.claims.values()].map((claim) =>
    shown(context, claim, local.states[claim.id]),
  )
  // The ledger tells at once that one was granted, under its id; what this machine says of itself follows a moment later.
  return [...live, ...local.provisional.filter(({ id: noted }) => !ledger.claims.has(noted))]
}

interface Shown {
  readonly state: ClaimState | undefined
  readonly activityMs: number | null
  readonly claim: Claim
}

/** Thousands of claims stay as they are while some change, and the fold replaces those that do. */
const known = new WeakMap<LedgerClaim, Shown>()

function shown(context: ClaimContext, claim: LedgerClaim, state: ClaimState | undefined): Claim {
  const activityMs = context.lastActivityMs(claim)
  const before = known.get(claim)
  if (before?.state === state && before?.activityMs === activityMs) return before.claim
  const json = claimJson(context, claim, state)
  // What is left of a narrowed claim depends on others.
  if (claim.narrowedBy.length === 0) known.set(claim, { state, activityMs, claim: json })
  return json
}
