// The wait-for graph over sessions, whatever they wait for. An edge leads from a waiting session to every session that
// stands in its way. A circle would end in time-outs only, so the wait that would close it is refused, by name.
import type { Party } from '../../../protocol/index.ts'
import { sessionKey, type View } from '../view.ts'

/** Sessions in the way of a session, by all that it waits for; by its `sessionKey`. */
export type InTheWayOf = (session: string) => readonly Party[]

/** Holders for whose answer to a request a session waits; by its `sessionKey`. */
export type AwaitedBy = (session: string) => readonly Party[]

/** Looking further than this is no use: a circle is short, or it is closed soon by somebody else's look. */
const SESSIONS_SEEN_MAX = 2_000

/**
 * The circle that a wait of `waiter` behind `blockers` would close, or closes: from the waiter round to itself; null if there
 * is none.
 */
export function findCircle(
  view: View,
  waiter: Party,
  blockers: readonly Party[],
  inTheWayOf: InTheWayOf,
): readonly Party[] | null {
  const start = keyOf(waiter)
  // Nobody waits for a session that holds nothing and waits for nothing.
  if (!view.sessions.has(start) && !view.waiting.has(start)) return null
  const seen = new Set<string>()
  const alone: readonly Party[] = [waiter]
  const stack = blockers.map((party) => ({ party, path: alone }))
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const key = keyOf(next.party)
    if (key === start) return next.path
    if (seen.has(key) || seen.size >= SESSIONS_SEEN_MAX) continue
    seen.add(key)
    const path = [...next.path, next.party]
    for (const party of inTheWayOf(key)) stack.push({ party, path })
  }
  return null
}

export function keyOf({ peer, session }: Party): string {
  return sessionKey(peer, session)
}
