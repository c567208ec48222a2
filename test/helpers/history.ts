// Judges a real run of one repository from outside: what its callers saw, on one clock, against what its ledger holds in
// the end. Every grant carries a fence and every end an index, so no order has to be searched for (the general problem is
// NP-hard): the ledger's order is replayed once, and real time must never contradict it.
//
// 1. What was answered before something else was asked has the smaller index.
// 2. A fence is given once, and fences rise along the ledger.
// 3. Replayed in order, no two live claims of different sessions overlap but shared ones; what ends was live.
// 4. What was acknowledged is in the ledger; what was refused left nothing that lives. Of what was never answered, both
//    may be true.
// 5. At no moment of true time two sessions held what overlaps, each told so and not yet told otherwise.
import { intersects, parsePattern } from '../../protocol/index.ts'
import { groupBy, say, type Ended, type Granted, type Ledger } from './history-facts.ts'

/** Times are of one clock, which the recorder reads before it sends and after the whole answer has come. */
export interface Operation {
  /** Who ran it, for the report: a client, and the daemon it spoke to. */
  readonly process: string
  readonly session: string
  readonly callMs: number
  /** Null when no answer ever came. */
  readonly returnMs: number | null
  readonly action: Action
  readonly outcome: Outcome
}

export type Action =
  | { readonly kind: 'claim'; readonly scopes: readonly string[] }
  /** Of one claim; `verify` and `renew` are alike: both say that it stood when they were asked. */
  | { readonly kind: 'release' | 'renew' | 'verify'; readonly claim: string }

/**
 *   granted  a claim: its claims, under one fence
 *   done     a release, renewal or verification that said yes
 *   refused  it said no, and nothing was done: for a claim nothing was granted, for the others the claim does not stand
 *            given up: nobody answered; the ledger may have granted it all the same, and takes that back unless the session
 *            asks for the same again first, and is told of it
 *   unknown  no answer, an uncertain one, or a place in the queue: it may have been done, or be done later
 */
export type Outcome =
  | { readonly kind: 'granted'; readonly fence: number; readonly claims: readonly string[] }
  | { readonly kind: 'done' | 'unknown' }
  | { readonly kind: 'refused'; readonly isGivenUp?: boolean }

export interface History {
  readonly operations: readonly Operation[]
  readonly ledger: Ledger
  /** Default: patterns that could name one path, without regard to case. */
  readonly overlaps?: (a: string, b: string) => boolean
}

interface Known {
  readonly history: History
  readonly overlaps: (a: string, b: string) => boolean
  readonly grants: ReadonlyMap<string, Granted>
  readonly ends: ReadonlyMap<string, Ended>
  readonly byFence: ReadonlyMap<number, readonly Granted[]>
  readonly bySession: ReadonlyMap<string, readonly Operation[]>
  /** Of each claim, the operations that named it. */
  readonly about: ReadonlyMap<string, readonly Operation[]>
}

/** Everything that cannot have happened so; empty when the history is sound. */
export function checkHistory(history: History): string[] {
  const { facts, violations } = history.ledger
  const granted = facts.filter((fact) => fact.kind === 'granted')
  const ended = facts.filter((fact) => fact.kind === 'ended')
  const named = history.operations.filter(({ action }) => action.kind !== 'claim')
  const known: Known = {
    history,
    overlaps: history.overlaps ?? couldMeet,
    grants: new Map(granted.map((fact) => [fact.claim, fact])),
    ends: new Map(ended.map((fact) => [fact.claim, fact])),
    byFence: groupBy(granted, (fact) => fact.fence),
    bySession: groupBy(history.operations, ({ session }) => session),
    about: groupBy(named, ({ action }) => (action.kind === 'claim' ? '' : action.claim)),
  }
  return [
    ...violations,
    ...checkFences(known),
    ...replay(known),
    ...history.operations.flatMap((operation) => checkAnswer(known, operation)),
    ...granted.flatMap((fact) => checkAsked(known, fact)),
    ...checkOrder(known),
    ...checkHolders(known),
  ]
}

