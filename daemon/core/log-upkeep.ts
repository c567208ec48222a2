// What keeps a ledger's log short, and what is written into it besides records.
import type { LedgerRecord, RecordId, RequestId } from '../../protocol/index.ts'
import { compact } from './consensus/consensus.ts'
import { persist, persistSnapshot } from './consensus/durability.ts'
import { flush } from './consensus/leader.ts'
import type { Engine } from './engine-state.ts'
import type { Frame } from './frame.ts'
import { framesOf } from './provisional/own.ts'

/** A checkpoint at the latest when this many bytes have come since the last one. */
const CHECKPOINT_BYTES = 1_000_000

/**
 * A checkpoint when 1,000 records have come and at least as many bytes as the last one took, so that a large state is
 * not written over and over for small changes; or when far more bytes have come.
 */
export function isCheckpointDue(engine: Engine): boolean {
  const { records, bytes, size } = engine.sinceCheckpoint
  if (records >= engine.options.checkpointRecords && bytes >= size) return true
  return bytes >= Math.max(CHECKPOINT_BYTES, 2 * size)
}

/** After a committed checkpoint everything before it may go. */
export function compactAfter(engine: Engine, record: LedgerRecord): void {
  const { body } = record
  if (body.kind !== 'checkpoint' || body.part !== body.parts) return
  const first = { term: record.term, index: record.index - body.parts + 1 }
  compact(engine.consensus, first, record)
}

/** May the log be written anew? Before the first commit the index still holds what checkpoints have superseded. */
export function mayRewriteLog({ consensus }: Engine): boolean {
  return consensus.commit !== null && consensus.forgetBelow === null
}

/** Writes the log anew, with what matters of it now. */
export function rewriteLog(engine: Engine): void {
  if (!mayRewriteLog(engine)) return
  const abandoned = [...engine.abandoned].map((rid): Frame => ({
    kind: 'meta',
    value: { abandoned: rid },
  }))
  const { genesis } = engine.options
  const { term, index, hash, generation } = genesis
  const origin: Frame = { kind: 'meta', value: { genesis: { term, index, hash, generation } } }
  const mark = markOf(engine)
  const incarnation: Frame = { kind: 'meta', value: { incarnation: engine.incarnation } }
  flush(engine.consensus)
  persistSnapshot(engine.consensus, [
    ...[origin, incarnation],
    ...mark,
    ...abandoned,
    ...framesOf(engine),
  ])
}

/** How long a watermark may be newer than what the log says of it. */
const MARK_MS = 1_000

/**
 * Notes how far the commit has come, now and then: a machine that does not decide alone finds its last known state again
 * after a restart, whoever can be reached then. What is committed stays so, hence an old mark is as true as a new one.
 */
export function markCommit(engine: Engine): void {
  const { consensus } = engine
  const { commit, now } = consensus
  if (commit === null || commit === engine.marked || now - engine.markedAt < MARK_MS) return
  if (decidesAlone(consensus, commit)) return
  engine.marked = commit
  engine.markedAt = now
  flush(consensus)
  persist(consensus, markOf(engine))
}

function markOf({ consensus }: Engine): Frame[] {
  const { commit } = consensus
  if (commit === null || decidesAlone(consensus, commit)) return []
  const { term, index, hash } = commit
  return [{ kind: 'meta', value: { commit: { term, index, hash } } }]
}

/** It will commit all that it has again, at its start. */
function decidesAlone({ chain, self }: Engine['consensus'], commit: RecordId): boolean {
  const voters = chain.votersAt(commit)
  return voters.length === 1 && voters[0] === self
}

/** The watermark that the log knows of. */
export function commitIn(frames: readonly Frame[]): RecordId | null {
  for (let at = frames.length - 1; at >= 0; at--) {
    const frame = frames[at]
    const mark = frame?.kind === 'meta' ? frame.value['commit'] : undefined
    if (isRecordId(mark)) return mark
  }
  return null
}

function isRecordId(value: unknown): value is RecordId {
  if (typeof value !== 'object' || value === null) return false
  return (
    'hash' in value &&
    typeof value.hash === 'string' &&
    'term' in value &&
    typeof value.term === 'number' &&
    'index' in value &&
    typeof value.index === 'number'
  )
}

/** The greatest incarnation that the log knows. */
export function incarnationOf(frames: readonly Frame[]): number {
  return frames.reduce((greatest, frame) => {
    if (frame.kind !== 'meta') return greatest
    const { incarnation } = frame.value
    return typeof incarnation === 'number' ? Math.max(greatest, incarnation) : greatest
  }, 0)
}

/** Requests that were given up, as the log says. */
export function abandonedIn(frames: readonly Frame[]): Set<RequestId> {
  const marked = new Set<RequestId>()
  for (const frame of frames) {
    if (frame.kind !== 'meta') continue
    const { abandoned } = frame.value
    if (typeof abandoned === 'string') marked.add(abandoned as RequestId)
  }
  return marked
}
