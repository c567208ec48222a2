// What happens, the newest first; the list follows as long as its first row is chosen.
import { matchesFilter } from '../../daemon/client/board/filter.ts'
import { clockOf } from '../../daemon/client/board/times.ts'
import { tellEvent, type AuditEvent } from '../../protocol/index.ts'
import { span, type Tone } from '../model/lines.ts'
import type { View } from './view.ts'

const TONES: readonly (readonly [RegExp, Tone])[] = [
  [/^(?:claim\.(?:refused|superseded|lapsed|expired)|deadlock|partition\.entered|guard)/, 'bad'],
  [/^(?:assignment\.(?:failed|lost))$/, 'bad'],
  [/^(?:queue|request|leader|approval|assignment\.waiting|merge\.blocked)/, 'warning'],
  [/granted$|healed$|succeeded$|landed$/, 'good'],
]

export const eventsView: View = {
  title: 'Events',
  count: () => null,
  columns: [
    { title: 'AT', width: 11 },
    { title: 'KIND', width: 20 },
    { title: 'MACHINE', width: 10, from: 120 },
    { title: 'WHAT', width: 30, grows: 1 },
  ],
  rows: (_board, { events }, { filter }) =>
    (filter.terms.length === 0
      ? (events ?? [])
      : (events ?? []).filter((event) => matchesFilter(filter, fieldsOf(event)))
    ).map((event) => ({ id: event.id, subject: { kind: 'event', event } })),
  cells({ subject }, _board, nowMs) {
    if (subject?.kind !== 'event') return []
    const { event } = subject
    const tone = TONES.find(([kinds]) => kinds.test(event.kind))?.[1] ?? 'plain'
    return [
      { text: clockOf(event.at, nowMs), tone: 'quiet' },
      { text: event.kind, tone },
      event.machine,
      storyOf(event),
    ]
  },
  empty: (_board, { events }) => {
    if (events === null) return [span('Asking …', 'quiet')]
    return [span(events.length === 0 ? 'Nothing happened yet.' : 'No event matches.', 'quiet')]
  },
}

/** What is told, without the time that stands beside it. */
export function storyOf(event: AuditEvent): string {
  const text = tellEvent(event)
  return text.startsWith(event.at) ? text.slice(event.at.length).trimStart() : text
}

function fieldsOf(event: AuditEvent): Readonly<Record<string, string>> {
  const { id, kind, actor, machine } = event
  return { id, kind, agent: actor, machine, text: storyOf(event) }
}
