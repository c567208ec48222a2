// Where claims met most, and what might be done about it.
import { matchesFilter } from '../../daemon/client/board/filter.ts'
import { daysOf } from '../../daemon/client/board/times.ts'
import { span } from '../model/lines.ts'
import type { View } from './view.ts'

const BAR_CELLS = 10

export const hotspotsView: View = {
  title: 'Hot spots',
  short: 'Hot',
  count: () => null,
  columns: [
    { title: 'HEAT', width: BAR_CELLS },
    { title: 'MET', width: 5, align: 'right' },
    { title: 'WHERE', width: 18, grows: 3 },
    { title: 'LAST', width: 6, align: 'right' },
    { title: 'ADVICE', width: 8 },
    { title: 'WHO', width: 14, grows: 2 },
    { title: 'WHY', width: 20, grows: 3, from: 120 },
  ],
  rows: (_board, { hotspots }, { filter }) =>
    (hotspots ?? [])
      .filter(({ pattern, agents, suggestion }) =>
        matchesFilter(filter, { path: pattern, agent: agents.join(' '), advice: suggestion }),
      )
      .map((hotspot) => ({ id: `hot:${hotspot.pattern}`, subject: { kind: 'hotspot', hotspot } })),
  cells({ subject }, _board, nowMs) {
    if (subject?.kind !== 'hotspot') return []
    const { pattern, refused, agents, last_seen: last, suggestion, why } = subject.hotspot
    return [
      { text: bar(refused), tone: 'warning' },
      String(refused),
      { text: pattern, tone: 'strong' },
      { text: daysOf(last, nowMs), tone: 'quiet' },
      suggestion === 'monitor' ? { text: suggestion, tone: 'quiet' } : suggestion,
      agents.join(', '),
      { text: why, tone: 'quiet' },
    ]
  },
  empty: (_board, { hotspots }) => {
    if (hotspots === null) return [span('Asking …', 'quiet')]
    return [span(hotspots.length === 0 ? 'No claims met lately.' : 'Nothing matches.', 'quiet')]
  },
}

/** Each further cell is twice as much: one refusal and a thousand have to fit. */
function bar(refused: number): string {
  return '█'.repeat(Math.min(BAR_CELLS, 1 + Math.floor(Math.log2(Math.max(1, refused)))))
}
