// What can be asked of a repo's ledger, as plain data that any daemon can forward, and what can come of it.
import type {
  AnsweredRequest,
  ClaimId,
  ClaimRequest,
  ClaimTerms,
  CompletedTask,
  DropReason,
  EndedClaim,
  EndedProvisional,
  EndReason,
  ErrorCode,
  Key,
  LedgerClaim,
  Party,
  PeerId,
  ProvisionalClaim,
  QueueEntry,
  QueueId,
  Renaming,
  RequestedId,
  Scope,
  SessionId,
  Stamp,
  Urgency,
} from '../../../protocol/index.ts'
import type { Assigned, FleetCommand } from '../fleet/command.ts'
import type { MeshCommand } from '../mesh/command.ts'
import type { PolicyCommand } from '../policy/command.ts'

export type Command =
  | ClaimCommand
  | CancelCommand
  | EndWaitsCommand
  | AskCommand
  | RespondCommand
  | ReleaseCommand
  | EndCommand
  | RenewCommand
  | NarrowCommand
  | RenameCommand
  | CompleteCommand
  | ExpireTasksCommand
  | BranchGoneCommand
  | VerifyCommand
  | SettleCommand
  | PolicyCommand
  | FleetCommand
  | MeshCommand

export interface ClaimCommand {
  readonly kind: 'claim'
  readonly party: Party
  readonly scopes: readonly Scope[]
  readonly terms: ClaimTerms
  readonly stamp: Stamp
  readonly key: Key | null
  readonly urgency: Urgency
  /** How long it may wait in the queue; 0: it does not. */
  readonly waitSeconds: number
  /** How many may wait; without it, any number. */
  readonly waitLimits?: WaitLimits
  /** A task is asked for although it was completed lately. */
  readonly again?: boolean
}

/** Entries of the queue; 0 is off. */
export interface WaitLimits {
  readonly perAgent: number
  readonly inRepo: number
}

/** Gives up places in the queue. */
export interface CancelCommand {
  readonly kind: 'cancel'
  readonly party: Party
  readonly ids: readonly QueueId[]
}

/** Ends waits of its own sessions: a daemon's word. */
export interface EndWaitsCommand {
  readonly kind: 'end-waits'
  readonly ids: readonly QueueId[]
  readonly reason: DropReason
}

/** Asks the holder of a claim to give way. */
export interface AskCommand {
  readonly kind: 'ask'
  readonly party: Party
  readonly claim: ClaimId
  readonly reason: string
  readonly urgency: Urgency
  readonly wanted: string | null
  readonly answerSeconds: number
  /** How long the caller waits for the answer; 0: it does not. */
  readonly waitSeconds: number
}

/** The holder's answer. */
export interface RespondCommand {
  readonly kind: 'respond'
  readonly party: Party
  readonly id: RequestedId
  readonly answer: ResponseTerms
  readonly note: string
  readonly stamp: Stamp
}

export type ResponseTerms =
  | { readonly decision: 'approved' }
  | { readonly decision: 'denied' }
  | { readonly decision: 'narrowed'; readonly parts: readonly Part[] }
  | { readonly decision: 'coexist'; readonly scopes: readonly Scope[] }

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
  /** Of the caller's session alone, whatever its agent is called. */
  | { readonly by: 'this-session' }
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
  readonly parts: readonly Part[]
}

/** Declarations that a claim names are called otherwise in its holder's files. */
export interface RenameCommand {
  readonly kind: 'rename'
  readonly party: Party
  readonly id: ClaimId
  readonly renamed: readonly Renaming[]
}

/** What stays of a claim: of the pattern's files all that it holds there, or only these symbols. Canonical. */
export interface Part {
  readonly pattern: string
  readonly symbols: readonly string[] | null
}

/** The session's task is done. */
export interface CompleteCommand {
  readonly kind: 'complete'
  readonly party: Party
  readonly task: string
  /** The branch that work lands on; null where it is not known. */
  readonly trunk: string | null
  readonly note: string
}

