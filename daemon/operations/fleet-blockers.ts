// Why an assignment does not go on: derived each time from what is so now, never stored. By the ledger where it knows, else by the word
// of the assignment's machine.
import { isUnlanded, iso, type Assignment, type OperationResult } from '../../protocol/index.ts'
import { clean } from '../callers.ts'
import type { WorkerBlocker } from '../ports-fleet.ts'

type BlockerJson = NonNullable<OperationResult<'stop'>['worker']['blocker']>

/** @param said of its machine; `unknown`: that cannot be asked. */
export function blockerOf(
  assignment: Assignment,
  said: WorkerBlocker | null | 'unknown',
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
      ...{ kind: said.kind, note: clean(said.note), since: iso(said.sinceMs), who: machine },
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
const NEXT: Readonly<Partial<Record<WorkerBlocker['kind'], string>>> = {
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
