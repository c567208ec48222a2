// The core's data as every door shows it.
import {
  type Claim,
  type ClaimState,
  type EndReason,
  type LedgerClaim,
  type OperationResult,
  type RepoId,
} from '../protocol/index.ts'
import type { ClaimNow, Conflict } from './core/claims/command.ts'

type ConflictJson = OperationResult<'claim'>['conflicts'][number]
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
  return claim.stamp.wallMs + claim.ttlSeconds * 1000
}

export function stateOf(reason: EndReason): ClaimState {
  if (reason === 'ttl' || reason === 'lease') return 'expired'
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

/** What the refused caller can do; every command can be typed as printed. */
export function refusalOptions(
  asked: readonly { readonly kind: string; readonly pattern: string }[],
  conflicts: readonly ConflictJson[],
): OptionJson[] {
  const options: OptionJson[] = []
  const blocked = new Set(conflicts.map((conflict) => conflict.your_pattern))
  const free = asked.filter((scope) => !blocked.has(scope.pattern) && scope.kind === 'file')
  if (free.length > 0) {
    const command = `skein claim ${free.map(({ pattern }) => quote(pattern)).join(' ')}`
    options.push({ action: 'claim_the_rest', why: 'nobody holds these', command })
  }
  const [first] = conflicts
  if (first === undefined) return options
  const wanted =
    first.claim.kind === 'resource'
      ? `--resource ${quote(first.your_pattern)}`
      : quote(first.your_pattern)
  options.push({
    action: 'check_again',
    why:
      first.lock_delay_s === null
        ? `held until ${first.claim.expires_at} at the latest`
        : `free in ${String(first.lock_delay_s)} s`,
    command: `skein check ${wanted}`,
  })
  options.push({
    action: 'why',
    why: 'what happened around the claim',
    command: `skein why ${first.claim.id}`,
  })
  return options
}

export function iso(ms: number): string {
  return new Date(ms).toISOString()
}

/** A word for a shell, as it stands. */
export function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
