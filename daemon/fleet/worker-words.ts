// What is said of a worker: who it is, and how it ended.
import path from 'node:path'
import { FLEET_LIMITS, type Assignment, type AssignmentFacts } from '../../protocol/index.ts'
import { clean } from '../callers.ts'
import { hostOf, type Repo } from '../repos.ts'
import type { WorkerEnd } from './files.ts'
import type { LogReader } from './log-reader.ts'

export const CLAIM_GONE = 'the claim of its task has ended'

/** As the claim of the task names it. */
export function agentOf(repo: Repo, { id, launcher, machine, claim }: Assignment): string {
  const held = hostOf(repo).loop.view().state.claims.get(claim)
  return held?.agent ?? `${launcher}@${machine}/${id.slice(-6)}`
}

export function exitOf({ code, signal }: WorkerEnd): AssignmentFacts {
  return { exit: { code, signal } }
}

export function exitWords({ code, signal }: WorkerEnd, reader: LogReader | null): string {
  const how = signal === null ? `it exited with ${String(code)}` : `it was ended by ${signal}`
  const { stuck = null, failure = null } = reader?.state ?? {}
  const why = failure === null ? how : `${how} (${failure})`
  return stuck === null ? why : `${why}; it said: ${stuck}`
}

/** Named by an id that was made here: no text of anybody is in it. */
export function worktreeOf(home: string, { id }: Pick<Assignment, 'id'>): string {
  return path.join(home, 'worktrees', id)
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** A worker's words, and git's, are a stranger's. */
export function bounded(text: string, most: number = FLEET_LIMITS.noteCharactersMax): string {
  return text.split('\n').map(clean).join('\n').slice(0, most)
}
