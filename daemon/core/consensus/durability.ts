// What is on disk and what may be said because of it.
import {
  assert,
  positionKey,
  positionOfBytes,
  type LedgerRecord,
  type PeerId,
  type Position,
  type RecordId,
} from '../../../protocol/index.ts'
import type { Frame } from '../frame.ts'
import { framesOfRotation } from './rotation-frame.ts'
import type { Consensus, ConsensusMessage, VotePromise } from './types.ts'

/** Hands out frames to be made durable, and notes which head they bring. */
export function persist(core: Consensus, frames: readonly Frame[]): number {
  if (frames.length === 0) return core.position
  assert(core.role.kind !== 'leader' || core.role.unsent.length === 0, 'records skipped the log')
  const last = core.out.persist.at(-1)
  if (last?.kind === 'append') last.frames.push(...frames)
  else core.out.persist.push({ kind: 'append', frames: [...frames] })
  core.position += frames.length
  markHead(core)
  return core.position
}

/** Swaps the whole log for what matters of it now. */
export function persistSnapshot(core: Consensus, extra: readonly Frame[]): void {
  const kept = new Set(core.document.records().map((bytes) => positionKey(positionOfBytes(bytes))))
  const lost = [...core.chain.all()].filter((record) => !kept.has(positionKey(record)))
  core.out.persist.push({
    kind: 'replace',
    frames: [
      ...framesOfRotation(core),
      ...extra,
      { kind: 'promise', ...core.promise },
      { kind: 'update', bytes: core.document.diff() },
      ...lost.map((record): Frame => ({ kind: 'record', bytes: record.bytes })),
    ],
  })
  core.position += 1
  markHead(core)
}

export function promiseTo(core: Consensus, promise: VotePromise): number {
  if (promise.term > core.promise.term) core.heardRound = -1
  core.promise = promise
  core.promisedAt = persist(core, [{ kind: 'promise', ...promise }])
  return core.promisedAt
}

/** Sends when everything handed out so far is durable, unless a higher term has been promised by then. */
export function sendWhenDurable(core: Consensus, to: PeerId, message: ConsensusMessage): void {
  const envelope = { to, message }
  if (core.durable >= core.position) core.out.send.push(envelope)
  else core.held.push({ after: core.position, term: core.promise.term, envelope })
}

export function send(core: Consensus, to: PeerId, message: ConsensusMessage): void {
  core.out.send.push({ to, message })
}

/** Takes note that every frame up to `position` is synced. */
export function noteDurable(core: Consensus, position: number): void {
  core.durable = Math.max(core.durable, position)
  for (
    let mark = core.headMarks[0];
    mark !== undefined && mark.position <= core.durable;
    mark = core.headMarks[0]
  ) {
    core.durableHead = mark.head
    core.headMarks.shift()
  }
  const due = core.held.filter((held) => held.after <= core.durable)
  if (due.length === 0) return
  core.held = core.held.filter((held) => held.after > core.durable)
  for (const held of due) {
    if (held.term === core.promise.term) core.out.send.push(held.envelope)
  }
}

/** The acknowledgement that may be given now: the durable head, unless a higher term is promised or not yet durably so. */
export function ackNow(core: Consensus): Position | null {
  const head = core.durableHead
  if (head === null || core.promise.term !== head.term || !isPromiseDurable(core)) return null
  return { term: head.term, index: head.index }
}

export function idOf(record: LedgerRecord): RecordId {
  return { term: record.term, index: record.index, hash: record.hash }
}

function isPromiseDurable(core: Consensus): boolean {
  return core.promisedAt <= core.durable
}

function markHead(core: Consensus): void {
  const head = core.chain.head()
  const last = core.headMarks.at(-1)?.head ?? core.durableHead
  if (head === null || (last !== null && last.hash === head.hash)) return
  core.headMarks.push({ position: core.position, head: idOf(head) })
}
