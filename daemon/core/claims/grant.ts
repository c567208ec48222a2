// The record of a grant, for a claim that was asked for now as for one that waited.
import {
  DEFAULTS,
  LIMITS,
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
  type TaskFacts,
} from '../../../protocol/index.ts'
import type { Decision } from './decision.ts'
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
    const about = termsFor(terms, scope)
    const ttlSeconds = about.ttlSeconds + waited
    return [{ ...scope, ...about, id, ttlSeconds, stamp, coexistsWith: [...new Set(met)] }]
  })
  const narrows = [...new Set(partners.filter((partner) => partner.narrows).map(({ id }) => id))]
  return { kind: 'grant', rid, party, claims, narrows, key, from }
}

/** What a claim of this scope is by the terms of its call. */
export function termsFor(
  terms: ClaimTerms,
  scope: Scope,
): Pick<GrantedClaim, 'description' | 'narrowable' | 'ttlSeconds' | 'task'> {
  const task = taskOf(terms, scope)
  return {
    description: terms.description,
    narrowable: isNarrowable(terms, scope),
    ttlSeconds: ttlOf(terms, scope),
    ...(task === null ? {} : { task }),
  }
}

/** What one record links is bounded. @returns the failure that says so; null when it fits. */
export function tooMany(links: readonly unknown[]): Extract<Decision, { kind: 'fail' }> | null {
  if (links.length <= LIMITS.partnersMax) return null
  const failure = {
    code: 'INPUT_TOO_WIDE',
    message: `it would stand beside more than ${String(LIMITS.partnersMax)} claims on symbols`,
    hint: 'Claim the symbols of fewer files at once.',
  } as const
  return { kind: 'fail', failure }
}

function ttlOf(terms: ClaimTerms, scope: Pick<Scope, 'mode' | 'kind'>): number {
  const files = scope.mode === 'shared' ? terms.ttlSharedSeconds : terms.ttlDefaultSeconds
  const otherwise = scope.kind === 'task' ? (terms.task?.ttlSeconds ?? files) : files
  return Math.min(terms.ttlSeconds ?? otherwise, DEFAULTS.ttlSecondsMax)
}

function taskOf({ task }: ClaimTerms, { kind }: Scope): TaskFacts | null {
  return kind !== 'task' || task === undefined ? null : { plan: task.plan, token: task.token }
}

/** Only exclusive claims of whole files make room for symbols. */
function isNarrowable(terms: ClaimTerms, scope: Scope): boolean {
  return terms.narrowable && scope.kind === 'file' && scope.mode === 'exclusive'
}
