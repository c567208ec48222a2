// The ledger's document begun anew. A document keeps a trace of every term and of every deletion, for ever; a checkpoint makes
// all of that worthless. So a leader that has just committed one begins an empty document with it and what came after, under
// the next number, and whoever hears of a greater number follows with an empty one of its own.
//
// That loses nothing and decides nothing: each machine's index has the records, its log has them in the updates of the old
// document, and what the new one lacks for somebody is published again (repair.ts). Two leaders that begin the same number apart
// from each other have begun one document: a merge is a union.
import { comparePositions, type Position } from '../../../protocol/index.ts'
import { persist } from './durability.ts'
import { broadcast, flush } from './leader.ts'
import { framesOfRotation } from './rotation-frame.ts'
import type { Consensus, ConsensusMessage, Leader } from './types.ts'

/** A greater step is not believed: each takes a document that has grown too large. */
const ROTATION_STEP_MAX = 1_000

/** @param below what the committed checkpoint stands for lies before this. */
export function rotateIfDue(core: Consensus, below: Position): void {
  const { role, document, rotateAbove } = core
  // Of an earlier term's records this leader is not the author.
  if (role.kind !== 'leader' || below.term !== role.term) return
  const { arrays, bytes } = document.extent()
  if (arrays <= rotateAbove.arraysMax && bytes <= rotateAbove.bytesMax) return
  beginAnew(core, core.rotation + 1)
}

/** The message as one about this machine's document: what it says of an older one is nothing, and somebody may lack everything. */
export function inMyDocument(core: Consensus, message: ConsensusMessage): ConsensusMessage {
  if (!('rotation' in message)) return message
  const { rotation } = message
  if (rotation > core.rotation && rotation <= core.rotation + ROTATION_STEP_MAX)
    beginAnew(core, rotation)
  if (rotation === core.rotation) return message
  const nothing = new Uint8Array()
  if ('update' in message) return { ...message, update: nothing }
  return message.stateVector === null ? message : { ...message, stateVector: nothing }
}

function beginAnew(core: Consensus, rotation: number): void {
  flush(core)
  core.document = core.createDocument()
  core.rotation = rotation
  persist(core, framesOfRotation(core))
  if (core.role.kind === 'leader') fill(core, core.role)
}

/** The only author of its term writes it once in each document. */
function fill(core: Consensus, role: Leader): void {
  const head = core.chain.head()
  const { forgetBelow } = core
  const records = head === null ? [] : core.chain.pathFromBase(head)
  const own = records.filter(
    (record) =>
      record.term === role.term &&
      (forgetBelow === null || comparePositions(record, forgetBelow.below) >= 0),
  )
  const update = core.document.append(
    role.term,
    own.map(({ bytes }) => bytes),
  )
  persist(core, [{ kind: 'update', bytes: update }])
  broadcast(core, role, update)
}
