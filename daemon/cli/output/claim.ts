// What claiming and asking answer: what is yours now, or who has it, until when, and what to type next.
import type { OperationResult } from '../../../protocol/index.ts'
import { pairs, type Page } from './page.ts'
import { holderName, nextSteps } from './people.ts'
import { placeLine, waiterLines } from './queue.ts'
import { count, padding, shellQuote, widthOf } from './text.ts'
import { humanTimes, span, until } from './time.ts'

type Conflict = OperationResult<'claim'>['conflicts'][number]
type ClaimJson = OperationResult<'claim'>['claims'][number]

/** The part of a claim that says what it is about. */
type Scoped = Pick<ClaimJson, 'kind' | 'pattern' | 'symbols' | 'mode'>

/** More would be a page to scroll; `skein claims` lists them all. */
const CONFLICTS_SHOWN_MAX = 5
const PATHS_SHOWN_MAX = 3

export function claimFace(result: OperationResult<'claim'>, page: Page): readonly string[] {
  const warnings = result.warnings.map((warning) => page.paint('warning', `note: ${warning}`))
  if (result.status !== 'refused' && result.status !== 'queued') {
    return [...grantedLines(result.claims, result.status, page), ...warnings]
  }
  const commands = result.options.map(
    ({ command, why }) => [typeable(command, page), humanTimes(why, page.nowMs)] as const,
  )
  const isWaiting = result.queue !== null && result.queue.ended === null
  const word = isWaiting ? page.paint('warning', 'QUEUED') : page.paint('bad', 'REFUSED')
  return [
    ...headline(word, result),
    ...conflictLines(result.conflicts, result.more_conflicts, page),
    ...waiterLines(result.waiters, page),
    '',
    result.queue === null ? 'Nothing was claimed.' : placeLine(result.queue, page),
    ...warnings,
    ...nextSteps(commands, page),
  ]
}

export function checkFace(result: OperationResult<'check'>, page: Page): readonly string[] {
  if (result.safe) {
    const beside = result.would === 'coexist' ? ', beside others that hold it shared' : ''
    return [`${page.paint('good', 'safe')}: a claim would be granted${beside}.`]
  }
  const first = result.conflicts[0]?.claim.id
  const next: readonly (readonly [string, string])[] = [
    ...(first === undefined ? [] : [[`skein why ${first}`, 'how it came to that'] as const]),
    ...(result.waiters.length === 0 ? [] : [['skein queue', 'who waits for what'] as const]),
  ]
  return [
    ...headline(page.paint('bad', 'NOT SAFE'), result),
    ...conflictLines(result.conflicts, result.more_conflicts, page),
    ...waiterLines(result.waiters, page),
    ...nextSteps(next, page),
  ]
}

/** What a claim is about, in one word or two: `src/auth/**`, `resource port-5432`, `src/a.ts A::b`. */
export function scopeName(scope: Scoped): string {
  const kind = scope.kind === 'resource' || scope.kind === 'task' ? `${scope.kind} ` : ''
  const symbols = scope.symbols.length === 0 ? '' : ` ${scope.symbols.join(', ')}`
  return `${kind}${scope.pattern}${symbols}`
}

export function traits(scope: Scoped): string {
  const words = [scope.mode === 'shared' ? 'shared' : '', scope.kind === 'module' ? 'module' : '']
  return words.filter((word) => word !== '').join(', ')
}

export function quoted(description: string): string {
  return description === '' ? '' : `"${description}"`
}

/** Claims that are yours now, under one fence. */
export function grantedLines(
  claims: readonly ClaimJson[],
  word: string,
  page: Page,
): readonly string[] {
  const [first] = claims
  if (first === undefined) return [page.paint('good', word)]
  const width = Math.max(...claims.map((claim) => widthOf(scopeName(claim))))
  const fence = first.fence === null ? 'no fence' : `fence ${String(first.fence)}`
  return [
    `${page.paint('good', word)} until ${until(first.expires_at, page.nowMs)}, ${fence}`,
    ...claims.map((claim) => {
      const name = page.paint('strong', scopeName(claim)) + padding(scopeName(claim), width)
      const more = traits(claim) === '' ? '' : `  (${traits(claim)})`
      return `  ${name}  ${claim.id}${more}`
    }),
    page.paint('quiet', `When done: skein release ${claims.length === 1 ? first.id : '--mine'}`),
  ]
}

function headline(
  word: string,
  { conflicts, waiters }: Pick<OperationResult<'claim'>, 'conflicts' | 'waiters'>,
): readonly string[] {
  const [first] = conflicts
  if (first === undefined) {
    const who = [...new Set(waiters.map(({ agent }) => agent))]
    if (who.length === 0) return [`${word}.`]
    const names = who.length === 1 ? (who[0] ?? '') : count(who.length, 'other')
    return [`${word}: nobody holds it, but ${names} waited for it first.`]
  }
  const yours = [...new Set(conflicts.map((conflict) => conflict.your_pattern))]
  const others = [...new Set(conflicts.map((conflict) => conflict.claim.agent))]
  const what = yours.length === 1 ? first.your_pattern : count(yours.length, 'of your pattern')
  const who = others.length === 1 ? first.claim.agent : count(others.length, 'other')
  return [`${word}: ${what} ${yours.length === 1 ? 'is' : 'are'} held by ${who}.`]
}

function conflictLines(
  conflicts: readonly Conflict[],
  more: number,
  page: Page,
): readonly string[] {
  const shown = conflicts.slice(0, CONFLICTS_SHOWN_MAX)
  const hidden = conflicts.length - shown.length + more
  return [
    ...shown.flatMap((conflict) => ['', ...conflictFacts(conflict, page)]),
    ...(hidden === 0 ? [] : ['', `  and ${String(hidden)} more: skein claims`]),
  ]
}

function conflictFacts(conflict: Conflict, page: Page): readonly string[] {
  const { claim, lock_delay_s: delay } = conflict
  const extra = traits(claim) === '' ? '' : ` (${traits(claim)})`
  const where = [claim.machine, claim.branch === null ? '' : `branch ${claim.branch}`]
  const facts: readonly (readonly [string, string])[] = [
    ['who', `${holderName(claim, page)} on ${where.filter((word) => word !== '').join(', ')}`],
    ['what', `${page.paint('strong', scopeName(claim))}${extra}`],
    [
      'until',
      delay === null
        ? until(claim.expires_at, page.nowMs)
        : `ended, and kept free for another ${span(delay * 1000)}: its holder may still be writing`,
    ],
    ['why', quoted(claim.description)],
    ['both', overlapText(conflict)],
    ['claim', claim.id],
  ]
  return pairs(facts, page)
}

/** Only what the two patterns do not say already. */
function overlapText({ overlap, your_pattern: yours, claim }: Conflict): string {
  const news = overlap.filter((path) => path !== yours && path !== claim.pattern)
  const shown = news.slice(0, PATHS_SHOWN_MAX).join(', ')
  const hidden = news.length - PATHS_SHOWN_MAX
  return hidden > 0 ? `${shown}, and ${String(hidden)} more` : shown
}

/** The daemon names paths from the root; whoever stands in a folder below would type something else. */
function typeable(command: string, { toRoot }: Page): string {
  return toRoot === '' || / (?:clm|que|req)_/.test(command)
    ? command
    : `(cd ${shellQuote(toRoot)} && ${command})`
}
