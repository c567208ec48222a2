// Follows a worker's log from the last byte, and folds what it says. A log that grows faster than it is read is skipped ahead in: what
// counts stands at its end.
import { closeSync, openSync, readSync } from 'node:fs'
import { sizeOf } from './files.ts'
import { openReader } from './launchers.ts'
import type { LauncherKind } from './launchers/launcher.ts'
import { startEstimate } from './limits/estimate.ts'
import { noteEvent, startProgress, type ProgressState } from './progress.ts'

export interface LogReader {
  readonly state: ProgressState
  /** As its launcher says, or as it is estimated until it does. */
  spentUsd(): number
  /** Since when nothing was said, by the caller's clock. */
  quietSince: number
  /** Reads a bounded piece. @returns whether there is more */
  read(now: number): boolean
}

const PIECE_BYTES = 1_048_576
const BEHIND_BYTES_MAX = 8 * PIECE_BYTES
/** A line of stream-json holds what a tool answered. */
const LINE_CHARACTERS_MAX = 4 * PIECE_BYTES
/** Of one piece: who says more in it than a line of fifty letters each floods, and is skipped ahead in, too. */
const LINES_MAX = PIECE_BYTES / 50

/** @param from where the run's part of the log begins */
export function readLog(file: string, kind: LauncherKind, now: number, from = 0): LogReader {
  const readLine = openReader(kind)
  const state = startProgress()
  const estimate = startEstimate()
  let offset = from
  let rest = ''
  return {
    state,
    quietSince: now,
    spentUsd: () => (state.isOver ? state.costUsd : Math.max(state.costUsd, estimate.usd())),
    read(at) {
      const size = sizeOf(file)
      if (size <= offset) return false
      if (size - offset > BEHIND_BYTES_MAX) {
        offset = size - PIECE_BYTES
        rest = ''
      }
      const piece = readBytes(file, offset, PIECE_BYTES)
      offset += piece.length
      this.quietSince = at
      const lines = (rest + piece.toString('utf8')).split('\n')
      rest = (lines.pop() ?? '').slice(0, LINE_CHARACTERS_MAX)
      for (const line of lines.slice(-LINES_MAX)) {
        estimate.note(line)
        for (const event of readLine(line)) noteEvent(state, event)
      }
      return size > offset
    },
  }
}

/** The end of what was said from a byte on. */
export function tailOf(file: string, from: number, bytesMax: number): string {
  const since = Math.max(from, sizeOf(file) - bytesMax)
  return readBytes(file, since, bytesMax).toString('utf8')
}

/** What is there of a file from a byte on, at most so many. */
export function readBytes(file: string, since: number, bytesMax: number): Buffer {
  const buffer = Buffer.alloc(Math.max(0, Math.min(bytesMax, sizeOf(file) - since)))
  if (buffer.length === 0) return buffer
  const handle = openSync(file, 'r')
  try {
    return buffer.subarray(0, readSync(handle, buffer, 0, buffer.length, since))
  } finally {
    closeSync(handle)
  }
}
