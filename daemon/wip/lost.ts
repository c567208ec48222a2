// Claims that sessions of this machine lose against their will: which events tell of them, and which files they covered.
import {
  matchesPath,
  parsePattern,
  type AuditEvent,
  type ClaimKind,
  type EndReason,
} from '../../protocol/index.ts'
import type { Repo } from '../repos.ts'

/** A claim that a session loses, as far as keeping its work needs it. */
export interface LostClaim {
  readonly id: string
  readonly kind: ClaimKind
  readonly pattern: string
  readonly fence: number | null
  readonly agent: string
  readonly session: string
  readonly branch: string | null
}

/** Ends that nobody asked the session for, and that leave it in the middle of something. */
const UNWILLING: ReadonlySet<string> = new Set<EndReason>([
  'idle',
  'ttl',
  'lease',
  'process-died',
  'revoked',
  'superseded',
  'task-expired',
])
const KINDS: ReadonlySet<string> = new Set(['claim.released', 'claim.expired', 'claim.superseded'])

export function isUnwilling(reason: string): boolean {
  return UNWILLING.has(reason)
}

/** Null for everything else. @param machine this one's name */
export function lostClaimOf(
  { kind, machine: where, data }: Pick<AuditEvent, 'kind' | 'machine' | 'data'>,
  machine: string,
): { readonly lost: LostClaim; readonly reason: EndReason } | null {
  if (!KINDS.has(kind) || where !== machine) return null
  const reason = kind === 'claim.superseded' ? 'superseded' : data['reason']
  if (typeof reason !== 'string' || !isUnwilling(reason)) return null
  const { claim, claim_kind: claimKind, pattern, agent, session, branch, fence } = data
  if (typeof claim !== 'string' || typeof pattern !== 'string') return null
  if (typeof agent !== 'string' || typeof session !== 'string') return null
  const lost = {
    id: claim,
    kind: claimKind as ClaimKind,
    ...{ pattern, agent, session },
    fence: typeof fence === 'number' ? fence : null,
    branch: typeof branch === 'string' ? branch : null,
  }
  return { lost, reason: reason as EndReason }
}

/**
 * Which files the claims covered. A task names none: its are all that nobody else holds now. Null: they cover no files.
 */
export function coveredBy(
  { config, host }: Repo,
  lost: readonly LostClaim[],
): ((file: string) => boolean) | null {
  const options = { caseExact: config.case === 'exact' }
  const patterns = lost
    .filter(({ kind }) => kind !== 'task' && kind !== 'resource')
    .map(({ pattern }) => parsePattern(pattern, options))
  const isCovered = (file: string): boolean =>
    patterns.some((pattern) => matchesPath(pattern, file))
  const task = lost.find(({ kind }) => kind === 'task')
  if (task === undefined) return patterns.length === 0 ? null : isCovered
  const others = [...(host?.loop.view().state.claims.values() ?? [])]
    .filter(
      ({ session, kind }) => session !== task.session && kind !== 'task' && kind !== 'resource',
    )
    .map(({ pattern }) => parsePattern(pattern, options))
  return (file) => isCovered(file) || !others.some((pattern) => matchesPath(pattern, file))
}
