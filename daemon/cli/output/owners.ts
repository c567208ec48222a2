// Policy as people read it: who answers for what, who asks to be let in, where claims meet.
import type { OperationResult } from '../../../protocol/index.ts'
import { nextSteps } from './people.ts'
import { table, type Column, type Page } from './page.ts'
import { count } from './text.ts'
import { relative, until } from './time.ts'

type Shown = OperationResult<'owners/show'>
type Asked = OperationResult<'owners/requests'>['approvals'][number]

const AREAS: readonly Column[] = [
  { title: 'AREA', rank: 1, widthMin: 8, style: 'strong' },
  { title: 'SEVERITY', rank: null },
  { title: 'OWNERS', rank: 2, widthMin: 8 },
  { title: 'PATHS', rank: 3, widthMin: 12 },
]

export function ownersFace(result: Shown, page: Page): readonly string[] {
  const { areas, shared, protected: closed, promoted, problem } = result
  const rows = areas.map(({ name, severity, owners, paths }) => [
    name,
    severity,
    owners.length === 0 ? '-' : owners.join(', '),
    paths.join(', '),
  ])
  return [
    sourceLine(result, page),
    ...(problem === null ? [] : [`${page.paint('bad', 'not followed')}: ${problem}`]),
    ...(rows.length === 0 ? [] : table(AREAS, rows, page)),
    ...(shared.length === 0 ? [] : [`shared: ${shared.join(', ')}`]),
    ...promoted.map(({ pattern, by, at, auto, permanent }) => {
      const how = auto ? 'by its count' : permanent ? `by ${by}, for good` : `by ${by}`
      return `promoted: ${pattern} ${how}, ${relative(at, page.nowMs)}`
    }),
    ...(closed.length === 0 ? [] : [`protected: ${closed.join(', ')}`]),
  ]
}

function sourceLine({ source }: Shown, page: Page): string {
  if (source === null) return 'No policy: every file is anybody\u2019s to claim.'
  const from =
    source.kind === 'file'
      ? `.skein.yml, commit ${(source.commit ?? '').slice(0, 12)}`
      : `set by ${source.by ?? ''}`
  return `${from}, ${relative(source.at, page.nowMs)}`
}

export function approvalsFace(
  { approvals }: OperationResult<'owners/requests'>,
  page: Page,
): readonly string[] {
  if (approvals.length === 0) return ['Nobody asks to be let in.']
  const open = approvals.find(({ state }) => state === 'asked')
  const steps =
    open === undefined
      ? []
      : nextSteps(
          [
            [`skein owners approve ${open.id}`, 'let it in'],
            [`skein owners deny ${open.id} --note TEXT`, 'keep it out'],
          ],
          page,
        )
  return [...approvals.map((one) => approvalLine(one, page)), ...steps]
}

export function approvalFace(
  { approval }: { readonly approval: Asked },
  page: Page,
): readonly string[] {
  return [approvalLine(approval, page)]
}

function approvalLine(approval: Asked, page: Page): string {
  const { id, agent, patterns, areas, owners, state, by, note, until: end, asked_at: at } = approval
  const what = `${agent}: ${patterns.join(', ')} in ${areas.join(', ')}  ${id}`
  const said = note === '' ? '' : ` ("${note}")`
  if (state === 'approved')
    return `${page.paint('good', 'approved')} ${what} by ${by} until ${until(end ?? '', page.nowMs)}${said}`
  if (state === 'denied') return `${page.paint('bad', 'denied')} ${what} by ${by}${said}`
  const whom = owners.length === 0 ? 'any person' : owners.join(' or ')
  return `${page.paint('warning', 'asked')} ${what} of ${whom}, ${relative(at, page.nowMs)}`
}

const HOTSPOTS: readonly Column[] = [
  { title: 'MET', rank: null },
  { title: 'PATTERN', rank: 1, widthMin: 12, style: 'strong' },
  { title: 'AGENTS', rank: 4, isOptional: true },
  { title: 'LAST', rank: 3, isOptional: true },
  { title: 'ADVICE', rank: 2, widthMin: 8 },
]

export function hotspotsFace(
  { hotspots, more, days }: OperationResult<'hotspots'>,
  page: Page,
): readonly string[] {
  if (hotspots.length === 0) return [`Nobody met anybody in the last ${count(days, 'day')}.`]
  const rows = hotspots.map(({ refused, pattern, agents, last_seen: last, suggestion, why }) => [
    String(refused),
    pattern,
    String(agents.length),
    dayOf(last, page.nowMs),
    `${suggestion}: ${why}`,
  ])
  const hot = hotspots.find(({ suggestion }) => suggestion === 'promote')
  return [
    ...table(HOTSPOTS, rows, page),
    ...(more === 0 ? [] : [`and ${String(more)} more`]),
    ...(hot === undefined
      ? []
      : nextSteps([[`skein promote '${hot.pattern}'`, 'let its claims be shared']], page)),
  ]
}

/** Counts are kept by the day, so no hour is known. */
function dayOf(day: string, nowMs: number): string {
  const days = Math.round(
    (Date.parse(new Date(nowMs).toISOString().slice(0, 10)) - Date.parse(day)) / DAY_MS,
  )
  if (Number.isNaN(days)) return day
  return days <= 0 ? 'today' : `${String(days)} d ago`
}

const DAY_MS = 86_400_000

export function promoteFace(
  { pattern }: OperationResult<'promote'>,
  page: Page,
): readonly string[] {
  return [`${page.paint('good', 'promoted')} ${pattern}: claims of it are shared from now on`]
}

export function demoteFace({ pattern }: OperationResult<'demote'>): readonly string[] {
  return [`demoted ${pattern}: claims of it are exclusive again`]
}

export function staleFace(
  { agents, days, released }: OperationResult<'stale'>,
  page: Page,
): readonly string[] {
  if (agents.length === 0)
    return [`Nobody holds anything without a sign for ${count(days, 'day')}.`]
  const lines = agents.map(({ agent, machine, last_seen: seen, claims, waits, requests }) => {
    const held = claims.map(({ pattern }) => pattern).join(', ') || 'no claim'
    const more = [
      ...(waits === 0 ? [] : [count(waits, 'wait')]),
      ...(requests === 0 ? [] : [count(requests, 'request')]),
    ].join(', ')
    const what =
      seen === null ? page.paint('quiet', 'not known here') : page.paint('warning', 'silent')
    const last = seen === null ? '' : `, ${relative(seen, page.nowMs)}`
    return `${what} ${agent} on ${machine}${last}: ${held}${more === '' ? '' : `; ${more}`}`
  })
  if (released.length > 0)
    return [...lines, ...released.map(({ id, pattern }) => `released ${pattern}  ${id}`)]
  const steps = nextSteps(
    [[`skein stale --days ${String(days)} --release`, 'end their claims']],
    page,
  )
  const isAny = agents.some(({ claims, last_seen: seen }) => seen !== null && claims.length > 0)
  return isAny ? [...lines, ...steps] : lines
}
