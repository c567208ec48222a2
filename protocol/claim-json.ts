// The ledger's data as every door and every board shows it.
import type { Claim, ClaimPart, ClaimState, EndReason, LedgerClaim } from './claim.ts'
import type { ClaimId, RepoId } from './ids.ts'
import type { OperationResult } from './operations/schemas.ts'
import type { QueueEntry } from './queue.ts'
import type { AnsweredRequest, ClaimRequest } from './request.ts'

type WaiterJson = OperationResult<'claim'>['waiters'][number]
type BesideJson = OperationResult<'claim'>['beside']

/** What a door knows beyond the ledger. */
export interface ClaimContext {
  readonly repo: RepoId
  /** A live claim by its id. */
  readonly claimOf: (id: ClaimId) => LedgerClaim | undefined
  /** Milliseconds since 1970 of the session's last sign, where this machine knows it. */
  readonly lastActivityMs: (claim: LedgerClaim) => number | null
}

export function claimJson(
  context: ClaimContext,
  claim: LedgerClaim,
  state: ClaimState = 'active',
): Claim {
  const active = context.lastActivityMs(claim) ?? claim.grantedAtMs
  return {
    id: claim.id,
    repo: context.repo,
    agent: claim.agent,
    session: claim.session,
    machine: claim.machine,
    branch: claim.branch,
    description: claim.description,
    kind: claim.kind,
    pattern: claim.pattern,
    symbols: claim.symbols,
    mode: claim.mode,
    narrowable: claim.narrowable,
    fence: state === 'provisional' || state === 'superseded' ? null : claim.fence,
    state,
    granted_at: iso(claim.grantedAtMs),
    expires_at: iso(expiresAtMs(claim)),
    last_activity: iso(active),
    coexists_with: claim.coexistsWith,
    narrowed_by: claim.narrowedBy,
    except: state === 'active' ? exceptOf(context, claim) : [],
  }
}

/** What of a claim others were granted by their symbols: it is not covered while they hold it. */
export function exceptOf(context: Pick<ClaimContext, 'claimOf'>, claim: LedgerClaim): ClaimPart[] {
  return claim.narrowedBy.flatMap((id) => {
    const partner = context.claimOf(id)
    return partner === undefined ? [] : [partOf(partner)]
  })
}

export function partOf({ id, agent, pattern, symbols }: LedgerClaim): ClaimPart {
  return { claim: id, agent, pattern, symbols }
}

/** Claims of others beside which a claim stands, each once. */
export function besideJson(
  context: Pick<ClaimContext, 'claimOf'>,
  partners: readonly { readonly id: ClaimId; readonly narrows: boolean }[],
): BesideJson {
  const found = new Map(partners.map((partner) => [partner.id, partner]))
  return [...found.values()].flatMap(({ id, narrows }) => {
    const partner = context.claimOf(id)
    return partner === undefined ? [] : [{ ...partOf(partner), narrowed: narrows }]
  })
}

export function expiresAtMs(claim: LedgerClaim): number {
  const ends = claim.clamps.map(({ atMs, seconds }) => atMs + seconds * 1000)
  return Math.min(claim.stamp.wallMs + claim.ttlSeconds * 1000, ...ends)
}

export function stateOf(reason: EndReason): ClaimState {
  if (reason === 'ttl' || reason === 'lease' || reason === 'task-expired') return 'expired'
  return reason === 'superseded' ? 'superseded' : 'released'
}

export function waiterJson(entry: QueueEntry): WaiterJson {
  return {
    id: entry.id,
    agent: entry.party.agent,
    session: entry.party.session,
    machine: entry.party.machine,
    patterns: entry.scopes.map(({ pattern }) => pattern),
    scopes: entry.scopes,
    urgency: entry.urgency,
    description: entry.terms.description,
    joined_at: iso(entry.joinedAtMs),
    expires_at: iso(entry.stamp.wallMs + entry.waitSeconds * 1000),
  }
}

/** @param end how it ended; null while it is open. */
export function requestJson(
  asked: ClaimRequest,
  end: AnsweredRequest | null,
): OperationResult<'request'>['request'] {
  return {
    id: asked.id,
    claim: asked.claim,
    pattern: asked.pattern ?? null,
    holder: asked.holder.agent,
    holder_session: asked.holder.session,
    requester: asked.requester.agent,
    requester_session: asked.requester.session,
    reason: asked.reason,
    urgency: asked.urgency,
    scope: asked.wanted,
    filed_at: iso(asked.filedAtMs),
    answer_by: iso(asked.filedAtMs + asked.answerSeconds * 1000),
    decision: end?.end ?? 'pending',
    note: end?.note ?? '',
    ended_at: end === null ? null : iso(end.atMs),
    granted: end?.granted ?? [],
  }
}

/** Another spelling of a time that is given: no clock is read. */
export function iso(ms: number): string {
  // eslint-disable-next-line no-restricted-globals
  return new Date(ms).toISOString()
}
