// The core's data as every door shows it.
import {
  type AnsweredRequest,
  type Claim,
  type ClaimRequest,
  type ClaimState,
  type EndReason,
  type LedgerClaim,
  type OperationResult,
  type QueueEntry,
  type RepoId,
  type Scope,
} from '../protocol/index.ts'
import type { ClaimNow, Conflict } from './core/claims/command.ts'

type ConflictJson = OperationResult<'claim'>['conflicts'][number]
type WaiterJson = OperationResult<'claim'>['waiters'][number]
type PlaceJson = NonNullable<OperationResult<'claim'>['queue']>
type OptionJson = OperationResult<'claim'>['options'][number]

/** What a door knows beyond the ledger. */
export interface ClaimContext {
  readonly repo: RepoId
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
    fence: claim.fence,
    state,
    granted_at: iso(claim.grantedAtMs),
    expires_at: iso(expiresAtMs(claim)),
    last_activity: iso(active),
    coexists_with: claim.coexistsWith,
    narrowed_by: claim.narrowedBy,
  }
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
  const state = delayMs === null ? 'active' : 'expired'
  return {
    your_pattern: scope.pattern,
    your_symbols: scope.symbols,
    claim: claimJson(context, claim, state),
    overlap: paths,
    symbol_overlap: symbols.length === 0 ? [] : [{ file: scope.pattern, symbols }],
    lock_delay_s: delayMs === null ? null : Math.ceil(delayMs / 1000),
  }
}

type Asked = Pick<Scope, 'kind' | 'pattern' | 'mode'>

/** What the refused caller can do; every command can be typed as printed. */
export function refusalOptions(
  asked: readonly Asked[],
  conflicts: readonly ConflictJson[],
  ahead: readonly QueueEntry[],
  place: PlaceJson | null,
): OptionJson[] {
  const options: OptionJson[] = []
  const all = claimWords(asked)
  if (place !== null && place.ended === null) {
    options.push({ action: 'give_up', why: 'stop waiting', command: `skein cancel ${place.id}` })
  } else if (all !== null) {
    const command = `skein claim ${all} --wait 10m`
    options.push({ action: 'wait', why: 'granted as soon as it is free, in order', command })
  }
  const blocked = new Set(conflicts.map((conflict) => conflict.your_pattern))
  // What older waiters wait for is not free, though nobody holds it.
  const free = claimWords(
    ahead.length > 0 ? [] : asked.filter((scope) => !blocked.has(scope.pattern)),
  )
  if (free !== null) {
    const command = `skein claim ${free}`
    options.push({ action: 'claim_the_rest', why: 'nobody holds these', command })
  }
  const [first] = conflicts
  if (first === undefined) return options
  const wanted = claimWords(asked.filter(({ pattern }) => pattern === first.your_pattern))
  if (first.lock_delay_s === null) {
    options.push({
      action: 'request',
      why: 'ask the holder to give way',
      command: `skein request ${first.claim.id} --reason 'needed for my task'`,
    })
  }
  if (wanted !== null) {
    options.push({
      action: 'check_again',
      why:
        first.lock_delay_s === null
          ? `held until ${first.claim.expires_at} at the latest`
          : `free in ${String(first.lock_delay_s)} s`,
      command: `skein check ${wanted}`,
    })
  }
  options.push({
    action: 'why',
    why: 'what happened around the claim',
    command: `skein why ${first.claim.id}`,
  })
  return options
}

export function waiterJson(entry: QueueEntry): WaiterJson {
  return {
    id: entry.id,
    agent: entry.party.agent,
    session: entry.party.session,
    machine: entry.party.machine,
    patterns: entry.scopes.map(({ pattern }) => pattern),
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
    holder: asked.holder.agent,
    requester: asked.requester.agent,
    reason: asked.reason,
    urgency: asked.urgency,
    scope: asked.wanted,
    filed_at: iso(asked.filedAtMs),
    answer_by: iso(asked.filedAtMs + asked.answerSeconds * 1000),
    decision: end?.end ?? 'pending',
    note: end?.note ?? '',
    granted: end?.granted ?? [],
  }
}

/** The words that claim these scopes; null where one command line cannot say them all. */
function claimWords(scopes: readonly Asked[]): string | null {
  const [first] = scopes
  const files = scopes.filter(({ kind }) => kind !== 'resource' && kind !== 'task')
  const kind = files[0]?.kind ?? 'file'
  if (first === undefined || (kind !== 'file' && kind !== 'module')) return null
  if (files.some((scope) => scope.kind !== kind)) return null
  if (scopes.some(({ mode }) => mode !== first.mode)) return null
  const words = scopes.map((scope) =>
    scope.kind === 'resource' || scope.kind === 'task'
      ? `--${scope.kind} ${quote(scope.pattern)}`
      : quote(scope.pattern),
  )
  const flags = [kind === 'module' ? '--module' : '', first.mode === 'shared' ? '--shared' : '']
  return [...words, ...flags.filter((flag) => flag !== '')].join(' ')
}

export function iso(ms: number): string {
  return new Date(ms).toISOString()
}

/** A word for a shell, as it stands. */
export function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
