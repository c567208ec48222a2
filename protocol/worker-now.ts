// What boards are told of a worker beside the ledger: how far it is by its machine's word, in a few bounded lines, for a board shows
// hundreds of them and is told each time that one of them moves.
import type { ProgressJson, WorkerSaid } from './worker-json.ts'

/** Less than what `skein workers ID` tells: the last of its words, and how many files. */
export interface ProgressNow extends Pick<
  ProgressJson,
  'model' | 'turns' | 'tools' | 'last' | 'cost_usd' | 'stuck' | 'warnings'
> {
  /** So many it edited. */
  readonly files: number
  /** Its own words, the last. */
  readonly said: string | null
}

export type WorkerNow = WorkerSaid<ProgressNow>

/** A line of a wide screen. */
const CHARACTERS_MAX = 300
const WARNINGS_MAX = 8

export function progressNow(progress: ProgressJson): ProgressNow {
  const { model, turns, tools, last, cost_usd: cost, stuck, warnings, files, updates } = progress
  return {
    ...{ model: line(model), turns, tools, last: line(last), cost_usd: cost, stuck: line(stuck) },
    warnings: warnings.slice(0, WARNINGS_MAX).map((warning) => warning.slice(0, CHARACTERS_MAX)),
    files: files.length,
    said: line(updates.at(-1) ?? null),
  }
}

function line(text: string | null): string | null {
  return text === null ? null : text.slice(0, CHARACTERS_MAX)
}
