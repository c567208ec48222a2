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
  voters: number,
  missing: readonly AbsentMachine[],
  { term, index }: { readonly term: number; readonly index: number },
): SkeinError {
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

export function decidesAlone(engine: Engine): boolean {
  const voters = votersKnown(engine)
  return voters.length === 1 && voters[0] === engine.consensus.self
}

/** Are there enough voters within reach for a leader to come about? */
export function mayElect(
  engine: Engine,
  absent: (peers: readonly PeerId[]) => readonly AbsentMachine[],
): boolean {
  const voters = votersKnown(engine)
  const missing = absent(voters.filter((voter) => voter !== engine.consensus.self))
  return voters.length === 0 || voters.length - missing.length >= majorityOf(voters)
}
