// `notify`: the tracker is told what became of its tasks, once for each assignment and event. The tracker finds what is there already by
// a marker, so that a machine that died between posting and remembering posts nothing twice.
import {
  SkeinError,
  type Assignment,
  type OperationInput,
  type OperationResult,
} from '../../protocol/index.ts'
import type { Place } from '../callers.ts'
import { trackerMarker, type Tracker } from '../ports-tracker.ts'
import { hostOf } from '../repos.ts'
import type { Handler, Parts } from './context.ts'
import { markerFacts, noticesOf, noticeText, type Notice } from './notify-words.ts'
import { touchedByOthers } from './planning-approve.ts'
import { trackerAt } from './planning-gather.ts'

type Result = OperationResult<'notify'>
type Told = Result['told'][number]

export const notify: Handler<OperationInput<'notify'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  await parts.callers.party(input, context, place)
  const isDry = input.dry_run === true
  return notifyAll(parts, place, { isDry, isMeant: () => true }, context.signal)
}

export interface Notifying {
  readonly isDry: boolean
  readonly isMeant: (assignment: Assignment) => boolean
}

/** What was told before is not told again, nor asked for. Does not reject for what one of them fails by. */
export async function notifyAll(
  parts: Parts,
  place: Place,
  { isDry, isMeant }: Notifying,
  signal: AbortSignal,
): Promise<Result> {
  const tracker = trackerAt(parts, place)
  const all = [...hostOf(place.repo).loop.view().state.assignments.values()]
  const told: Told[] = []
  const failed: Result['failed'][number][] = []
  for (const assignment of all.filter((one) => isMeant(one) && isWritten(tracker, one)))
    for (const event of noticesOf(assignment)) {
      const { id, task } = assignment
      const marker = trackerMarker(markerFacts(assignment, event))
      if (parts.told.has(marker)) continue
      try {
        const posting = { tracker, assignment, event }
        const posted = isDry ? NOT_POSTED : await post(place, posting, signal)
        told.push({ id, task, event, ...posted })
        if (!isDry) parts.told.add(marker)
      } catch (error) {
        if (!(error instanceof SkeinError)) throw error
        failed.push({ id, task, code: error.code, note: error.message, next: error.hint })
        // The next would fail as this one did.
        if (PASSING.has(error.code)) return { told, failed, dry_run: isDry }
      }
    }
  return { told, failed, dry_run: isDry }
}

const NOT_POSTED = { url: null, already: false } as const
const PASSING: ReadonlySet<string> = new Set(['TRACKER_UNREACHABLE', 'TRACKER_RATE_LIMITED'])

/** Work in words is no forge's. */
function isWritten({ kind }: Tracker, { task }: Assignment): boolean {
  return kind === 'plan' || /^issue-\d+$/.test(task)
}

interface Posting {
  readonly tracker: Tracker
  readonly assignment: Assignment
  readonly event: Notice
}

async function post(place: Place, { tracker, assignment, event }: Posting, signal: AbortSignal) {
  const others = event === 'briefing' ? touchedByOthers(place, assignment) : []
  const body = noticeText(assignment, event, others)
  return tracker.comment(
    assignment.task,
    trackerMarker(markerFacts(assignment, event)),
    body,
    signal,
  )
}
