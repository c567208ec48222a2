// The core's data as every door shows it.
import {
  claimJson,
  stateOf,
  waiterJson,
  type Claim,
  type ClaimContext,
  type OperationResult,
  type QueueEntry,
} from '../protocol/index.ts'
import type { ClaimNow, Conflict } from './core/claims/command.ts'

type ConflictJson = OperationResult<'claim'>['conflicts'][number]
type PlaceJson = NonNullable<OperationResult<'claim'>['queue']>

export function claimNowJson(context: ClaimContext, now: ClaimNow): Claim {
  return claimJson(context, now.claim, now.live ? 'active' : stateOf(now.ended.reason))
}

export function conflictJson(context: ClaimContext, conflict: Conflict): ConflictJson {
  const { scope, claim, paths, symbols, delayMs } = conflict
  const live = conflict.provisional === true ? 'provisional' : 'active'
  const state = delayMs === null ? live : 'expired'
  return {
    your_pattern: scope.pattern,
    your_symbols: scope.symbols,
    claim: claimJson(context, claim, state),
    overlap: paths,
    symbol_overlap: symbols.length === 0 ? [] : [{ file: paths[0] ?? scope.pattern, symbols }],
    lock_delay_s: delayMs === null ? null : Math.ceil(delayMs / 1000),
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
