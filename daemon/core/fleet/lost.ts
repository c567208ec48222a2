// Assignments of machines that are no members any more: what becomes of them nobody will ever say here.
import { isAssignmentOver, type PeerId, type RecordBody } from '../../../protocol/index.ts'
import type { View } from '../view.ts'

/** Their tasks are given back by force, for such a machine may still be writing. */
export function lostWith(gone: readonly PeerId[], { state }: View): RecordBody[] {
  if (gone.length === 0) return []
  return [...state.assignments.values()]
    .filter(({ peer, state: now }) => gone.includes(peer) && !isAssignmentOver(now))
    .map(({ id, machine }) => ({
      ...{ kind: 'assignment-move', rid: null, id, to: 'lost', by: 'daemon' },
      facts: { note: `${machine} is no member of the mesh any more` },
    }))
}
