// Claims as a table, and what renewing, narrowing, releasing and verifying answer.
import type { OperationResult } from '../../../protocol/index.ts'
import { grantedLines } from './claim.ts'
import { holderName } from './people.ts'
import { hanging, table, type Column, type Page } from './page.ts'
import { exceptText, quoted, scopeName, traits } from './scope.ts'
import { count } from './text.ts'
import { relative, span, until } from './time.ts'

type ClaimJson = OperationResult<'claims'>['claims'][number]

/** A replica that lags more than this says so. */
const AGE_TOLD_MS = 5_000

const COLUMNS: readonly Column[] = [
  { title: 'SCOPE', rank: 4, widthMin: 16, style: 'strong' },
  { title: 'HOLDER', rank: 3, widthMin: 8 },
  { title: 'LEFT', rank: null },
  { title: 'CLAIM', rank: null },
  { title: 'FOR', rank: 1, widthMin: 12, isOptional: true, style: 'quiet' },
]
const REPO_COLUMN: Column = { title: 'REPO', rank: 2, widthMin: 8 }

export function claimsFace(result: OperationResult<'claims'>, page: Page): readonly string[] {
  const { claims, recent, more, as_of: asOf } = result
  return [
    ...(claims.length === 0 ? ['No live claims.'] : claimTable(claims, page)),
    ...standingLines(claims, page),
    ...narrowedLines(claims, page),
    ...(recent.length === 0
      ? []
      : ['', page.paint('quiet', 'Ended lately:'), ...endedLines(recent, page)]),
    ...(more === 0 ? [] : [`and ${String(more)} more: skein claims --limit 10000`]),
    ...(asOf.age_ms < AGE_TOLD_MS
      ? []
      : [page.paint('warning', `note: as this machine knew it ${span(asOf.age_ms)} ago`)]),
  ]
}

/** What the claims marked `narrowed` do not cover now. */
function narrowedLines(claims: readonly ClaimJson[], page: Page): readonly string[] {
  return claims
    .filter(({ except }) => except.length > 0)
    .map((claim) => page.paint('quiet', `${claim.id} ${scopeName(claim)}: ${exceptText(claim)}`))
}

/** What is not simply held says so beside its scope. */
const STANDING: Readonly<Record<ClaimJson['state'], string>> = {
  active: '',
  releasing: 'releasing',
  provisional: 'not confirmed',
  expired: 'lapsed',
  released: 'released',
  superseded: 'superseded',
}

/** What `not confirmed` and `lapsed` mean for whoever holds such a claim. */
function standingLines(claims: readonly ClaimJson[], page: Page): readonly string[] {
  const told: [ClaimJson['state'], string][] = [
    [
      'provisional',
      'not confirmed: noted without a majority, settled when the machines meet again',
    ],
    ['expired', 'lapsed: not renewed in time, for no majority answers; do not count on it'],
  ]
  return told.flatMap(([state, text]) =>
    claims.some((claim) => claim.state === state) ? [page.paint('warning', text)] : [],
  )
}

function claimTable(claims: readonly ClaimJson[], page: Page): readonly string[] {
  const repos = new Set(claims.map(({ repo }) => repo))
  const isMixed = repos.size > 1
  const sorted = claims.toSorted(
    (a, b) => compare(a.repo, b.repo) || compare(a.pattern, b.pattern) || compare(a.id, b.id),
  )
  const rows = sorted.map((claim) => {
    const words = [STANDING[claim.state], traits(claim)].filter((word) => word !== '').join(', ')
    const extra = words === '' ? '' : ` (${words})`
    const cells = [
      `${scopeName(claim)}${extra}`,
      holderName(claim, page),
      relative(claim.expires_at, page.nowMs).replace(/^in /, ''),
      claim.id,
      claim.description,
    ]
    return isMixed ? [claim.repo, ...cells] : cells
  })
  return table(isMixed ? [REPO_COLUMN, ...COLUMNS] : COLUMNS, rows, page)
}

