// Waiting and asking, as people read them: who is before you, who asks what of whom, and what to type next.
import type { OperationResult } from '../../../protocol/index.ts'
import { workerLines } from './fleet.ts'
import { holderName, nextSteps } from './people.ts'
import { table, type Column, type Page } from './page.ts'
import { scopeName } from './scope.ts'
import { relative, until } from './time.ts'

type Waiter = OperationResult<'claim'>['waiters'][number]
type PlaceJson = NonNullable<OperationResult<'claim'>['queue']>
type RequestJson = OperationResult<'request'>['request']

/** More would be a page to scroll; `skein queue` lists them all. */
const WAITERS_SHOWN_MAX = 5

function scopeNames({ scopes }: Waiter): string {
  return scopes.map(scopeName).join(', ')
}

/** Who waits before you for the same. */
export function waiterLines(waiters: readonly Waiter[], page: Page): readonly string[] {
  if (waiters.length === 0) return []
  const shown = waiters.slice(0, WAITERS_SHOWN_MAX)
  const more = waiters.length - shown.length
  return [
    '',
    ...shown.map((waiter) => {
      const what = scopeNames(waiter)
      return `  waits  ${holderName(waiter, page)} for ${what} (${waiter.urgency}) since ${until(waiter.joined_at, page.nowMs)}`
    }),
    ...(more > 0 ? [`  and ${String(more)} more: skein queue`] : []),
  ]
}

export function placeLine(place: PlaceJson, page: Page): string {
  const { ended, position, ahead } = place
  if (ended === 'expired') return 'The wait is over without a grant.'
  if (ended !== null) return `The place in the queue is gone: ${ended}.`
  const [first] = ahead
  const behind = first === undefined ? '' : ` behind ${holderName(first, page)}`
  const what = `${scopeNames(place)} at place ${String(position)}${behind}`
  return `Waiting for ${what} until ${until(place.expires_at, page.nowMs)}  ${place.id}`
}

const QUEUE_COLUMNS: readonly Column[] = [
  { title: 'PLACE', rank: null },
  { title: 'FOR', rank: 3, widthMin: 16, style: 'strong' },
  { title: 'WHO', rank: 2, widthMin: 8 },
  { title: 'URGENCY', rank: null },
  { title: 'LEFT', rank: null },
  { title: 'ID', rank: null },
]

export function queueFace(result: OperationResult<'queue'>, page: Page): readonly string[] {
  if (result.entries.length === 0) return ['Nobody waits.']
  const rows = result.entries.map((entry) => [
    String(entry.position),
    scopeNames(entry),
    holderName(entry, page),
    entry.urgency,
    relative(entry.expires_at, page.nowMs).replace(/^in /, ''),
    entry.id,
  ])
  const mine = result.entries.find((entry) => entry.session === page.session)
  const giveUp =
    mine === undefined ? [] : [page.paint('quiet', `To give up: skein cancel ${mine.id}`)]
  return [...table(QUEUE_COLUMNS, rows, page), ...giveUp]
}

export function waitFace(result: OperationResult<'wait'>, page: Page): readonly string[] {
  const { status, place, claims, reason, session, worker } = result
  if (worker !== null) return workerLines(worker, page)
  if (status === 'waiting' && place !== null) return [`Still: ${placeLine(place, page)}`]
  if (status === 'lost') return [`The place is gone without a grant: ${reason ?? 'gone'}.`]
  return [
    `Granted to session ${session}: ${claims.map(scopeName).join(', ') || 'what has ended since'}`,
    ...claims.map(({ id }) => `  ${id}`),
  ]
}

export function cancelFace(result: OperationResult<'cancel'>): readonly string[] {
  const { cancelled } = result
  return cancelled.length === 0
    ? ['Nothing waited there any more.']
    : [`cancelled ${cancelled.join(', ')}`]
}

export function requestFace(result: OperationResult<'request'>, page: Page): readonly string[] {
  const { request } = result
  if (request.decision !== 'pending') return requestLines(request, page)
  return [
    ...requestLines(request, page),
    ...nextSteps([[`skein requests ${request.id} --wait 60s`, 'wait for the answer']], page),
  ]
}