/** A person's act: whoever works on these is gone. */
export interface ExpireTasksCommand {
  readonly kind: 'expire-tasks'
  readonly party: Party
  readonly target: TaskTarget
  readonly note: string
}

export type TaskTarget =
  | { readonly by: 'task'; readonly task: string }
  | { readonly by: 'session'; readonly session: SessionId }
  | { readonly by: 'agent'; readonly agent: string }

/** The branch of these tasks of its own sessions is gone from the remote: a daemon's word. */
export interface BranchGoneCommand {
  readonly kind: 'branch-gone'
  readonly ids: readonly ClaimId[]
  readonly branch: string
}

export interface VerifyCommand {
  readonly kind: 'verify'
  readonly party: Party
  /** Empty: every claim of the session. */
  readonly ids: readonly ClaimId[]
  /** Fences that the caller holds in its hands, by id: a live claim with another fence is stale. */
  readonly fences: Readonly<Record<string, number>>
}

/** All provisional claims of a machine, for a leader to settle; and those that ended since a leader may have heard of them. */
export interface SettleCommand {
  readonly kind: 'settle'
  readonly peer: PeerId
  readonly claims: readonly ProvisionalClaim[]
  readonly ended: readonly EndedProvisional[]
}

/** A claim that blocks, or one that lately ended and still does for its lock-delay. */
export interface Conflict {
  readonly scope: Scope
  readonly claim: LedgerClaim
  readonly paths: readonly string[]
  readonly symbols: readonly string[]
  /** Milliseconds until the lock-delay of an expired claim ends; null for a live claim. */
  readonly delayMs: number | null
  /** The claim is a provisional one: its `fence` is none. */
  readonly provisional?: true
}

export type Outcome =
  | {
      readonly kind: 'granted'
      readonly claims: readonly ClaimNow[]
      readonly warnings: readonly string[]
    }
  | Refused
  | Queued
  | { readonly kind: 'dropped'; readonly reason: DropReason }
  | { readonly kind: 'cancelled'; readonly ids: readonly QueueId[] }
  | { readonly kind: 'asked'; readonly request: ClaimRequest | null }
  | {
      readonly kind: 'answered'
      readonly answered: readonly AnsweredRequest[]
      /** The request had ended before: nothing was changed. */
      readonly late: boolean
    }
  | {
      readonly kind: 'ended'
      readonly claims: readonly ClaimNow[]
      readonly already: readonly ClaimId[]
    }
  | { readonly kind: 'renewed'; readonly claims: readonly ClaimNow[] }
  | { readonly kind: 'narrowed'; readonly claims: readonly ClaimNow[] }
  | { readonly kind: 'renamed'; readonly claims: readonly ClaimNow[] }
  | {
      readonly kind: 'task-over'
      readonly tasks: readonly CompletedTask[]
      /** It was so before: nothing was changed. */
      readonly already: boolean
    }
  | Assigned
  | { readonly kind: 'verified'; readonly claims: readonly VerifiedClaim[] }
  | {
      readonly kind: 'enrolled'
      readonly generation: number
      readonly genesis: string
      readonly isNew: boolean
    }
  /** Noted here, without a fence; a Reconcile will say what becomes of them. */
  | { readonly kind: 'provisional'; readonly claims: readonly ProvisionalClaim[] }
  | { readonly kind: 'reconciled' }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly failure: Failure }

export interface Refused {
  readonly kind: 'refused'
  readonly conflicts: readonly Conflict[]
  readonly more: number
  /** Older or more urgent waiters for the same. */
  readonly ahead: readonly QueueEntry[]
  /** Waiting would close this circle of agents. */
  readonly circle: readonly string[]
}

export interface Queued {
  readonly kind: 'queued'
  readonly entry: QueueEntry
  readonly ahead: readonly QueueEntry[]
  readonly conflicts: readonly Conflict[]
}

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
  /** A field `at_ms`, milliseconds since 1970, is told as `at`; `retry_after` are seconds, told as a header too. */
  readonly data?: unknown
}
