// Lanes of claims and waits over time, with a line at the moment that is looked at.
import type { PointerEvent, ReactNode } from 'react'
import type { Lane } from '../model/lanes.ts'
import type { History } from '../model/moments.ts'
import { hueOf } from './small.tsx'

interface LanesOptions {
  readonly lanes: readonly Lane[]
  readonly history: History
  readonly at: number
  readonly onPick: (at: number) => void
}

const LANE = 24
const WIDTH = 1_000

export function Lanes({ lanes, history, at, onPick }: LanesOptions): ReactNode {
  const { fromMs, untilMs } = history
  const xOf = (ms: number): number =>
    ((Math.min(untilMs, Math.max(fromMs, ms)) - fromMs) / (untilMs - fromMs)) * WIDTH
  const pick = (event: PointerEvent<SVGSVGElement>): void => {
    const box = event.currentTarget.getBoundingClientRect()
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width))
    onPick(fromMs + share * (untilMs - fromMs))
  }
  const height = lanes.length * LANE
  return (
    <div className="lanes" tabIndex={0} role="region" aria-label="Lanes">
      <div className="lane-names">
        {lanes.map(({ pattern }) => (
          <bdi key={pattern} className="path" title={pattern}>
            {pattern}
          </bdi>
        ))}
      </div>
      <svg
        viewBox={`0 0 ${String(WIDTH)} ${String(height)}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`What was held and wanted, ${String(lanes.length)} lanes, ${String(history.collisions.length)} collisions`}
        style={{ height }}
        onPointerDown={pick}
        onPointerMove={(event) => {
          if (event.buttons === 1) pick(event)
        }}
      >
        {lanes.map((lane, row) => (
          <LaneMarks key={lane.pattern} lane={lane} y={row * LANE} xOf={xOf} />
        ))}
        <line className="cursor" x1={xOf(at)} x2={xOf(at)} y1={0} y2={height} />
      </svg>
    </div>
  )
}

interface MarksOptions {
  readonly lane: Lane
  readonly y: number
  readonly xOf: (ms: number) => number
}

/** No bar is thinner than can be seen. */
const LEAST = 2

function LaneMarks({ lane, y, xOf }: MarksOptions): ReactNode {
  return (
    <g>
      <line className="grid" x1={0} x2={WIDTH} y1={y + LANE - 0.5} y2={y + LANE - 0.5} />
      {lane.spans.map((span) => (
        <rect
          key={span.id}
          className={`span ${span.kind} hue-${String(hueOf(span.agent))}`}
          x={xOf(span.fromMs)}
          y={span.kind === 'claim' ? y + 4 : y + 15}
          width={Math.max(LEAST, xOf(span.untilMs) - xOf(span.fromMs))}
          height={span.kind === 'claim' ? 10 : 5}
        >
          <title>{`${span.agent} ${span.kind === 'claim' ? 'held' : 'waited for'} ${span.pattern}${span.end === '' ? '' : ` (${span.end})`}`}</title>
        </rect>
      ))}
      {lane.collisions.map(({ id, atMs, agent, outcome, holders }) => (
        <line
          key={id}
          className={`mark ${outcome}`}
          x1={xOf(atMs)}
          x2={xOf(atMs)}
          y1={y + 2}
          y2={y + LANE - 2}
        >
          <title>{`${agent}: ${outcome}${holders.length === 0 ? '' : `, held by ${holders.join(', ')}`}`}</title>
        </line>
      ))}
    </g>
  )
}
