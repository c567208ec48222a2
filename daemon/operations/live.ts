// Live claims as this machine shows them: those of the ledger, with what it knows of them beyond it, and those without quorum.
import type {
  Claim,
  ClaimId,
  ClaimState,
  LocalClaims,
  OperationResult,
} from '../../protocol/index.ts'
import { claimJson } from '../../protocol/index.ts'
import type { Place } from '../callers.ts'
import { isDetached } from '../core/attachment.ts'
import { asLedgerClaim, knownProvisionals } from '../core/provisional/note.ts'
import { lapsedClaims } from '../core/renewals.ts'
import { hostOf, type Repo } from '../repos.ts'
import { claimContext, type Parts } from './context.ts'
import { repoStatus } from './insight.ts'

type LivePlace = Pick<Place, 'repo'>

/** What is not simply active. */
export function statesNow(parts: Parts, { repo }: LivePlace): ReadonlyMap<ClaimId, ClaimState> {
  const engine = hostOf(repo).loop.engine()
  // Cut off for longer than its lease, this machine gives up what its sessions held.
  const lapsed = isDetached(engine) ? lapsedClaims(engine).map(({ id }) => id) : []
  return new Map<ClaimId, ClaimState>([
    ...lapsed.map((id) => [id, 'expired'] as const),
    ...[...parts.releasing.of(repo.id)].map((id) => [id, 'releasing'] as const),
  ])
}

export function localClaims(parts: Parts, place: LivePlace): LocalClaims {
  const host = hostOf(place.repo)
  const { claims } = host.loop.view().state
  const context = claimContext(parts, place)
  const provisional: Claim[] = knownProvisionals(host.loop.engine()).map((claim) =>
    claimJson(context, asLedgerClaim(claim), 'provisional'),
  )
  const activity: Record<string, number> = {}
  for (const claim of claims.values()) {
    const at = context.lastActivityMs(claim)
    if (at !== null) activity[claim.session] = at
  }
  const states: Partial<Record<ClaimId, ClaimState>> = {}
  for (const [id, state] of statesNow(parts, place)) if (claims.has(id)) states[id] = state
  return { provisional, states, activity, peer: parts.about.peer }
}

export function repoNow(
  parts: Parts,
  repo: Repo,
): OperationResult<'status'>['repos'][number] & { readonly attached: boolean } {
  const isAttached = repo.host !== null && !isDetached(repo.host.loop.engine())
  return { ...repoStatus(parts, repo), attached: isAttached }
}
