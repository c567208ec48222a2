// Finds a place in an audit log without reading all of it: the line after an event that a reader has seen already, or the
// segment in which a moment lies.
import { timeOfId } from '../../protocol/index.ts'
import type { AuditCursor } from '../ports.ts'
import { decodeLine } from './audit-line.ts'
import { readForward } from './audit-read.ts'
import type { Segment } from './audit-segments.ts'

/** The line after this event; null when the log does not hold it (any more). */
export async function seekEvent(
  segments: readonly Segment[],
  id: string,
  signal?: AbortSignal,
): Promise<AuditCursor | null> {
  for (const { number, file } of await nearestFirst(segments, timeOfId(id), signal)) {
    const offset = await offsetAfter(file, id, signal)
    if (offset !== null) return { segment: number, offset }
  }
  return null
}

/** Segments by how likely they hold what happened then; clocks that were set are why the others follow. */
async function nearestFirst(
  segments: readonly Segment[],
  atMs: number,
  signal: AbortSignal | undefined,
): Promise<readonly Segment[]> {
  if (Number.isNaN(atMs)) return segments
  const likely = await seekTime(segments, new Date(atMs).toISOString(), signal)
  const distance = ({ number }: Segment): number => Math.abs(number - (likely?.segment ?? 1))
  return [...segments].sort((a, b) => distance(a) - distance(b))
}

/** The start of the last segment that begins before this moment: nothing later than it stands before. */
export async function seekTime(
  segments: readonly Segment[],
  at: string,
  signal?: AbortSignal,
): Promise<AuditCursor | null> {
  for (const { number, file } of [...segments].reverse()) {
    const first = await firstTime(file, signal)
    // Events of one moment may stand on both sides of a segment's end.
    if (first !== null && first < at) return { segment: number, offset: 0 }
  }
  return null
}

async function offsetAfter(
  file: string,
  id: string,
  signal: AbortSignal | undefined,
): Promise<number | null> {
  // Lines are in canonical form: the id stands first.
  const head = Buffer.from(`{"id":${JSON.stringify(id)},`)
  let offset = 0
  for await (const lines of readForward(file, { signal })) {
    for (const line of lines) {
      offset += line.length + 1
      if (line.subarray(0, head.length).equals(head)) return offset
    }
  }
  return null
}

async function firstTime(file: string, signal: AbortSignal | undefined): Promise<string | null> {
  for await (const lines of readForward(file, { signal, chunkBytes: FIRST_LINE_BYTES })) {
    const [line] = lines
    return line === undefined ? null : (decodeLine(line.toString('utf8'))?.at ?? null)
  }
  return null
}

const FIRST_LINE_BYTES = 4_096
