// What claiming and asking answer: what is yours now, or who has it, until when, and what to type next.
import { shellQuote, type OperationResult } from '../../../protocol/index.ts'
import { pairs, type Page } from './page.ts'
import { holderName, nextSteps } from './people.ts'
import { placeLine, waiterLines } from './queue.ts'
import { exceptText, quoted, scopeName, symbolsOf, traits } from './scope.ts'
import { count, padding } from './text.ts'
import { widthOf } from './width.ts'
import { humanTimes, span, until } from './time.ts'

type Conflict = OperationResult<'claim'>['conflicts'][number]
type ClaimJson = OperationResult<'claim'>['claims'][number]

/** More would be a page to scroll; `skein claims` lists them all. */
const CONFLICTS_SHOWN_MAX = 5
const PATHS_SHOWN_MAX = 3
const BESIDE_SHOWN_MAX = 10

export function claimFace(result: OperationResult<'claim'>, page: Page): readonly string[] {
  const warnings = result.warnings.map((warning) => page.paint('warning', `note: ${warning}`))
  if (result.status !== 'refused' && result.status !== 'queued') {
    return [
      ...grantedLines(result.claims, result.status, page),
      ...besideLines(result.beside, page),
      ...warnings,
    ]
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

export function checkFace(
  result: Omit<OperationResult<'check'>, 'as_of'>,
  page: Page,
): readonly string[] {
  const warnings = result.warnings.map((warning) => page.paint('warning', `note: ${warning}`))
  if (result.safe) {
    return [
      `${page.paint('good', 'safe')}: a claim would be granted${BESIDE[result.would] ?? ''}.`,
      ...besideLines(result.beside, page),
      ...warnings,
    ]
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
    ...(warnings.length === 0 ? [] : ['', ...warnings]),
    ...nextSteps(next, page),
  ]
}

/** What would meet a claim of many scopes. */
export function planFace(
  result: Pick<OperationResult<'check'>, 'conflicts' | 'more_conflicts' | 'waiters' | 'beside'> & {
    readonly warnings: readonly string[]
  },
  page: Page,
): readonly string[] {
  const safe = result.conflicts.length === 0 && result.waiters.length === 0
  const would = safe ? 'grant' : 'wait'
  return checkFace({ ...result, safe, would }, page)
}

const BESIDE: Readonly<Record<string, string>> = {
  coexist: ', beside claims on other symbols',
  narrow: ', and would narrow a claim on the whole file',
}

/** Whose work in the same files goes on. */
function besideLines(all: OperationResult<'claim'>['beside'], page: Page): readonly string[] {
  const shown = all.slice(0, BESIDE_SHOWN_MAX)
  const hidden = all.length - shown.length
  return [
    ...shown.map(({ agent, pattern, symbols, narrowed }) => {
      const what = page.paint('strong', symbolsOf(pattern, symbols))
      return narrowed
        ? `  out of ${what} of ${agent}, who is told`
        : `  beside ${what} of ${agent}: leave that alone`
    }),
    ...(hidden === 0 ? [] : [`  and ${String(hidden)} more`]),
  ]
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
      const words = [traits(claim), exceptText(claim)].filter((word) => word !== '').join(': ')
      return `  ${name}  ${claim.id}${words === '' ? '' : `  (${words})`}`
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
  const symbols = conflicts.length === 1 ? (first.symbol_overlap[0]?.symbols ?? []) : []
  const one = symbolsOf(first.your_pattern, symbols)
  const what = yours.length === 1 ? one : count(yours.length, 'of your pattern')
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

/** The symbols in question, else the paths that the two patterns do not say already. */
function overlapText(conflict: Conflict): string {
  const { overlap, your_pattern: yours, claim, symbol_overlap: shared } = conflict
  if (shared.length > 0) {
    return shared.map(({ file, symbols }) => symbolsOf(file, symbols)).join(', ')
  }
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
