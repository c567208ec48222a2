// The ledger at a moment of the past, folded from the events of the audit log. Pure. What was there before the first event is
// known from how it ended, or because it is there still.
import type { AuditEvent, Claim } from '../../../protocol/index.ts'

/** A claim or a wait as the events tell it, from when to when. */
export interface Span {
  readonly kind: 'claim' | 'wait'
  readonly id: string
  readonly pattern: string
  readonly agent: string
  readonly machine: string
  readonly mode: string
  readonly fence: number | null
  readonly urgency: string
  readonly fromMs: number
  /** Infinity while it lasts. */
  readonly untilMs: number
  /** How it ended; empty while it lasts. */
  readonly end: string
  /** Began before the events do. */
  readonly isOlder: boolean
}

/** Somebody wanted what another held. */
export interface Collision {
  readonly id: string
  readonly atMs: number
  readonly agent: string
  readonly pattern: string
  readonly holders: readonly string[]
  /** Refused, let wait, or lost at the settlement of a partition. */
  readonly outcome: 'refused' | 'waits' | 'superseded' | 'bypassed'
}

export interface History {
  readonly spans: readonly Span[]
  readonly collisions: readonly Collision[]
  readonly fromMs: number
  readonly untilMs: number
}

const ENDS = new Set(['claim.released', 'claim.expired', 'claim.superseded', 'claim.lapsed'])
const WAIT_ENDS = new Set(['queue.granted', 'queue.cancelled', 'queue.expired', 'deadlock.broken'])

/** @param live the claims of now. */
export function historyOf(
  events: readonly AuditEvent[],
  live: readonly Claim[],
  fromMs: number,
  untilMs: number,
): History {
  const open = new Map<string, Span>()
  const spans: Span[] = []
  const collisions: Collision[] = []
  const close = (id: string, event: AuditEvent, kind: Span['kind']): void => {
    const began = open.get(id) ?? unseen(event, id, kind, fromMs)
    open.delete(id)
    // Its caller was told that nothing was granted, so nobody held it.
    if (kind === 'claim' && endOf(event) === 'abandoned') return
    spans.push({ ...began, untilMs: Date.parse(event.at), end: endOf(event) })
  }
  for (const event of events) {
    const id = text(event.data['claim'])
    const wait = text(event.data['queue'])
    if (event.kind === 'claim.granted') open.set(id, spanOf(event, id, 'claim'))
    else if (event.kind === 'queue.joined') open.set(wait, spanOf(event, wait, 'wait'))
    else if (ENDS.has(event.kind)) close(id, event, 'claim')
    else if (WAIT_ENDS.has(event.kind) && wait !== '') close(wait, event, 'wait')
    else if (event.kind === 'claim.narrowed' || event.kind === 'claim.renewed') {
      const span = open.get(id)
      if (span !== undefined) open.set(id, { ...span, pattern: patternOf(event) })
    }
    collisions.push(...collisionsOf(event))
  }
  const told = new Set([...open.keys(), ...spans.map(({ id }) => id)])
  const older = live.filter(({ id }) => !told.has(id)).map((claim) => olderSpan(claim, fromMs))
  return { spans: [...older, ...spans, ...open.values()], collisions, fromMs, untilMs }
}

/** Of the last hours. A short past fills the screen, too. */
export function recentHistory(
  events: readonly AuditEvent[],
  live: readonly Claim[],
  hours: number,
  nowMs: number,
): History {
  const fromMs = nowMs - hours * 3_600_000
  const firstMs = Date.parse(events[0]?.at ?? '')
  const startMs = Number.isNaN(firstMs) ? fromMs : Math.max(fromMs, firstMs - LEAD_MS)
  return historyOf(events, live, startMs, nowMs)
}

const LEAD_MS = 1_000

/** What held and what waited then. */
export function momentOf({ spans }: History, atMs: number): readonly Span[] {
  return spans.filter((span) => span.fromMs <= atMs && atMs < span.untilMs)
}

/** The collision before or after a moment; null: there is none. */
export function nextCollision(
  { collisions }: History,
  atMs: number,
  way: 'back' | 'on',
): Collision | null {
  if (way === 'on') return collisions.find((one) => one.atMs > atMs) ?? null
  return collisions.findLast((one) => one.atMs < atMs) ?? null
}

function spanOf(event: AuditEvent, id: string, kind: Span['kind']): Span {
  const { data } = event
  return {
    ...{ kind, id, end: '', isOlder: false },
    pattern: patternOf(event),
    agent: text(data['agent']) || event.actor,
    machine: event.machine,
    mode: text(data['mode']) || 'exclusive',
    fence: typeof data['fence'] === 'number' ? data['fence'] : null,
    urgency: text(data['urgency']),
    fromMs: Date.parse(event.at),
    untilMs: Infinity,
  }
}

/** Its beginning is no event: it was before the first one, or noted on one machine alone. */
function unseen(event: AuditEvent, id: string, kind: Span['kind'], fromMs: number): Span {
  const span = spanOf(event, id, kind)
  const notedMs = Date.parse(text(event.data['noted_at']))
  if (notedMs >= fromMs) return { ...span, fromMs: notedMs }
  return { ...span, fromMs, isOlder: true }
}

function olderSpan(claim: Claim, fromMs: number): Span {
  const { id, pattern, symbols, agent, machine, mode, fence, granted_at: at } = claim
  const grantedMs = Date.parse(at)
  return {
    ...{ kind: 'claim', id, agent, machine, mode, fence, urgency: '', end: '' },
    pattern: named(pattern, symbols),
    fromMs: Math.max(fromMs, grantedMs),
    untilMs: Infinity,
    isOlder: grantedMs < fromMs,
  }
}

function collisionsOf(event: AuditEvent): readonly Collision[] {
  const outcome = OUTCOMES[event.kind]
  if (outcome === undefined) return []
  const conflicts = list(event.data['conflicts'])
  const holders = conflicts.flatMap((each) => text(field(each, 'holder')) || [])
  const holder = text(event.data['holder'])
  return [
    {
      ...{ id: event.id, outcome, agent: event.actor, pattern: patternOf(event) },
      atMs: Date.parse(event.at),
      holders: [...new Set(holder === '' ? holders : [...holders, holder])],
    },
  ]
}

const OUTCOMES: Readonly<Partial<Record<string, Collision['outcome']>>> = {
  'claim.refused': 'refused',
  'queue.joined': 'waits',
  'claim.superseded': 'superseded',
  'guard.bypassed': 'bypassed',
  'guard.leaked': 'bypassed',
}

/** What an event is about; of several patterns the first. */
export function patternOf({ data }: Pick<AuditEvent, 'data'>): string {
  const first = list(data['patterns'])[0] ?? data['pattern'] ?? data['path']
  return named(text(first), list(data['symbols']).map(text))
}

function named(pattern: string, symbols: readonly string[]): string {
  return symbols.length === 0 ? pattern : `${pattern} ${symbols.join(', ')}`
}

function endOf({ kind, data }: AuditEvent): string {
  return text(data['reason']) || kind.slice(kind.indexOf('.') + 1)
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
