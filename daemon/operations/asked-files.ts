// What a claim, and the question what it would be answered, ask of the caller's checkout before the ledger is asked.
import type { Party, Scope } from '../../protocol/index.ts'
import type { Place } from '../callers.ts'
import type { CallContext } from '../client/operations.ts'
import { requireBounded } from '../coverage.ts'
import type { Parts } from './context.ts'
import { requireSymbols } from './symbols.ts'
import { prepareTask, type PreparedTask, type TaskAsking } from './task-terms.ts'

/** Whoever found the symbols in the files need not have them looked up again. */
export interface LookedUp {
  readonly isLookedUp?: boolean
}

/** Null where no task is asked for. @throws SkeinError for a task that cannot be claimed now. */
export async function prepareTaskIn(
  parts: Parts,
  place: Place,
  party: Party,
  scopes: readonly Scope[],
  asking: TaskAsking,
): Promise<PreparedTask | null> {
  const task = scopes.find(({ kind }) => kind === 'task')
  return task === undefined ? null : prepareTask(parts, place, party, task.pattern, asking)
}

/** First how many files the scopes cover: no more than a claim may have are parsed for the symbols that are named. */
export async function lookAtFiles(
  parts: Parts,
  place: Place,
  asked: {
    readonly scopes: readonly Scope[]
    readonly named: readonly Scope[]
    readonly party: Party
    readonly context: CallContext
  },
): Promise<string[]> {
  const { scopes, named, party, context } = asked
  const bounded = await boundedBy(parts, scopes, place)
  const symbols = await requireSymbols(parts, place, { scopes: named, party, context })
  return [...symbols, ...bounded]
}

async function boundedBy(parts: Parts, scopes: readonly Scope[], place: Place): Promise<string[]> {
  if (place.checkout === null) return []
  const tracked = await parts.git.trackedFiles(place.checkout)
  return requireBounded(scopes, tracked.paths, place.config)
}
