// Who asks whom to give way: what wants an answer first, then what was answered lately.
import { matchesFilter } from '../../daemon/client/board/filter.ts'
import { requestFields } from '../../daemon/client/board/requests.ts'
import { ageOf, leftUntil } from '../../daemon/client/board/times.ts'
import { span } from '../model/lines.ts'
import type { View } from './view.ts'

export const requestsView: View = {
  title: 'Requests',
  count: ({ requests }) => requests.filter(({ decision }) => decision === 'pending').length,
  columns: [
    { title: 'WHO ASKS', width: 10, grows: 1 },
    { title: 'WHOM', width: 10, grows: 1 },
    { title: 'FOR', width: 14, grows: 2 },
    { title: 'AGO', width: 6, align: 'right' },
    { title: 'LEFT', width: 6, align: 'right' },
    { title: 'ANSWER', width: 8 },
    { title: 'URGENCY', width: 8, from: 110 },
    { title: 'REASON', width: 12, grows: 3 },
  ],
  rows: ({ requests }, _asked, { filter }) =>
    requests
      .filter((request) => matchesFilter(filter, requestFields(request)))
      .map((request) => ({ id: request.id, subject: { kind: 'request', request } })),
  cells({ subject }, _board, nowMs) {
    if (subject?.kind !== 'request') return []
    const { request } = subject
    const isOpen = request.decision === 'pending'
    const { requester, holder, scope, pattern, claim, decision, urgency, reason, note } = request
    return [
      requester,
      holder,
      { text: scope ?? pattern ?? claim, tone: isOpen ? 'strong' : 'plain' },
      { text: ageOf(request.filed_at, nowMs), tone: 'quiet' },
      isOpen ? leftUntil(request.answer_by, nowMs) : '-',
      { text: isOpen ? 'OPEN' : decision, tone: isOpen ? 'warning' : 'quiet' },
      urgency,
      { text: note === '' ? reason : `${reason} - ${note}`, tone: 'quiet' },
    ]
  },
  empty: ({ requests }) => [
    span(requests.length === 0 ? 'Nobody asks for anything.' : 'No request matches.', 'quiet'),
  ],
}
