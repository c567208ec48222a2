// A claim without quorum: noted by its holder's own machine, known on its side of a partition, and settled by a record of the
// ledger once there is a leader again. It has no fence and confirms nothing; promoted, it keeps its id and is a claim.
import type { EndReason, Party, Scope, Stamp, TaskFacts } from './claim.ts'
import type { ClaimId, PeerId, RequestId } from './ids.ts'

/** Where it stands among all that are settled together: by `lamport`, then peer, then `n`. */
export interface ProvisionalOrder {
  /** Above that of every one known where it was made; 0 for a claim that comes from another ledger. */
  readonly lamport: number
  /** Rises over the life of its peer, also where its log began anew: once one of them is settled, so are all before it. */
  readonly n: number
}

export interface ProvisionalClaim extends ProvisionalOrder {
  readonly id: ClaimId
  /** The call that it was noted for, of its own machine; null where there was none. */
  readonly rid: RequestId | null
  readonly party: Party
  readonly scope: Scope
  readonly description: string
  readonly narrowable: boolean
  /** From `stamp` on, also once it is promoted. */
  readonly ttlSeconds: number
  readonly stamp: Stamp
  /** What it was judged against: the last that was known here; null for a claim that comes from another ledger. */
  readonly base: { readonly term: number; readonly index: number } | null
  /** Of a task only. */
  readonly task?: TaskFacts
  /** The machine that hands it in, where that is not its holder's: it founded the ledger anew when the old one was lost. */
  readonly by?: PeerId
}

/** The machine in whose list it stands, and by whose `n` it is counted. */
export function listerOf({ by, party }: ProvisionalClaim): PeerId {
  return by ?? party.peer
}

/** A claim of another ledger, before it has its place among the provisional ones of this. */
export type CarriedClaim = Omit<ProvisionalClaim, 'rid' | 'base' | 'by' | keyof ProvisionalOrder>

/** One that its holder gave up, or its daemon ended, when a leader may have heard of it already. */
export interface EndedProvisional extends ProvisionalOrder {
  readonly id: ClaimId
  readonly reason: EndReason
}

/** Negative when `a` goes first. */
export function compareProvisionals(a: Ordered, b: Ordered): number {
  return a.lamport - b.lamport || compareText(a.peer, b.peer) || a.n - b.n
}

interface Ordered extends ProvisionalOrder {
  readonly peer: string
}

/** By code units, so that every machine orders alike. */
function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}