/** 2. */
function checkFences({ history, byFence }: Known): string[] {
  const found: string[] = []
  let before: Granted | null = null
  for (const fact of history.ledger.facts) {
    if (fact.kind !== 'granted') continue
    const isSameRecord = before?.index === fact.index
    if (
      before !== null &&
      (isSameRecord ? fact.fence !== before.fence : fact.fence <= before.fence)
    )
      found.push(`fences do not rise: ${say(fact)} after ${say(before)}`)
    before = fact
  }
  const seen = new Map<number, Operation>()
  for (const operation of history.operations) {
    if (operation.outcome.kind !== 'granted') continue
    const { fence } = operation.outcome
    const other = seen.get(fence) ?? operation
    if (other.session !== operation.session)
      found.push(
        `one fence for two sessions: ${sayOperation(other)} and ${sayOperation(operation)}`,
      )
    if (!byFence.has(fence)) found.push(`a grant that the ledger lost: ${sayOperation(operation)}`)
    seen.set(fence, other)
  }
  return found
}

/** 3. */
function replay({ history, overlaps }: Known): string[] {
  const found: string[] = []
  const live = new Map<string, Granted>()
  const seen = new Set<string>()
  for (const fact of history.ledger.facts) {
    if (fact.kind === 'ended') {
      if (!live.delete(fact.claim)) found.push(`no such claim was live: ${say(fact)}`)
      continue
    }
    if (seen.has(fact.claim)) found.push(`granted twice: ${say(fact)}`)
    seen.add(fact.claim)
    for (const other of live.values())
      if (areApart(fact, other, overlaps)) found.push(`${say(fact)} while live: ${say(other)}`)
    live.set(fact.claim, fact)
  }
  return found
}

/** 4, from the answers to the ledger. */
function checkAnswer(known: Known, operation: Operation): string[] {
  const { action, outcome, session } = operation
  const lost = (why: string): string[] => [`${why}: ${sayOperation(operation)}`]
  if (action.kind === 'claim') {
    if (outcome.kind !== 'granted') return []
    const granted = outcome.claims.map((claim) => known.grants.get(claim))
    const isThere = granted.every(
      (fact) => fact?.session === session && fact.fence === outcome.fence,
    )
    if (!isThere) return lost('acknowledged, and not in the ledger')
    const covered = new Set(granted.map((fact) => fact?.scope))
    return action.scopes.every((scope) => covered.has(scope)) ? [] : lost('granted in part')
  }
  const end = known.ends.get(action.claim)
  const isGranted = known.grants.has(action.claim)
  switch (outcome.kind) {
    case 'granted':
    case 'unknown':
      return []
    case 'refused':
      return isGranted && end === undefined ? lost('denied, and live to the end') : []
    case 'done': {
      if (!isGranted) return lost('of a claim that the ledger does not know')
      if (action.kind === 'release')
        return end === undefined ? lost('released, and still live') : []
      const over = known.about.get(action.claim)?.find((other) => endsBefore(other, operation))
      return over === undefined ? [] : lost(`confirmed after ${sayOperation(over)}`)
    }
  }
}

/** 4, from the ledger to the answers: what nobody was granted nobody may go on holding. */
function checkAsked({ bySession, ends }: Known, fact: Granted): string[] {
  const asked = (bySession.get(fact.session) ?? []).filter(
    ({ action }) => action.kind === 'claim' && action.scopes.includes(fact.scope),
  )
  const isTold = asked.some(({ outcome }) =>
    outcome.kind === 'granted' ? outcome.fence === fact.fence : outcome.kind === 'unknown',
  )
  if (isTold) return []
  if (asked.length === 0) return [`nobody asked for ${say(fact)}`]
  return ends.has(fact.claim) ? [] : [`refused, and live to the end: ${say(fact)}`]
}

/** 1. Sorted by call and by return: each is looked at once. A fence that its session asked for before is no new one. */
function checkOrder(known: Known): string[] {
  const found: string[] = []
  const placed = [...placedOperations(known)]
  const byReturn = placed
    .filter(({ operation }) => operation.returnMs !== null)
    .sort((a, b) => returnOf(a.operation) - returnOf(b.operation))
  let next = 0
  let greatest: Placed | null = null
  for (const later of placed.sort((a, b) => a.sinceMs - b.sinceMs)) {
    for (
      let earlier = byReturn[next];
      earlier !== undefined && returnOf(earlier.operation) < later.sinceMs;
      earlier = byReturn[++next]
    ) {
      if (greatest === null || earlier.index > greatest.index) greatest = earlier
    }
    if (greatest !== null && greatest.index >= later.index)
      found.push(
        `asked after, ordered before: ${sayOperation(later.operation)} at ${String(later.index)}, and ${sayOperation(greatest.operation)} at ${String(greatest.index)}`,
      )
  }
  return found
}

interface Placed {
  readonly operation: Operation
  readonly index: number
  /** When its record may have been asked for first. */
  readonly sinceMs: number
}

