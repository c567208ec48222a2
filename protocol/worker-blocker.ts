// Why an assignment does not go on: derived each time from what is so now, never stored. By the ledger where it knows, else by the word
// of the assignment's machine.
import { isUnlanded, type Assignment } from './assignment.ts'
import { iso } from './claim-json.ts'
import type { OperationResult } from './operations/schemas.ts'
import type { BlockerKind } from './verdict.ts'

export type BlockerJson = NonNullable<OperationResult<'stop'>['worker']['blocker']>

/** What keeps an assignment from going on, as its machine says; the note is clean. */
export interface BlockerSaid {
  readonly kind: BlockerKind
  readonly note: string
  /** Milliseconds since 1970. */
  readonly sinceMs: number
}

/** @param said of its machine; `unknown`: that cannot be asked. */
export function blockerOf(
  assignment: Assignment,
  said: BlockerSaid | null | 'unknown',
): BlockerJson | null {
  const { id, state, machine, note, stateAtMs, answer, stop } = assignment
  const since = iso(stateAtMs)
  if (said === 'unknown')
    return {
      ...{ kind: 'machine', note: `${machine} cannot be asked`, since, who: machine },
      next: 'skein members',
    }
  if (said !== null)
    return {
      ...{ kind: said.kind, note: said.note, since: iso(said.sinceMs), who: machine },
      next: NEXT[said.kind] ?? `skein workers ${id}`,
    }
  if (state === 'waiting' && answer === null && stop === null)
    return {
      ...{ kind: 'question', note: note ?? 'it asks a person', since, who: 'a person' },
      next: `skein resume-stuck ${id} --guidance TEXT`,
    }
  return isUnlanded(assignment) ? unlanded(assignment) : null
}

/** On that machine; of the others the assignment itself says more. */
const NEXT: Readonly<Partial<Record<BlockerKind, string>>> = {
  slots: 'skein workers',
  commands: 'skein trust',
}

function unlanded({ id, landing }: Assignment): BlockerJson | null {
  if (landing?.reason == null) return null
  const note = landing.note === '' ? landing.reason : landing.note
  return {
    ...{ kind: 'landing', note, since: iso(landing.atMs), who: 'a person' },
    next: `skein fix ${id}`,
  }
}
