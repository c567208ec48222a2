// A place in the queue: a claim that waits for everything that blocks it, as one entry, whatever its scopes.
import type { Key, Party, Scope, Stamp } from './claim.ts'
import type { ClaimId, QueueId, RequestId } from './ids.ts'
import type { TaskTerms } from './task.ts'

export type Urgency = 'low' | 'normal' | 'high' | 'blocking'

export const URGENCIES: readonly Urgency[] = ['low', 'normal', 'high', 'blocking']

/** What a claim asks for beyond who asks, of what: kept with a waiter until it is granted. */
export interface ClaimTerms {
  readonly description: string
  readonly narrowable: boolean
  /** Null: the default of the mode. */
  readonly ttlSeconds: number | null
  readonly ttlDefaultSeconds: number
  readonly ttlSharedSeconds: number
  /** Live claims that the agent may hold; 0 is off. */
  readonly claimsPerAgent: number
  /** Where one of the scopes is a task. */
  readonly task?: TaskTerms
}

export interface QueueEntry {
  readonly id: QueueId
  readonly rid: RequestId | null
  readonly party: Party
  readonly scopes: readonly Scope[]
  /** The claims that it will be granted, one for each scope: named when it joins. */
  readonly claimIds: readonly ClaimId[]
  readonly terms: ClaimTerms
  readonly urgency: Urgency
  /** From `stamp` on. */
  readonly waitSeconds: number
  readonly stamp: Stamp
  readonly joinedAtMs: number
  /** The idempotency key that it came with. */
  readonly key: Key | null
  /** Order of joining: the index of the record that made it. */
  readonly index: number
}

export type DropReason =
  | 'cancelled'
  | 'expired'
  | 'vanished'
  | 'session-ended'
  | 'deadlock'
  | 'limit'
  | 'completed'
  | 'policy'
