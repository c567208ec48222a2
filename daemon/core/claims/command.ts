// What can be asked of a repo's ledger, as plain data that any daemon can forward, and what can come of it.
import type {
  ClaimId,
  EndedClaim,
  EndReason,
  ErrorCode,
  Key,
  LedgerClaim,
  Party,
  PeerId,
  RepoId,
  Scope,
  SessionId,
  Stamp,
} from '../../../protocol/index.ts'

export type Command =
  | ClaimCommand
  | ReleaseCommand
  | EndCommand
  | RenewCommand
  | NarrowCommand
  | VerifyCommand
  | EnrolCommand
  | MemberCommand

export interface ClaimCommand {
  readonly kind: 'claim'
  readonly party: Party
  readonly scopes: readonly Scope[]
  readonly description: string
  readonly narrowable: boolean
  /** Null: the default of the mode. */
  readonly ttlSeconds: number | null
  readonly stamp: Stamp
  readonly key: Key | null
  readonly limits: ClaimLimits
}

/** What the caller's checkout says about limits; 0 is off. */
export interface ClaimLimits {
  readonly claimsPerAgent: number
  readonly ttlDefaultSeconds: number
  readonly ttlSharedSeconds: number
  readonly caseExact: boolean
}

export interface ReleaseCommand {
  readonly kind: 'release'
  readonly party: Party
  readonly target: ReleaseTarget
  /** A person's act against the holder's will, with its reason. */
  readonly force: string | null
}

export type ReleaseTarget =
  | { readonly by: 'ids'; readonly ids: readonly ClaimId[] }
  | { readonly by: 'mine' }
  | { readonly by: 'session'; readonly session: SessionId }
  | { readonly by: 'agent'; readonly agent: string }

/** Ends claims of its own sessions: a daemon's word, for idleness, time, or the death of a process. */
export interface EndCommand {
  readonly kind: 'end'
  readonly ids: readonly ClaimId[]
  readonly reason: EndReason
}

export interface RenewCommand {
  readonly kind: 'renew'
  readonly party: Party
  /** Empty: every claim of the session. */
  readonly ids: readonly ClaimId[]
  readonly ttlSeconds: number | null
  readonly stamp: Stamp
}

export interface NarrowCommand {
  readonly kind: 'narrow'
  readonly party: Party
  readonly id: ClaimId
  readonly patterns: readonly string[]
  readonly caseExact: boolean
}

export interface VerifyCommand {
  readonly kind: 'verify'
  readonly party: Party
  /** Empty: every claim of the session. */
  readonly ids: readonly ClaimId[]
  /** Fences that the caller holds in its hands, by id: a live claim with another fence is stale. */
  readonly fences: Readonly<Record<string, number>>
}

/** Fixes a repository's ledger in the mesh: the founder has written its genesis before it asks. */
export interface EnrolCommand {
  readonly kind: 'enrol'
  readonly repo: RepoId
  readonly peer: PeerId
  readonly roots: readonly string[]
  readonly generation: number
  readonly genesis: string
}

/** Enters this machine, or what has changed of it, into the mesh ledger. */
export interface MemberCommand {
  readonly kind: 'member'
  readonly peer: PeerId
  readonly machine: string
}

/** A claim that blocks, or one that lately ended and still does for its lock-delay. */
export interface Conflict {
  readonly scope: Scope
  readonly claim: LedgerClaim
  readonly paths: readonly string[]
  readonly symbols: readonly string[]
  /** Milliseconds until the lock-delay of an expired claim ends; null for a live claim. */
  readonly delayMs: number | null
}

export type Outcome =
  | {
      readonly kind: 'granted'
      readonly claims: readonly ClaimNow[]
      readonly warnings: readonly string[]
    }
  | { readonly kind: 'refused'; readonly conflicts: readonly Conflict[]; readonly more: number }
  | {
      readonly kind: 'ended'
      readonly claims: readonly ClaimNow[]
      readonly already: readonly ClaimId[]
    }
  | { readonly kind: 'renewed'; readonly claims: readonly ClaimNow[] }
  | { readonly kind: 'narrowed'; readonly claims: readonly ClaimNow[] }
  | { readonly kind: 'verified'; readonly claims: readonly VerifiedClaim[] }
  | { readonly kind: 'enrolled'; readonly generation: number; readonly isNew: boolean }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly failure: Failure }

/** A claim as it stands when the answer is told. */
export type ClaimNow =
  | { readonly live: true; readonly claim: LedgerClaim }
  | { readonly live: false; readonly claim: LedgerClaim; readonly ended: EndedClaim }

export interface VerifiedClaim {
  readonly id: ClaimId
  readonly fence: number | null
  readonly live: boolean
}

/** A failure as data, until a door makes a SkeinError of it. */
export interface Failure {
  readonly code: ErrorCode
  readonly message: string
  readonly hint?: string
  readonly data?: unknown
}
