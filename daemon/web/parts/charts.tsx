// Charts, drawn by hand as SVG: a curve of steps, bars, and a map of heat. Each says in words what it shows.
import type { ReactNode } from 'react'
import { brief, clockOf } from '../../client/board/times.ts'
import type { HeatRow, Step, WaitTimes } from '../model/series.ts'

const WIDTH = 640
const HEIGHT = 150
const LEFT = 34
const BOTTOM = 20

export function StepChart({ steps }: { steps: readonly Step[] }): ReactNode {
  const most = Math.max(4, ...steps.map(({ claims, waits }) => Math.max(claims, waits)))
  const now = steps.at(-1)
  const lines = [0, 0.5, 1].map((share) => Math.round(most * share))
  return (
    <figure className="chart">
      <svg
        viewBox={`0 0 ${String(WIDTH)} ${String(HEIGHT)}`}
        role="img"
        aria-label={`Claims and waits over time: ${String(now?.claims ?? 0)} claims and ${String(now?.waits ?? 0)} waits at the end, at most ${String(most)}.`}
      >
        {lines.map((value) => (
          <g key={value}>
            <line
              className="grid"
              x1={LEFT}
              x2={WIDTH}
              y1={yOf(value, most)}
              y2={yOf(value, most)}
            />
            <text className="axis" x={LEFT - 6} y={yOf(value, most) + 4} textAnchor="end">
              {value}
            </text>
          </g>
        ))}
        <path className="area claims" d={areaOf(steps, most)} />
        <path className="line claims" d={pathOf(steps, most, 'claims')} />
        <path className="line waits" d={pathOf(steps, most, 'waits')} />
        <TimeAxis steps={steps} />
      </svg>
      <figcaption>
        <span className="key claims">claims</span>
        <span className="key waits">waits</span>
      </figcaption>
    </figure>
  )
}

function TimeAxis({ steps }: { steps: readonly Step[] }): ReactNode {
  const marks = [0, 0.25, 0.5, 0.75, 1].map((share) => Math.round(share * (steps.length - 1)))
  const anchors = ['start', 'middle', 'middle', 'middle', 'end'] as const
  return marks.map((mark, at) => (
    <text
      key={mark}
      className="axis"
      x={xOf(mark, steps.length)}
      y={HEIGHT - 4}
      textAnchor={anchors[at] ?? 'middle'}
    >
      {clockOf(new Date(steps[mark]?.atMs ?? 0).toISOString(), steps.at(-1)?.atMs ?? 0)}
    </text>
  ))
}

function xOf(at: number, count: number): number {
  return LEFT + (at / Math.max(1, count - 1)) * (WIDTH - LEFT)
}

function yOf(value: number, most: number): number {
  return 6 + (1 - value / most) * (HEIGHT - BOTTOM - 6)
}

function pathOf(steps: readonly Step[], most: number, field: 'claims' | 'waits'): string {
  return steps
    .map((step, at) => {
      const [x, y] = [xOf(at, steps.length).toFixed(1), yOf(step[field], most).toFixed(1)]
      return at === 0 ? `M${x} ${y}` : `H${x}V${y}`
    })
    .join('')
}

function areaOf(steps: readonly Step[], most: number): string {
  const floor = String(yOf(0, most))
  return `${pathOf(steps, most, 'claims')}V${floor}H${String(LEFT)}Z`
}

/** The median, and what nine of ten stay below. */
export function WaitChart({ times }: { times: readonly WaitTimes[] }): ReactNode {
  const most = Math.max(1, ...times.map(({ mostMs }) => mostMs))
  return (
    <table className="bars">
      <thead>
        <tr>
          <th scope="col">urgency</th>
          <th scope="col">half waited less than, nine of ten less than</th>
          <th scope="col">waits</th>
        </tr>
      </thead>
      <tbody>
        {times.map(({ urgency, count, medianMs, mostMs }) => (
          <tr key={urgency}>
            <th scope="row">{urgency}</th>
            <td>
              <span className="bar-line">
                <span className="bar soft" style={{ width: share(mostMs, most) }} />
                <span className="bar" style={{ width: share(medianMs, most) }} />
              </span>
              <span className="number">
                {brief(medianMs)}, {brief(mostMs)}
              </span>
            </td>
            <td className="number">{count}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

export function CountBars({
  rows,
}: {
  rows: readonly { readonly label: string; readonly count: number }[]
}): ReactNode {
  const most = Math.max(1, ...rows.map(({ count }) => count))
  return (
    <table className="bars">
      <tbody>
        {rows.map(({ label, count }) => (
          <tr key={label}>
            <th scope="row">{label}</th>
            <td>
              <span className="bar-line">
                <span className="bar" style={{ width: share(count, most) }} />
              </span>
            </td>
            <td className="number">{count}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function share(value: number, most: number): string {
  return `${String(Math.round((value / most) * 100))}%`
}

export function HeatMap({ rows }: { rows: readonly HeatRow[] }): ReactNode {
  const most = Math.max(1, ...rows.flatMap(({ cells }) => cells))
  return (
    <table className="heat">
      <caption className="hidden">Meetings by folder and time, oldest on the left</caption>
      <tbody>
        {rows.map(({ folder, cells, total }) => (
          <tr key={folder}>
            <th scope="row" title={folder}>
              <bdi>{folder}</bdi>
            </th>
            <td>
              <span className="heat-cells" role="img" aria-label={`${String(total)} in all`}>
                {cells.map((count, at) => (
                  <i key={at} className={`heat-${String(Math.ceil((count / most) * 4))}`} />
                ))}
              </span>
            </td>
            <td className="number">{total}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
