// The wait-for graph over sessions, whatever they wait for. An edge leads from a waiting session to every session that
// stands in its way. A circle would end in time-outs only, so the wait that would close it is refused, by name.
import { type Party, type QueueEntry } from '../../../protocol/index.ts'
import { sessionKey, type View } from '../view.ts'

/** Sessions that block an entry, as far as they are known to wait or hold. */
export type BlockersOf = (entry: QueueEntry) => readonly Party[]

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
  blockersOf: BlockersOf,
): readonly Party[] | null {
  const start = keyOf(waiter)
  // Nobody waits for a session that holds nothing and waits for nothing.
  if (!view.sessions.has(start) && !waitsElsewhere(view, start)) return null
  const seen = new Set<string>()
  const alone: readonly Party[] = [waiter]
  const stack = blockers.map((party) => ({ party, path: alone }))
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const key = keyOf(next.party)
    if (key === start) return next.path
    if (seen.has(key) || seen.size >= SESSIONS_SEEN_MAX) continue
    seen.add(key)
    const path = [...next.path, next.party]
    for (const entry of entriesOf(view, key)) {
      for (const party of blockersOf(entry)) stack.push({ party, path })
    }
  }
  return null
}

export function keyOf({ peer, session }: Party): string {
  return sessionKey(peer, session)
}

function waitsElsewhere(view: View, key: string): boolean {
  return entriesOf(view, key).length > 0
}

function entriesOf(view: View, key: string): readonly QueueEntry[] {
  return [...(view.waiting.get(key) ?? [])].flatMap((id) => view.state.queue.get(id) ?? [])
}
