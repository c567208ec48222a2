// A ledger without work is quiet: its leader keeps its term in silence, and every machine with many repositories pays for
// the busy ones only.
import { comparePositions } from '../../protocol/index.ts'
import { fallQuiet } from './consensus/leader.ts'
import type { Engine } from './engine-state.ts'

export function noteWork(engine: Engine): void {
  engine.workedAt = engine.consensus.now
}

/** A leader's look at whether there is anything left to do. */
export function quietenIfIdle(engine: Engine): void {
  const { consensus, tail } = engine
  const { role, chain, commit } = consensus
  if (role.kind !== 'leader' || role.isQuiet || tail === null) return
  const head = chain.head()
  const hasWork =
    tail.state.claims.size > 0 ||
    tail.state.queue.size > 0 ||
    tail.state.asked.size > 0 ||
    engine.own.size > 0 ||
    engine.settling !== null ||
    head === null ||
    commit === null ||
    comparePositions(commit, head) !== 0
  if (hasWork) noteWork(engine)
  else if (consensus.now - engine.workedAt >= consensus.timing.quietAfterMs)
    fallQuiet(consensus, role)
}

/** In a quiet ledger that nobody asks anything of a look now and then is enough: many of them are a daemon's idle load. */
export function mayRest({ consensus: { role, now } }: Engine, monotonicMs: number): boolean {
  const isQuiet = (role.kind === 'leader' || role.kind === 'follower') && role.isQuiet
  return isQuiet && monotonicMs - now < RESTING_MS
}

const RESTING_MS = 1_000
