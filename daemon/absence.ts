// Which machines are away, and what a caller is told because of it.
import { SkeinError } from '../protocol/index.ts'

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
