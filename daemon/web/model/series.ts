// Numbers over time, for charts, out of the events of the audit log. Pure.
import type { AuditEvent, Urgency } from '../../../protocol/index.ts'
import type { Collision, History } from './moments.ts'

export interface Step {
  readonly atMs: number
  readonly claims: number
  readonly waits: number
}

/** How many claims and waits there were, at equal distances. */
export function countsOver({ spans, fromMs, untilMs }: History, points: number): Step[] {
  const width = (untilMs - fromMs) / points
  const deltas = new Map<number, { claims: number; waits: number }>()
  const add = (atMs: number, kind: 'claim' | 'wait', by: number): void => {
    const bucket = Math.min(points, Math.max(0, Math.ceil((atMs - fromMs) / width)))
    const delta = deltas.get(bucket) ?? { claims: 0, waits: 0 }
    if (kind === 'claim') delta.claims += by
    else delta.waits += by
    deltas.set(bucket, delta)
  }
  for (const { kind, fromMs: from, untilMs: until } of spans) {
    add(from, kind, 1)
    if (until <= untilMs) add(until, kind, -1)
  }
  const steps: Step[] = []
  let [claims, waits] = [0, 0]
  for (let at = 0; at <= points; at++) {
    claims += deltas.get(at)?.claims ?? 0
    waits += deltas.get(at)?.waits ?? 0
    steps.push({ atMs: fromMs + at * width, claims, waits })
  }
  return steps
}

export interface WaitTimes {
  readonly urgency: Urgency
  readonly count: number
  readonly medianMs: number
  /** Nine of ten waited no longer. */
  readonly mostMs: number
}

const URGENT_FIRST: readonly Urgency[] = ['blocking', 'high', 'normal', 'low']

/** How long those waited that were granted. */
export function waitTimes(events: readonly AuditEvent[]): WaitTimes[] {
  return URGENT_FIRST.flatMap((urgency) => {
    const waits = events
      .filter(({ kind, data }) => kind === 'queue.granted' && data['urgency'] === urgency)
      .flatMap(({ data }) => (typeof data['waited_ms'] === 'number' ? data['waited_ms'] : []))
      .sort((a, b) => a - b)
    if (waits.length === 0) return []
    const { length: count } = waits
    return [{ urgency, count, medianMs: rank(waits, 0.5), mostMs: rank(waits, 0.9) }]
  })
}

/** Meetings that ended without a person: by symbols, by narrowing, by a queue's grant, by consent. */
export const RESOLUTIONS = {
  'claim.coexist': 'side by side',
  'claim.narrowed': 'narrowed',
  'queue.granted': 'granted after a wait',
  'request.answered': 'request answered',
  'deadlock.broken': 'circle of waits refused',
} as const satisfies Record<string, string>
type Resolution = keyof typeof RESOLUTIONS

export function resolutionsOf(
  events: readonly AuditEvent[],
): { readonly kind: Resolution; readonly label: string; readonly count: number }[] {
  const kinds = Object.keys(RESOLUTIONS) as Resolution[]
  return kinds.map((kind) => ({
    kind,
    label: RESOLUTIONS[kind],
    count: events.filter((event) => event.kind === kind).length,
  }))
}

export interface HeatRow {
  readonly folder: string
  readonly total: number
  readonly cells: readonly number[]
}

/** Meetings by folder and time; the folders with most of them. */
export function heatOf(
  collisions: readonly Collision[],
  { fromMs, untilMs }: Pick<History, 'fromMs' | 'untilMs'>,
  columns: number,
  rows: number,
): HeatRow[] {
  const byFolder = new Map<string, number[]>()
  for (const { pattern, atMs } of collisions) {
    const column = Math.floor(((atMs - fromMs) / (untilMs - fromMs)) * columns)
    if (column < 0 || column > columns) continue
    const folder = folderOf(pattern)
    const cells = byFolder.get(folder) ?? Array.from({ length: columns }, () => 0)
    const at = Math.min(columns - 1, column)
    cells[at] = (cells[at] ?? 0) + 1
    byFolder.set(folder, cells)
  }
  return [...byFolder]
    .map(([folder, cells]) => ({ folder, cells, total: cells.reduce((sum, each) => sum + each) }))
    .sort((a, b) => b.total - a.total)
    .slice(0, rows)
}

/** Two levels deep: `src/auth`; what lies at the root is under `/`. */
export function folderOf(pattern: string): string {
  const [path = ''] = pattern.split(' ')
  const parts = path.split('/')
  const glob = parts.findIndex((part) => /[*?[{]/.test(part))
  const folders = parts.slice(0, glob < 0 ? parts.length - 1 : glob).slice(0, 2)
  return folders.length === 0 ? '/' : folders.join('/')
}

function rank(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
