// Lines of the log about what others do, at most one in a while for each matter: nobody outside can fill the log.
import type { Log } from '../log.ts'

/** @param matter what the line is about: the same matter is told again only after a while, with how often it was not. */
export type Say = (
  matter: string,
  fields: Readonly<Record<string, unknown>>,
  message: string,
) => void

/** Of matters known at once; more than a mesh has peers. */
const MATTERS_MAX = 1_000

export function createSay(log: Log, everyMs: number): Say {
  const told = new Map<string, { at: number; untold: number }>()
  return (matter, fields, message) => {
    const now = performance.now()
    const last = told.get(matter)
    if (last !== undefined && now - last.at < everyMs) {
      last.untold++
      return
    }
    if (told.size >= MATTERS_MAX) told.clear()
    told.set(matter, { at: now, untold: 0 })
    const untold = last?.untold ?? 0
    log.warn(untold === 0 ? fields : { ...fields, untold }, message)
  }
}