function endedLines(recent: OperationResult<'claims'>['recent'], page: Page): readonly string[] {
  return table(
    [
      { title: 'SCOPE', rank: 2, widthMin: 12 },
      { title: 'HOLDER', rank: 1 },
      { title: 'ENDED', rank: null },
      { title: 'WHY', rank: null },
      { title: 'CLAIM', rank: null },
    ],
    recent.map(({ claim, reason, at }) => [
      scopeName(claim),
      holderName(claim, page),
      relative(at, page.nowMs),
      reason,
      claim.id,
    ]),
    page,
  )
}

export function renewFace({ claims }: OperationResult<'renew'>, page: Page): readonly string[] {
  if (claims.length === 0) return ['This session holds no claims.']
  return claims.map(
    (claim) =>
      `${page.paint('good', 'renewed')} ${scopeName(claim)} until ${until(claim.expires_at, page.nowMs)}  ${claim.id}`,
  )
}

export function narrowFace({ claims }: OperationResult<'narrow'>, page: Page): readonly string[] {
  return grantedLines(claims, 'narrowed', page)
}

export function releaseFace(result: OperationResult<'release'>, page: Page): readonly string[] {
  const released = result.released.map(
    (claim) =>
      `${page.paint('good', claim.state === 'releasing' ? 'releasing' : 'released')} ${scopeName(claim)}  ${claim.id}`,
  )
  const already = result.already.map((id) => `${id} had ended already`)
  const lines = [...released, ...already]
  if (lines.length === 0) return ['Nothing to release.']
  if (result.state === 'released') return lines
  return [
    ...lines,
    'No majority answers: it is given up here now, and free for others once one does. Write nothing there any more.',
  ]
}

export function verifyFace(result: OperationResult<'verify'>, page: Page): readonly string[] {
  const { claims, leader, term, commit_index: index } = result
  if (claims.length === 0) return ['This session holds no claims.']
  const lines = claims.map(({ id, fence, live, except }) => {
    const word = live ? page.paint('good', 'live') : page.paint('bad', 'GONE')
    const rest = except.length === 0 ? '' : `  (narrowed: ${exceptText({ except })})`
    return `${word}  ${id}${fence === null ? '' : `  fence ${String(fence)}`}${rest}`
  })
  const source = `said by ${leader ?? 'nobody'} in term ${String(term)} at index ${String(index)}`
  const gone = claims.filter(({ live }) => !live).length
  if (gone === 0) return [...lines, page.paint('quiet', source)]
  return [
    ...lines,
    page.paint('quiet', source),
    '',
    `${count(gone, 'claim')} ${gone === 1 ? 'is' : 'are'} no longer yours: stop writing there, and push nothing of it.`,
    `${page.paint('strong', 'ACTION REQUIRED:')} skein why ${claims.find(({ live }) => !live)?.id ?? 'ID'}`,
  ]
}

export function whyFace(result: OperationResult<'why'>, page: Page): readonly string[] {
  const { holders, events, summary, more } = result
  const held = holders.flatMap((claim) => {
    const holder = `${holderName(claim, page)} until ${until(claim.expires_at, page.nowMs)}`
    return [
      ...hanging(`${scopeName(claim)} is held by ${holder}  ${claim.id}`, 2, page),
      ...(claim.except.length === 0 ? [] : [`  narrowed: ${exceptText(claim)}`]),
      ...(claim.description === '' ? [] : [`  ${quoted(claim.description)}`]),
    ]
  })
  // The story tells times for machines; here a person reads.
  const story = summary.flatMap((line, i) => {
    const at = events[i]?.at
    if (at === undefined || !line.startsWith(at)) return hanging(`  ${line}`, 4, page)
    const when = until(at, page.nowMs)
    const [first = '', ...rest] = hanging(`  ${when}${line.slice(at.length)}`, 4, page)
    return [first.replace(when, page.paint('quiet', when)), ...rest]
  })
  return [
    ...(held.length === 0 ? ['Nobody holds it.'] : held),
    ...(story.length === 0 ? ['', 'Nothing has happened there yet.'] : ['', ...story]),
    ...(more ? [page.paint('quiet', '  older: --limit N')] : []),
  ]
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
