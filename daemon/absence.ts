// Which machines are away, and what a caller is told because of it.
import { SkeinError, type PeerId } from '../protocol/index.ts'
import { majorityOf } from './core/consensus/quorum.ts'
import type { Engine } from './core/engine.ts'

/** A machine that cannot be reached. */
export interface AbsentMachine {
  readonly machine: string
  /** ISO 8601; the start of this daemon where it was never reached. */
  readonly since: string
}

/** No majority answers: with who is missing, since when, and the last that is known of the ledger. */
export function noQuorum(
  what: string,
  engine: Engine,
  absent: (peers: readonly PeerId[]) => readonly AbsentMachine[],
): SkeinError {
  const voters = votersKnown(engine).length
  const missing = absent(otherVoters(engine))
  const { term, index } = engine.committed.state.applied
  const names = missing.map(({ machine, since }) => `${machine} (since ${since})`)
  const who = names.length === 0 ? '' : `; missing: ${names.join(', ')}`
  return new SkeinError('NO_QUORUM', `${what}${who}; nothing was granted`, {
    data: { voters, reachable: voters - missing.length, missing, last_ledger: { term, index } },
  })
}

/** Who votes by the last record that this machine knows. */
export function votersKnown({ consensus: { chain } }: Engine): readonly PeerId[] {
  const head = chain.head()
  return head === null ? [] : chain.votersAt(head)
}

function otherVoters(engine: Engine): readonly PeerId[] {
  return votersKnown(engine).filter((voter) => voter !== engine.consensus.self)
}

export function decidesAlone(engine: Engine): boolean {
  const voters = votersKnown(engine)
  return voters.length === 1 && voters[0] === engine.consensus.self
}

/** Asks who is there while somebody waits for an answer, or while this machine knows of no leader. */
export function soundOut(
  engine: Engine,
  isWaiting: boolean,
  probe: (peers: readonly PeerId[]) => void,
): void {
  const { role } = engine.consensus
  const isLed = role.kind === 'leader' || (role.kind === 'follower' && role.leader !== null)
  if (isWaiting || !isLed) probe(otherVoters(engine))
}

/** Are there enough voters within reach for a leader to come about? */
export function mayElect(
  engine: Engine,
  absent: (peers: readonly PeerId[]) => readonly AbsentMachine[],
): boolean {
  const voters = votersKnown(engine)
  const missing = absent(otherVoters(engine))
  return voters.length === 0 || voters.length - missing.length >= majorityOf(voters)
}