export function respondFace(result: OperationResult<'respond'>, page: Page): readonly string[] {
  const { request, late } = result
  const told = late ? 'It had ended before: nothing was changed.' : (DONE[request.decision] ?? '')
  return [...requestLines(request, page), ...(told === '' ? [] : [page.paint('quiet', told)])]
}

/** What the answer did to the claim of whoever gave it. */
const DONE: Readonly<Partial<Record<RequestJson['decision'], string>>> = {
  approved: 'Your claim is released: stop writing what it covered.',
  denied: 'You keep your claim, with the time that it had.',
  narrowed: 'You hold less now: skein claims --mine',
  coexist: 'You keep your claim; leave the part of the other alone.',
}

export function requestsFace(result: OperationResult<'requests'>, page: Page): readonly string[] {
  if (result.requests.length === 0) return ['No requests.']
  return result.requests.flatMap((request) => requestLines(request, page))
}

export function inboxFace(result: OperationResult<'inbox'>, page: Page): readonly string[] {
  const { requests, narrowed, waiting, notices } = result
  const told = requests.length + narrowed.length + waiting.length + notices.length
  if (told === 0) return ['Nothing for you.']
  const [first] = requests
  const answers =
    first === undefined
      ? []
      : nextSteps(
          [
            [`skein respond ${first.id} approve`, 'give it up'],
            [`skein respond ${first.id} deny`, 'keep it'],
            [`skein respond ${first.id} narrow PATTERN`, 'keep only that'],
            [
              `skein respond ${first.id} coexist PATTERN|FILE:SYMBOL`,
              'let the other in there, beside you',
            ],
          ],
          page,
        )
  return [
    ...requests.flatMap((request) => requestLines(request, page)),
    ...narrowed.map(({ pattern, by }) => {
      const others = by.map((claim) => `${claim.agent} holds ${scopeName(claim)}`)
      return `narrowed: in your ${pattern}, ${others.join('; ')}: leave that alone`
    }),
    ...notices.map((notice) => noticeLine(notice, page)),
    ...waiting.map((place) => placeLine(place, page)),
    ...answers,
  ]
}

/** Somebody wrote what was held or renamed what it uses, its holder was silent, or it was lost and the work is kept. */
function noticeLine(
  { kind, by, paths, reason, at, wip }: OperationResult<'inbox'>['notices'][number],
  page: Page,
): string {
  if (wip !== null)
    return `${page.paint('warning', 'kept')}: your work in ${paths.join(', ')}, as your claim ended (${reason}, ${relative(at, page.nowMs)}): skein wip restore ${wip}`
  if (kind === 'session.silent')
    return `${page.paint('bad', 'silent')}: this session showed no activity while it held ${paths.join(', ')} (${reason}, ${relative(at, page.nowMs)})`
  if (kind === 'guard.renamed')
    return `${page.paint('warning', 'renamed')}: by ${by}, ${reason} (${paths.join(', ')} uses it, or you wait for it; ${relative(at, page.nowMs)})`
  const how = kind === 'guard.bypassed' ? 'wrote, by SKEIN_BYPASS,' : 'changed'
  return `${page.paint('bad', 'written')}: ${by} ${how} ${paths.join(', ')}, which you held ("${reason}", ${relative(at, page.nowMs)})`
}

function requestLines(request: RequestJson, page: Page): readonly string[] {
  const { id, requester, holder, claim, scope, decision, reason, note } = request
  const what = scope === null ? claim : `${scope} of ${claim}`
  const state =
    decision === 'pending' ? `open until ${until(request.answer_by, page.nowMs)}` : decision
  return [
    `${requester} asks ${holder} for ${what}: ${page.paint(decision === 'denied' ? 'bad' : 'good', state)}  ${id}`,
    `  "${reason}"${note === '' ? '' : ` - "${note}"`}`,
    ...(request.granted.length === 0 ? [] : [`  granted beside it: ${request.granted.join(', ')}`]),
  ]
}
