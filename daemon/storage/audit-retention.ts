// How much of an audit log is kept: whole segments go, the oldest first, never the one that grows. The chain of what
// remains still holds; where it begins, `verify` says.
import * as fs from 'node:fs'
import type { Segment } from './audit-segments.ts'

export interface Retention {
  /** Segments are removed, oldest first, while all together are larger. */
  readonly bytesMax: number
  /** Segments are removed whose last line is older; milliseconds since 1970. */
  readonly before: number
}

/** @returns how many bytes were freed. */
export function trimSegments(
  segments: readonly Segment[],
  { bytesMax, before }: Retention,
): number {
  const sized = segments.map(({ file }) => ({ file, ...statOf(file) }))
  const growing = sized.at(-1)
  let left = sized.reduce((sum, { bytes }) => sum + bytes, 0)
  let freed = 0
  for (const segment of sized) {
    const isKept = left <= bytesMax && segment.changedMs >= before
    if (segment === growing || isKept) break
    fs.rmSync(segment.file, { force: true })
    left -= segment.bytes
    freed += segment.bytes
  }
  return freed
}

export function sizeOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { file }) => sum + statOf(file).bytes, 0)
}

function statOf(file: string): { readonly bytes: number; readonly changedMs: number } {
  const stat = fs.statSync(file, { throwIfNoEntry: false })
  return { bytes: stat?.size ?? 0, changedMs: stat?.mtimeMs ?? 0 }
}
