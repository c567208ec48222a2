// What the workers of this machine cost today, on its disk: a daemon that starts again, and a worker that died, make nothing free.
import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { replaceFile } from '../../home.ts'

export interface DayBook {
  spentToday(): number
  /** @param usd of the whole run until now */
  note(run: string, usd: number): void
  close(): void
}

interface Page {
  /** As the machine's own calendar has it. */
  readonly day: string
  readonly usd: number
  /** Of each run that was noted lately, all that it has cost: what is told again is not counted again. */
  readonly runs: Readonly<Record<string, number>>
}

const RUNS_REMEMBERED = 200
/** Less is written down with what comes next; a daemon that dies before reads it in the log again. */
const WRITTEN_USD = 0.01

/** @param wall milliseconds since 1970 */
export function openDayBook(file: string, wall: () => number): DayBook {
  let page = readPage(file)
  let unwritten = 0
  const today = (): Page => {
    const day = new Date(wall()).toLocaleDateString('sv-SE')
    if (page.day !== day) page = { ...page, day, usd: 0 }
    return page
  }
  const write = (): void => {
    try {
      mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
      replaceFile(file, JSON.stringify(page))
      unwritten = 0
    } catch {
      // A full disk: it is written with what comes next, and keeps no worker from being looked after.
    }
  }
  return {
    spentToday: () => today().usd,
    note(run, usd) {
      const { day, usd: sum, runs } = today()
      const more = usd - (runs[run] ?? 0)
      if (more <= 0) return
      const others = Object.entries(runs).filter(([other]) => other !== run)
      const kept = others.slice(1 - RUNS_REMEMBERED)
      page = { day, usd: sum + more, runs: { ...Object.fromEntries(kept), [run]: usd } }
      unwritten += more
      if (unwritten >= WRITTEN_USD) write()
    },
    close() {
      if (unwritten > 0) write()
    },
  }
}

function readPage(file: string): Page {
  try {
    const read = JSON.parse(readFileSync(file, 'utf8')) as Partial<Page>
    const { day = '', usd = 0, runs = {} } = read
    return { day, usd, runs }
  } catch {
    return { day: '', usd: 0, runs: {} }
  }
}
