// Claims and waits laid out in lanes, one for each pattern; those where somebody met somebody come first. Pure.
import type { Collision, History, Span } from './moments.ts'

export interface Lane {
  readonly pattern: string
  readonly spans: readonly Span[]
  readonly collisions: readonly Collision[]
}

export function lanesOf({ spans, collisions, fromMs }: History, lanesMax: number): Lane[] {
  const lanes = new Map<string, { pattern: string; spans: Span[]; collisions: Collision[] }>()
  const laneOf = (pattern: string) => {
    const lane = lanes.get(pattern) ?? { pattern, spans: [], collisions: [] }
    lanes.set(pattern, lane)
    return lane
  }
  for (const span of spans) if (span.untilMs > fromMs) laneOf(span.pattern).spans.push(span)
  for (const collision of collisions)
    if (collision.atMs >= fromMs) laneOf(collision.pattern).collisions.push(collision)
  return [...lanes.values()].sort(byInterest).slice(0, lanesMax).sort(byPattern)
}

function byInterest(a: Lane, b: Lane): number {
  return b.collisions.length - a.collisions.length || b.spans.length - a.spans.length
}

function byPattern(a: Lane, b: Lane): number {
  return a.pattern < b.pattern ? -1 : 1
}
