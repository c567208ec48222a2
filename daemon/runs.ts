// Work of a daemon that takes longer than a call may last: it is started by one call, and followed by that and further ones, from the
// last character on. What it said is kept within bounds, how it ended for a while.
import { setTimeout as delay } from 'node:timers/promises'
import { makeId, SkeinError } from '../protocol/index.ts'

export interface Runs {
  /** One that is at work under this key is found, and not started again. @returns its id */
  start<Result>(key: string, work: (say: (text: string) => void) => Promise<Result>): string
  /**
   * What it says from there on; waits so long for more. @returns with its result once it is over and all is told.
   * @throws SkeinError NOT_FOUND, or what it failed with
   */
  follow(id: string, since: number, waitMs: number, signal: AbortSignal): Promise<RunTold>
}

export interface RunTold {
  readonly text: string
  readonly next: number
  readonly end: { readonly result: unknown } | null
}

export interface RunsOptions {
  readonly now: () => number
  readonly random: (bytes: number) => Uint8Array
}

interface Run {
  readonly key: string
  text: string
  /** Characters that were forgotten before `text`. */
  forgotten: number
  end: { readonly result: unknown } | { readonly error: unknown } | null
}

const TEXT_CHARACTERS_MAX = 262_144
const PIECE_CHARACTERS_MAX = 65_536
const RUNS_REMEMBERED = 50
const LOOK_MS = 50

export function createRuns({ now, random }: RunsOptions): Runs {
  const runs = new Map<string, Run>()
  return {
    start(key, work) {
      const there = [...runs].find(([, run]) => run.key === key && run.end === null)
      if (there !== undefined) return there[0]
      const id = makeId('chk', now(), random(10))
      const run: Run = { key, text: '', forgotten: 0, end: null }
      runs.set(id, run)
      trim(runs)
      work((text) => {
        const all = run.text + text
        run.text = all.slice(-TEXT_CHARACTERS_MAX)
        run.forgotten += all.length - run.text.length
      }).then(
        (result) => (run.end = { result }),
        (error: unknown) => (run.end = { error }),
      )
      return id
    },
    async follow(id, since, waitMs, signal) {
      const run = runs.get(id)
      if (run === undefined) throw new SkeinError('NOT_FOUND', `no run ${id} is known here`)
      const until = now() + waitMs
      const hasMore = (): boolean => run.end !== null || run.forgotten + run.text.length > since
      while (!hasMore() && now() < until) await delay(LOOK_MS, undefined, { signal })
      const from = Math.max(0, since - run.forgotten)
      const text = run.text.slice(from, from + PIECE_CHARACTERS_MAX)
      const next = run.forgotten + from + text.length
      const isAll = next >= run.forgotten + run.text.length
      if (run.end === null || !isAll) return { text, next, end: null }
      if ('error' in run.end) throw run.end.error
      return { text, next, end: run.end }
    },
  }
}

function trim(runs: Map<string, Run>): void {
  for (const [id, { end }] of runs) {
    if (runs.size <= RUNS_REMEMBERED) return
    if (end !== null) runs.delete(id)
  }
}
