// What the guard remembers between the hooks of one tool call, and of the edits that it let through. In memory only: after
// a restart a command that was running then is not judged by its effect.
import { relativeInside } from '../folders.ts'

/** Left before a command runs whose text does not say what it writes. */
export interface Mark {
  readonly session: string
  /** The wall clock's, in milliseconds: files are stamped by it. */
  readonly atMs: number
  readonly folder: string
}

/** A file that changed, and who may have done it. */
export interface Written {
  /** Absolute. */
  readonly file: string
  readonly root: string
  readonly session: string
  readonly sinceMs: number
}

export interface GuardMemory {
  mark(session: string, toolUse: string, folder: string, atMs: number): void
  /** The mark, which is gone then. */
  takeMark(session: string, toolUse: string): Mark | null
  /**
   * This session was let write this file, absolute.
   * @param part a sub-agent of it; null: the session itself
   * @returns another part of it that was let write the file a short while ago; undefined: none
   */
  noteEdit(
    file: string,
    session: string,
    atMs: number,
    part: string | null,
  ): string | null | undefined
  /** Was this file's edit judged lately, whoever's it was, or does a command run there that is judged by its effect? */
  wasJudged(file: string, root: string, nowMs: number): boolean
  /** Did this session write the file since then, or may it just be doing so? */
  hasWritten(written: Written): boolean
}

const MARKS_MAX = 1_000
const EDITS_MAX = 10_000
/** A harness ends a command that takes longer, and one whose end is never told must not speak for its session for ever. */
const RUNNING_MS = 600_000
/** A file is written a moment after its edit was allowed. */
const WRITING_MS = 30_000

export function createGuardMemory(): GuardMemory {
  const marks = new Map<string, Mark>()
  const edits = new Map<string, { readonly atMs: number; readonly part: string | null }>()
  return {
    mark(session, toolUse, folder, atMs) {
      const key = keyOf(session, toolUse)
      marks.delete(key)
      marks.set(key, { session, atMs, folder })
      bound(marks, MARKS_MAX)
    },
    takeMark(session, toolUse) {
      const key = keyOf(session, toolUse)
      const mark = marks.get(key) ?? null
      marks.delete(key)
      return mark
    },
    noteEdit(file, session, atMs, part) {
      const key = keyOf(session, file)
      const before = edits.get(key)
      edits.delete(key)
      edits.set(key, { atMs, part })
      bound(edits, EDITS_MAX)
      const isNews = before !== undefined && before.part !== part
      return isNews && atMs - before.atMs < RUNNING_MS ? before.part : undefined
    },
    wasJudged(file, root, nowMs) {
      const isNoted = [...edits].some(
        ([key, { atMs }]) => key.endsWith(`\0${file}`) && atMs >= nowMs - WRITING_MS,
      )
      const isRunning = [...marks.values()].some(
        (mark) => mark.atMs >= nowMs - RUNNING_MS && relativeInside(root, mark.folder) !== null,
      )
      return isNoted || isRunning
    },
    hasWritten({ file, root, session, sinceMs }) {
      const at = edits.get(keyOf(session, file))?.atMs
      if (at !== undefined && at >= sinceMs - WRITING_MS) return true
      // Its own command may be what wrote it.
      return [...marks.values()].some(
        (mark) =>
          mark.session === session &&
          mark.atMs >= sinceMs - RUNNING_MS &&
          relativeInside(root, mark.folder) !== null,
      )
    },
  }
}

function keyOf(session: string, what: string): string {
  return `${session}\0${what}`
}

function bound(map: Map<string, unknown>, most: number): void {
  const oldest = map.keys().next().value
  if (map.size > most && oldest !== undefined) map.delete(oldest)
}
