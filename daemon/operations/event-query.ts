// Which events a caller asks for: of which repositories, from when on, and with what in them.
import {
  EVENT_KINDS,
  isEventKind,
  nearest,
  SkeinError,
  type AuditEvent,
  type OperationInput,
  iso,
} from '../../protocol/index.ts'
import { parseDuration } from '../config-words.ts'
import type { CallContext } from '../client/operations.ts'
import type { AuditFilter } from '../ports.ts'
import type { Repo } from '../repos.ts'
import type { Parts } from './context.ts'
import { readSeen, type Mark } from './event-mark.ts'

export interface EventQuery {
  readonly repos: readonly Repo[]
  readonly filter: AuditFilter
  /** Every repository, also one that is enrolled later. */
  readonly isEvery: boolean
  /** Where to begin: behind an event, at a moment, behind what a page said of several repositories; null: not said. */
  readonly since:
    Mark | { readonly first: Mark | null; readonly seen: ReadonlyMap<string, string> } | null
}

type Asked = OperationInput<'events'>

/** @throws SkeinError INPUT_SCHEMA and what placing a call throws */
export async function readEventQuery(
  parts: Parts,
  input: Asked,
  context: CallContext,
): Promise<EventQuery> {
  const nowMs = parts.clock.wall()
  const since =
    input.since === undefined
      ? null
      : (readSeen(input.since) ?? readMark(input.since, nowMs, 'since'))
  const until = input.until === undefined ? undefined : readTime(input.until, nowMs, 'until')
  for (const kind of input.kinds ?? []) requireKind(kind)
  const { about } = input
  return {
    repos: await reposOf(parts, input, context),
    isEvery: input.all_repos === true,
    since,
    filter: {
      kinds: input.kinds,
      actor: input.of_agent,
      until,
      where: about === undefined ? undefined : (event) => isAbout(event, about),
    },
  }
}

async function reposOf(parts: Parts, input: Asked, context: CallContext): Promise<readonly Repo[]> {
  if (input.all_repos === true) return parts.repos.all().filter(({ host }) => host !== null)
  return [(await parts.callers.place(input, context)).repo]
}

const EVENT_ID = /^evt_[0-9A-HJKMNP-TV-Z]{26}$/

function readMark(text: string, nowMs: number, field: string): Mark {
  return EVENT_ID.test(text) ? { id: text } : { at: readTime(text, nowMs, field) }
}

/** A moment, or how long ago it was. */
function readTime(text: string, nowMs: number, field: string): string {
  const seconds = parseDuration(text)
  if (seconds !== null) return iso(Math.max(0, nowMs - seconds * 1000))
  // Times are UTC; a day, or a time without a zone, is no local one.
  const isLocal = /^\d{4}-\d\d-\d\dT[\d:.]+$/.test(text)
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(isLocal ? `${text}Z` : text) : Number.NaN
  if (!Number.isNaN(ms)) return iso(ms)
  throw new SkeinError('INPUT_SCHEMA', `${field}: \`${text.slice(0, 64)}\` is no point in time`, {
    hint: 'Say how long ago (15m, 4h, 10d), a time such as 2026-11-21T14:00:00Z, or for since the id of an event.',
  })
}

function requireKind(kind: string): void {
  const known = Object.keys(EVENT_KINDS)
  const isFamily = kind.endsWith('.*') && known.some((each) => each.startsWith(kind.slice(0, -1)))
  if (isFamily || isEventKind(kind)) return
  const near = nearest(kind, known)
  throw new SkeinError('INPUT_SCHEMA', `there are no events of the kind \`${kind.slice(0, 64)}\``, {
    hint:
      near === null
        ? 'Kinds are such as claim.granted, families such as claim.*; see the reference of events.'
        : `Did you mean ${near}?`,
  })
}

/** Does the event name it anywhere: as its actor, or as an id, a session, a name in its facts? */
export function isAbout(event: AuditEvent, text: string): boolean {
  return event.actor === text || event.id === text || mentions(event.data, text, DEPTH)
}

const DEPTH = 4

function mentions(value: unknown, text: string, depth: number): boolean {
  if (typeof value === 'string') return value === text
  if (typeof value !== 'object' || value === null || depth === 0) return false
  return Object.values(value).some((each) => mentions(each, text, depth - 1))
}
