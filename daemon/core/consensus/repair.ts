// A peer that lacks records: it is sent what its document does not have. When that does not help, somebody deleted records
// from the document, which merges everywhere; the index of this machine still holds them and copies go out.
import {
  comparePositions,
  positionKey,
  positionOfBytes,
  type Position,
} from '../../../protocol/index.ts'
import { persist } from './durability.ts'
import type { Consensus, Lacking, Progress } from './types.ts'

/** So often in a row a repair may come to nothing: it may have been lost on its way. */
const REPAIRS_IN_VAIN = 4

/** At most one for each heartbeat: a repair may be the whole document. */
export function isRepairDue(core: Consensus, progress: Progress): boolean {
  if (core.now - progress.repairedMs < core.timing.heartbeatMs) return false
  progress.repairedMs = core.now
  return true
}

export function isStuck(progress: Lacking, head: Position): boolean {
  const { stuck } = progress
  const stayed = stuck.head !== null && comparePositions(stuck.head, head) === 0
  const times = stayed ? stuck.times + 1 : 0
  const isOver = times >= REPAIRS_IN_VAIN
  progress.stuck = { head, times: isOver ? 0 : times }
  return isOver
}

/** Publishes copies of what the document has lost; returns the update, which may be empty. */
export function republishLost(core: Consensus): Uint8Array {
  const head = core.chain.head()
  // What is about to be forgotten was deleted with right.
  if (head === null || core.forgetBelow !== null) return new Uint8Array()
  const kept = new Set(core.document.records().map((bytes) => positionKey(positionOfBytes(bytes))))
  const lost = core.chain.pathFromBase(head).filter((record) => !kept.has(positionKey(record)))
  if (lost.length === 0) return new Uint8Array()
  const copies = lost.map(({ bytes }) => bytes)
  const update = core.document.republish(core.self, copies)
  persist(core, [{ kind: 'update', bytes: update }])
  return update
}
