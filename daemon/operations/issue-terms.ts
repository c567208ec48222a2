// What the claim of a piece of work rests on, by where it is written down: a task of a plan as any claim of it, an issue of a forge on
// what must be done before it.
import type { Party } from '../../protocol/index.ts'
import type { Place } from '../callers.ts'
import type { Issue, Tracker } from '../ports-tracker.ts'
import type { Parts } from './context.ts'
import { trackerAt } from './planning-gather.ts'
import { prepareTask, type PreparedTask, type TaskAsking } from './task-terms.ts'

/** @throws SkeinError as prepareTask does */
export async function prepareIssue(
  parts: Parts,
  place: Place,
  party: Party,
  issue: Issue,
  asking: TaskAsking,
): Promise<PreparedTask> {
  if (trackerAt(parts, place).kind === 'plan')
    return prepareTask(parts, place, party, issue.task, asking)
  const terms = { plan: null, token: null, ttlSeconds: place.config.ttl.task, needs: issue.after }
  return { terms, planned: null, warnings: issue.notes }
}

/**
 * The task that a word means to a forge: `42`, `#42` or `issue-42` is the issue of that number. Null: the word is a plan's, or
 * anything else.
 */
export function taskNamed({ kind }: Pick<Tracker, 'kind'>, word: string): string | null {
  if (kind === 'plan') return null
  const number = /^(?:#|issue-)?(\d{1,9})$/.exec(word)?.[1]
  return number === undefined ? null : `issue-${number}`
}
