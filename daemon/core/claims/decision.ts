// The shape of a decision, and what every deciding part needs.
import {
  asClaimId,
  asQueueId,
  asRequestedId,
  makeId,
  type LedgerClaim,
  type QueueId,
  type RecordBody,
  type RequestedId,
  type RequestId,
  type Scope,
} from '../../../protocol/index.ts'
import type { View } from '../view.ts'
import type { Signer } from '../consensus/types.ts'
import type { ClaimCommand, Command, Failure, Outcome, SettleCommand } from './command.ts'
import type { AwaitedBy } from '../queue/deadlock.ts'
import type { Waits } from '../queue/waits.ts'
import type { LockDelay } from './judge.ts'

export interface Request {
  readonly rid: RequestId
  readonly command: Command
  /** 16 bytes of chance for the ids of this request. */
  readonly entropy: Uint8Array
}

export type ProvisionalRequest = Request & { readonly command: ClaimCommand }
export type SettleRequest = Request & { readonly command: SettleCommand }

export interface DecisionContext {
  readonly view: View
  readonly wallMs: number
  readonly delays: readonly LockDelay[]
  readonly waits: Waits
  readonly signer: Signer
  readonly awaitedBy: AwaitedBy
  /** The leader's elapsed milliseconds. */
  readonly now: number
}

export type Decision =
  | {
      readonly kind: 'append'
      readonly bodies: readonly RecordBody[]
      readonly warnings: readonly string[]
      /** What is told when it is committed; null: what the ledger then says of the request. */
      readonly told?: Outcome
      /** Of a claim that waits: those of its scopes that met others. */
      readonly met?: readonly Scope[]
    }
  /** Changes nothing; told once leadership is confirmed and what it rests on is committed. */
  | { readonly kind: 'answer'; readonly outcome: Outcome }
  /** Waits for others of its kind, and is decided with them. */
  | { readonly kind: 'collect'; readonly request: SettleRequest }
  /** Told like an answer: most failures rest on the state, which a deposed leader may have wrong. */
  | { readonly kind: 'fail'; readonly failure: Failure }

export function fail(
  code: Failure['code'],
  message: string,
  more: Partial<Failure> = {},
): Decision {
  return { kind: 'fail', failure: { code, message, ...more } }
}

/** Ids come from the request's own chance, so that a replay makes the same ones. */
export function nextQueueId(request: Request, wallMs: number): QueueId {
  return asQueueId(makeId('que', wallMs, request.entropy))
}

/** @param at among those that one request makes */
export function nextRequestedId(request: Request, wallMs: number, at = 0): RequestedId {
  return asRequestedId(makeId('req', wallMs, entropyOf(request, at)))
}

/** A claim's id: from the request's own chance, so that a replay makes the same one. */
export function nextClaimId(request: Request, wallMs: number, at: number): LedgerClaim['id'] {
  return asClaimId(makeId('clm', wallMs, entropyOf(request, at)))
}

function entropyOf(request: Request, at: number): Uint8Array {
  const entropy = request.entropy.slice()
  const tail = (entropy[8] ?? 0) * 256 + (entropy[9] ?? 0) + at
  entropy[8] = (tail >> 8) & 0xff
  entropy[9] = tail & 0xff
  return entropy
}