function* placedOperations({ history, byFence, ends }: Known): Iterable<Placed> {
  const asked = groupBy(history.operations, askedKey)
  for (const operation of history.operations) {
    const { action, outcome } = operation
    const end = action.kind === 'release' ? ends.get(action.claim) : undefined
    const isRelease = outcome.kind === 'done' && end?.reason === 'released'
    const index =
      outcome.kind === 'granted'
        ? byFence.get(outcome.fence)?.[0]?.index
        : isRelease
          ? end.index
          : null
    if (index == null) continue
    const alike = (asked.get(askedKey(operation)) ?? []).filter(
      (other) =>
        isOpen(other.outcome) ||
        (other.outcome.kind === outcome.kind &&
          (outcome.kind !== 'granted' || fenceOf(other) === outcome.fence)),
    )
    const sinceMs = Math.min(operation.callMs, ...alike.map(({ callMs }) => callMs))
    yield { operation, index, sinceMs }
  }
}

/** May its request have been decided, whatever its caller was told? */
function isOpen(outcome: Outcome): boolean {
  return outcome.kind === 'unknown' || (outcome.kind === 'refused' && outcome.isGivenUp === true)
}

/** 5. */
function checkHolders({ history, grants, ends, about, overlaps }: Known): string[] {
  const found: string[] = []
  const held = history.operations
    .flatMap((operation) => {
      if (operation.outcome.kind !== 'granted') return []
      return operation.outcome.claims.flatMap((claim) => {
        const fact = grants.get(claim)
        if (fact === undefined) return []
        const fromMs = returnOf(operation)
        const untilMs = heldUntil(fromMs, about.get(claim) ?? [], ends.has(claim))
        return untilMs > fromMs ? [{ fact, fromMs, untilMs }] : []
      })
    })
    .sort((a, b) => a.fromMs - b.fromMs)
  let open: typeof held = []
  for (const later of held) {
    open = open.filter(({ untilMs }) => untilMs > later.fromMs)
    for (const earlier of open)
      if (areApart(later.fact, earlier.fact, overlaps))
        found.push(
          `two holders from ${String(later.fromMs)} to ${String(Math.min(later.untilMs, earlier.untilMs))}: ${say(earlier.fact)} and ${say(later.fact)}`,
        )
    open.push(later)
  }
  return found
}

/** Until its holder asked for the release, or was last told that it stands; for ever when nothing ended it. */
function heldUntil(fromMs: number, about: readonly Operation[], isEnded: boolean): number {
  const released = about
    .filter(({ action }) => action.kind === 'release')
    .map(({ callMs }) => callMs)
  if (released.length > 0) return Math.min(...released)
  if (!isEnded) return Infinity
  const confirmed = about
    .filter(({ outcome }) => outcome.kind === 'done')
    .map(({ callMs }) => callMs)
  return Math.max(fromMs, ...confirmed)
}

/** Did this operation say that the claim is over, before the other was asked? */
function endsBefore({ action, outcome, returnMs }: Operation, other: Operation): boolean {
  const isOver = action.kind === 'release' ? outcome.kind === 'done' : outcome.kind === 'refused'
  return isOver && returnMs !== null && returnMs < other.callMs
}

/** Claims that must not live side by side. */
function areApart(a: Granted, b: Granted, overlaps: Known['overlaps']): boolean {
  if (a.session === b.session || (a.mode === 'shared' && b.mode === 'shared')) return false
  return overlaps(a.scope, b.scope)
}

function couldMeet(a: string, b: string): boolean {
  const options = { caseExact: false }
  return intersects(parsePattern(a, options), parsePattern(b, options))
}

function askedKey({ session, action }: Operation): string {
  const what = action.kind === 'claim' ? [...action.scopes].sort() : [action.claim]
  return JSON.stringify([session, action.kind, ...what])
}

function fenceOf({ outcome }: Operation): number | null {
  return outcome.kind === 'granted' ? outcome.fence : null
}

function returnOf({ returnMs }: Operation): number {
  return returnMs ?? Infinity
}

function sayOperation({ process, session, callMs, returnMs, action, outcome }: Operation): string {
  const what = action.kind === 'claim' ? action.scopes.join(' ') : action.claim
  const fence = outcome.kind === 'granted' ? ` ${String(outcome.fence)}` : ''
  const times = `${String(callMs)}..${returnMs === null ? '' : String(returnMs)}`
  return `[${process} ${session} ${action.kind} ${what} ${times} ${outcome.kind}${fence}]`
}
