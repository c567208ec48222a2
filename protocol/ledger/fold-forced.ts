// Claims that ended by force, kept for the lock-delays that a later leader counts anew. One is forgotten when the path itself
// shows that its delay is over: somebody else was granted what it kept out, or enough time has passed.
//
// No wall clock says how much: a machine's may jump, and two machines' differ. Within a term every record bears the time of
// one machine, and of each step between two of them only so much is believed. Whoever would be let in too early by it would
// need that many jumps within the ten seconds of a delay.
import { isSameParty, type LedgerClaim } from '../claim.ts'
import { judgeable, modesConflict, overlapScopes, type JudgedScope } from '../scope/overlap.ts'
import type { LedgerRecord } from './record.ts'
import { FORCED_REMEMBERED, type ForcedEnd, type LedgerState } from './state.ts'

/** Of one step between two records so much is believed. */
const STEP_MS_MAX = 15_000
/** Eight such steps; a delay is 10 s. */
const REMEMBERED_MS = 120_000

/** Counts the time since the record before, and forgets whose delay is long over. */
export function passTime(state: LedgerState, { term, atMs }: LedgerRecord): void {
  const { pathTime: before, forced } = state
  const stepMs = term === before.term ? Math.max(0, atMs - before.atMs) : 0
  const passedMs = before.passedMs + Math.min(stepMs, STEP_MS_MAX)
  state.pathTime = { term, atMs, passedMs }
  const firstLeft = forced.findIndex(({ endedAt }) => passedMs - endedAt < REMEMBERED_MS)
  forced.splice(0, firstLeft === -1 ? forced.length : firstLeft)
}

export function noteForcedEnd({ forced, pathTime }: LedgerState, claim: LedgerClaim): void {
  forced.push({ ...claim, endedAt: pathTime.passedMs })
  if (forced.length > FORCED_REMEMBERED) forced.shift()
}

/** Whoever got what they kept out got it after their delay: a later leader need not count that anew. */
export function endDelaysOf({ forced }: LedgerState, claim: LedgerClaim): void {
  if (forced.length === 0) return
  const granted = judgeable(claim, EXACT)
  for (let at = forced.length - 1; at >= 0; at--) {
    const ended = forced[at]
    if (ended === undefined || isSameParty(ended, claim)) continue
    if (modesConflict(ended.mode, claim.mode) && isKeptOut(granted, compiled(ended)))
      forced.splice(at, 1)
  }
}

/** What meets by its exact letters meets by the rule of every repository. */
const EXACT = { caseExact: true }

/** Would it have been refused, had the other one lived? Beside symbols there may be room. */
function isKeptOut(asked: JudgedScope, ended: JudgedScope): boolean {
  const overlap = overlapScopes(asked, ended)
  return (
    overlap !== null && overlap.kind !== 'disjoint-symbols' && overlap.kind !== 'symbol-in-file'
  )
}

const compiledOnce = new WeakMap<ForcedEnd, JudgedScope>()

function compiled(ended: ForcedEnd): JudgedScope {
  const known = compiledOnce.get(ended) ?? judgeable(ended, EXACT)
  compiledOnce.set(ended, known)
  return known
}
