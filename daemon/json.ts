// The core's data as every door shows it.
import {
  type AnsweredRequest,
  type Claim,
  type ClaimId,
  type ClaimPart,
  type ClaimRequest,
  type ClaimState,
  type EndReason,
  type LedgerClaim,
  type OperationResult,
  type QueueEntry,
  type RepoId,
} from '../protocol/index.ts'
import type { ClaimNow, Conflict } from './core/claims/command.ts'

type ConflictJson = OperationResult<'claim'>['conflicts'][number]
type WaiterJson = OperationResult<'claim'>['waiters'][number]
type PlaceJson = NonNullable<OperationResult<'claim'>['queue']>
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

export function claimNowJson(context: ClaimContext, now: ClaimNow): Claim {
  return claimJson(context, now.claim, now.live ? 'active' : stateOf(now.ended.reason))
}

export function expiresAtMs(claim: LedgerClaim): number {
  const ends = claim.clamps.map(({ atMs, seconds }) => atMs + seconds * 1000)
  return Math.min(claim.stamp.wallMs + claim.ttlSeconds * 1000, ...ends)
}

export function stateOf(reason: EndReason): ClaimState {
  if (reason === 'ttl' || reason === 'lease' || reason === 'task-expired') return 'expired'
  return reason === 'superseded' ? 'superseded' : 'released'
}

export function conflictJson(context: ClaimContext, conflict: Conflict): ConflictJson {
  const { scope, claim, paths, symbols, delayMs } = conflict
  const live = conflict.provisional === true ? 'provisional' : 'active'
  const state = delayMs === null ? live : 'expired'
  return {
    your_pattern: scope.pattern,
    your_symbols: scope.symbols,
    claim: claimJson(context, claim, state),
    overlap: paths,
    symbol_overlap: symbols.length === 0 ? [] : [{ file: paths[0] ?? scope.pattern, symbols }],
    lock_delay_s: delayMs === null ? null : Math.ceil(delayMs / 1000),
  }
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

/** @param ended why the wait is over without a grant; null while it goes on. */
export function placeJson(
  entry: QueueEntry,
  ahead: readonly QueueEntry[],
  ended: string | null,
): PlaceJson {
  return { ...waiterJson(entry), position: ahead.length + 1, ahead: ahead.map(waiterJson), ended }
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

export function iso(ms: number): string {
  return new Date(ms).toISOString()
}
