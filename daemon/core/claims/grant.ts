// The record of a grant, for a claim that was asked for now as for one that waited.
import {
  DEFAULTS,
  type ClaimId,
  type ClaimTerms,
  type Grant,
  type GrantedClaim,
  type Key,
  type Party,
  type QueueId,
  type RequestId,
  type Scope,
  type Stamp,
} from '../../../protocol/index.ts'
import type { Partner } from './judge.ts'

export interface Granted {
  readonly rid: RequestId | null
  readonly party: Party
  readonly scopes: readonly Scope[]
  /** One for each scope. */
  readonly claimIds: readonly ClaimId[]
  readonly terms: ClaimTerms
  readonly stamp: Stamp
  readonly key: Key | null
}

/**
 * @param waited seconds since the request left the holder's machine: its time counts from there, so a waiter's is longer
 * by its wait.
 */
export function grantFor(
  asked: Granted,
  partners: readonly Partner[],
  from: QueueId | null,
  waited = 0,
): Grant {
  const { rid, party, terms, stamp, key } = asked
  const claims = asked.scopes.flatMap((scope, at): GrantedClaim[] => {
    const id = asked.claimIds[at]
    if (id === undefined) return []
    const met = partners.filter((partner) => partner.scope === at).map((partner) => partner.id)
    const { description } = terms
    const ttlSeconds = ttlOf(terms, scope) + waited
    const narrowable = isNarrowable(terms, scope)
    return [
      { ...scope, id, description, narrowable, ttlSeconds, stamp, coexistsWith: [...new Set(met)] },
    ]
  })
  const narrows = [...new Set(partners.filter((partner) => partner.narrows).map(({ id }) => id))]
  return { kind: 'grant', rid, party, claims, narrows, key, from }
}

export function ttlOf(terms: ClaimTerms, scope: Pick<Scope, 'mode'>): number {
  const otherwise = scope.mode === 'shared' ? terms.ttlSharedSeconds : terms.ttlDefaultSeconds
  return Math.min(terms.ttlSeconds ?? otherwise, DEFAULTS.ttlSecondsMax)
}

/** Only exclusive claims of whole files make room for symbols. */
function isNarrowable(terms: ClaimTerms, scope: Scope): boolean {
  return terms.narrowable && scope.kind === 'file' && scope.mode === 'exclusive'
}
