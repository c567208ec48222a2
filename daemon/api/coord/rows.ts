// Skein's claims, requests and places in coord's words. Its times are whole seconds.
import type { OperationResult } from '../../../protocol/index.ts'

type Claim = OperationResult<'claims'>['claims'][number]
type Ended = OperationResult<'claims'>['recent'][number]
type Conflict = OperationResult<'check'>['conflicts'][number]
type Request = OperationResult<'requests'>['requests'][number]
type Place = OperationResult<'queue'>['entries'][number]

/**
 * Coord's other word, `hard`, is of a claim that meets a hard area, for people to read. Here nobody has to look out for those:
 * the ledger refuses them until an owner lets them in.
 */
const SEVERITY = 'soft'

/** ISO 8601 in whole seconds, as coord's clients parse it. Rounded down: nobody counts on a second that is not there. */
export function seconds(iso: string): string {
  return iso.replace(/\.\d+Z$/, 'Z')
}

export function claimRow(claim: Claim, ended: Ended | null = null): object {
  const { id, agent, branch, description, pattern, repo, machine, mode, fence, state } = claim
  return {
    id,
    engineer: agent,
    branch,
    description: orNull(description),
    claim_type: typeOf(claim),
    pattern,
    severity: SEVERITY,
    created_at: seconds(claim.granted_at),
    expires_at: seconds(claim.expires_at),
    released_at: ended === null ? null : seconds(ended.at),
    repo,
    session_id: sessionOf(claim.session, agent),
    last_activity: seconds(claim.last_activity),
    coexists_with: partnersOf(claim),
    scope_type: scopeType(claim),
    narrowable: claim.narrowable,
    symbols: claim.symbols,
    machine,
    mode,
    fence,
    state,
    except: claim.except,
    ...(ended === null ? {} : { released_by: ended.by, release_reason: ended.reason }),
  }
}

/** Of a refused claim. */
export function refusedRow({ your_pattern, your_symbols, claim, ...met }: Conflict): object {
  const { id, agent, pattern, description, expires_at: end } = claim
  return {
    your_pattern,
    your_symbols,
    conflicting_claim: {
      id,
      engineer: agent,
      pattern,
      severity: SEVERITY,
      description: orNull(description),
      expires_at: seconds(end),
      scope_type: scopeType(claim),
      ...symbolsOf(claim),
    },
    overlap: met.overlap,
    ...(met.symbol_overlap.length === 0 ? {} : { symbol_overlap: met.symbol_overlap }),
    ...(met.lock_delay_s === null ? {} : { free_in_seconds: met.lock_delay_s }),
  }
}

/** Of a check; with the claim's id, so that whoever checked can ask its holder. */
export function checkedRow({ your_pattern, your_symbols, claim, ...met }: Conflict): object {
  const { id, agent, pattern, description, repo, expires_at: end } = claim
  return {
    your_pattern,
    your_symbols,
    engineer: agent,
    pattern,
    severity: SEVERITY,
    expires_at: seconds(end),
    overlap: met.overlap,
    claim_id: id,
    description: orNull(description),
    repo,
    scope_type: scopeType(claim),
    ...symbolsOf(claim),
    ...(met.symbol_overlap.length === 0 ? {} : { symbol_overlap: met.symbol_overlap }),
    ...(met.lock_delay_s === null ? {} : { free_in_seconds: met.lock_delay_s }),
  }
}

const ANSWERS: ReadonlySet<string> = new Set(['approved', 'denied', 'narrowed', 'coexist'])

export function requestRow(request: Request, repo: string | null): object {
  const { id, claim, holder, requester, reason, urgency, scope, decision, note } = request
  const isAnswered = ANSWERS.has(decision)
  return {
    id,
    claim_id: claim,
    requester_engineer: requester,
    requester_session_id: sessionOf(request.requester_session, requester),
    requested_pattern: request.pattern,
    requested_scope: scope,
    reason,
    urgency,
    decision,
    decided_at: request.ended_at === null ? null : seconds(request.ended_at),
    decided_by_engineer: isAnswered ? holder : null,
    decided_by_session_id: isAnswered ? sessionOf(request.holder_session, holder) : null,
    note: orNull(note),
    created_at: seconds(request.filed_at),
    answer_by: seconds(request.answer_by),
    holder_engineer: holder,
    holder_session_id: sessionOf(request.holder_session, holder),
    holder_pattern: request.pattern,
    ...(repo === null ? {} : { holder_repo: repo }),
    granted_claim_ids: request.granted,
  }
}

export function queuedRow(place: Place): object {
  const { id, agent, scopes, position, blocked_by: blockers, ahead } = place
  const [blocker] = blockers
  const [first] = scopes
  return {
    kind: 'queued',
    queue_id: id,
    blocking_claim_id: blocker?.claim ?? null,
    blocking_engineer: blocker?.agent ?? ahead[0]?.agent ?? null,
    blocking_pattern: blocker?.pattern ?? null,
    requester_engineer: agent,
    requester_session_id: sessionOf(place.session, agent),
    requester_pattern: first?.pattern ?? null,
    claim_type: first === undefined ? null : typeOf(first),
    symbols: first === undefined || first.symbols.length === 0 ? null : first.symbols,
    // From 1 in skein; coord's head of the queue stands at 0.
    position: position - 1,
    state: 'waiting',
    priority: place.urgency,
    enqueued_at: seconds(place.joined_at),
    expires_at: seconds(place.expires_at),
    granted_claim_id: null,
    requester_patterns: place.patterns,
    blocked_by: blockers,
    behind: ahead.map((waiter) => waiter.id),
  }
}

/** A caller that named no session has one by its name. */
export function sessionOf(session: string, agent: string): string | null {
  return session === `agent:${agent}` ? null : session
}

function typeOf({ kind, mode }: Pick<Claim, 'kind' | 'mode'>): string {
  if (kind !== 'file' && kind !== 'symbol') return kind
  return mode === 'shared' ? 'shared_file' : 'file'
}

function scopeType({ kind }: Pick<Claim, 'kind'>): 'file' | 'symbol' {
  return kind === 'symbol' ? 'symbol' : 'file'
}

function symbolsOf(claim: Claim): object {
  return scopeType(claim) === 'symbol' ? { symbols: claim.symbols } : {}
}

/** A JSON text, as coord's clients parse it; null for nobody. */
function partnersOf({ coexists_with: partners }: Claim): string | null {
  return partners.length === 0 ? null : JSON.stringify(partners)
}

function orNull(text: string): string | null {
  return text === '' ? null : text
}
