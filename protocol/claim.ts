// The noun that everything is about. A claim is a scope held by a session of an agent, under a fence, until it ends.
import type { ClaimId, PeerId, RepoId, RequestedId, RequestId, SessionId } from './ids.ts'

export type ClaimKind = 'file' | 'module' | 'symbol' | 'task' | 'resource'
export type ClaimMode = 'exclusive' | 'shared'
/** `releasing`: given up by its holder, and the ledger does not know yet. */
export type ClaimState =
  'active' | 'provisional' | 'releasing' | 'released' | 'expired' | 'superseded'

/**
 * What is claimed. `pattern` is canonical: for file, module and symbol a path or glob from the repository's root; for a
 * task or a resource its name. `symbols` are `A::b` paths and non-empty for kind `symbol` only.
 */
export interface Scope {
  readonly kind: ClaimKind
  readonly pattern: string
  readonly symbols: readonly string[]
  readonly mode: ClaimMode
}

/** A declaration that is called otherwise now; both as `A::b`. */
export interface Renaming {
  readonly from: string
  readonly to: string
}

/** Who asks. `agentGiven` is false for a default name: such names never make two sessions one party. */
export interface Party {
  readonly agent: string
  readonly agentGiven: boolean
  readonly session: SessionId
  /** The machine's peer id: a session is known by (peer, session). */
  readonly peer: PeerId
  /** The machine's name, for people. */
  readonly machine: string
  readonly branch: string | null
}

/**
 * When the holder's daemon sent the request, by its own clocks. TTLs count from here: by uptime within one boot, else by
 * the wall clock, whichever is later.
 */
export interface Stamp {
  readonly wallMs: number
  readonly boot: string
  readonly uptimeMs: number
}

/** An idempotency key as the caller gave it, and a hash of the body that came with it. */
export interface Key {
  readonly key: string
  readonly digest: string
}

/**
 * A request shortens the time of the claim that it stands against: at most this long from its filing, unless it is
 * denied. Nothing else lengthens it again.
 */
export interface Clamp {
  readonly request: RequestedId
  readonly seconds: number
  /** By the leader's wall clock. */
  readonly atMs: number
}

export type EndReason =
  | 'released'
  | 'idle'
  | 'ttl'
  | 'session-ended'
  | 'process-died'
  | 'abandoned'
  | 'lease'
  | 'revoked'
  | 'superseded'
  | 'requested'
  | 'completed'
  | 'branch-gone'
  | 'landed'
  | 'task-expired'

/** What a claim of a task rests on: the plan that it was read from, and the proof of which history that plan is of. */
export interface TaskFacts {
  /** From the root of the repository; null for a task that was taken by its name, without a plan. */
  readonly plan: string | null
  /** Hex: sha256 over the checkout's HEAD and the last commit of every plan file; null without a history. */
  readonly token: string | null
}

/** A claim as the ledger's state holds it. */
export interface LedgerClaim extends Scope, Party {
  readonly id: ClaimId
  readonly description: string
  readonly narrowable: boolean
  /** generation x 2^32 + index of the granting record; shared by the claims of one call. */
  readonly fence: number
  readonly grantedAtMs: number
  readonly ttlSeconds: number
  readonly stamp: Stamp
  readonly coexistsWith: readonly ClaimId[]
  readonly narrowedBy: readonly ClaimId[]
  /** Requests that shorten its time, oldest first. */
  readonly clamps: readonly Clamp[]
  /** Of a task only. */
  readonly task?: TaskFacts
  /** The last request that renewed it: whoever was told so holds it, even if the call that it was granted to was given up. */
  readonly renewedBy?: RequestId
}

/** A claim as every door shows it (times in ISO 8601, UTC). */
export interface Claim {
  readonly id: ClaimId
  readonly repo: RepoId
  readonly agent: string
  readonly session: SessionId
  readonly machine: string
  readonly branch: string | null
  readonly description: string
  readonly kind: ClaimKind
  readonly pattern: string
  readonly symbols: readonly string[]
  readonly mode: ClaimMode
  readonly narrowable: boolean
  readonly fence: number | null
  readonly state: ClaimState
  readonly granted_at: string
  readonly expires_at: string
  readonly last_activity: string
  readonly coexists_with: readonly ClaimId[]
  readonly narrowed_by: readonly ClaimId[]
  readonly except: readonly ClaimPart[]
}

/** Symbols that somebody holds out of another's claim. */
export interface ClaimPart {
  readonly claim: ClaimId
  readonly agent: string
  readonly pattern: string
  readonly symbols: readonly string[]
}

/** Are the two one party: the same session, or the same agent name that both were given? */
export function isSameParty(a: Party, b: Party): boolean {
  if (a.session === b.session && a.peer === b.peer) return true
  return a.agentGiven && b.agentGiven && a.agent === b.agent
}
