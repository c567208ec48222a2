// Who waits for whom, and why: in the order in which they will be granted.
import { matchesFilter } from '../../daemon/client/board/filter.ts'
import { ageOf, leftUntil } from '../../daemon/client/board/times.ts'
import { queueFields, wantedOf, whyWaits } from '../../daemon/client/board/waits.ts'
import { span, type Tone } from '../model/lines.ts'
import type { View } from './view.ts'

const URGENT: Readonly<Record<string, Tone>> = { blocking: 'bad', high: 'warning', low: 'quiet' }

export const queueView: View = {
  title: 'Queue',
  count: ({ queue }) => queue.length,
  columns: [
    { title: '#', width: 3, align: 'right' },
    { title: 'WHO', width: 10, grows: 1 },
    { title: 'MACHINE', width: 10, from: 110 },
    { title: 'WANTS', width: 14, grows: 2 },
    { title: 'URGENCY', width: 8 },
    { title: 'WAITS', width: 6, align: 'right' },
    { title: 'LEFT', width: 6, align: 'right' },
    { title: 'WHY', width: 20, grows: 3 },
  ],
  rows: ({ queue }, _asked, { filter }) =>
    queue
      .filter((entry) => matchesFilter(filter, queueFields(entry)))
      .map((entry) => ({ id: entry.id, subject: { kind: 'wait', entry } })),
  cells({ subject }, _board, nowMs) {
    if (subject?.kind !== 'wait') return []
    const { entry } = subject
    return [
      String(entry.position),
      entry.agent,
      entry.machine,
      { text: wantedOf(entry), tone: 'strong' },
      { text: entry.urgency, tone: URGENT[entry.urgency] ?? 'plain' },
      ageOf(entry.joined_at, nowMs),
      leftUntil(entry.expires_at, nowMs),
      { text: whyWaits(entry), tone: 'quiet' },
    ]
  },
  empty: ({ queue }) => [
    span(queue.length === 0 ? 'The queue is empty.' : 'No waiter matches.', 'quiet'),
  ],
}
