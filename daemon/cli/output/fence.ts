// What covers changed files, and what a remote is told of claims.
import type { OperationResult } from '../../../protocol/index.ts'
import { holderName, nextSteps } from './people.ts'
import { table, type Column, type Page } from './page.ts'
import { scopeName } from './scope.ts'
import { commandLine, count } from './text.ts'
import { relative } from './time.ts'

type Covered = OperationResult<'cover'>

const COVER_COLUMNS: readonly Column[] = [
  { title: 'WHOSE', rank: null },
  { title: 'FILE', rank: 2, widthMin: 12, style: 'strong' },
  { title: 'HOW', rank: 1, widthMin: 12, isOptional: true },
  { title: 'CLAIM', rank: null, isOptional: true },
]
const FENCE_COLUMNS: readonly Column[] = [
  { title: 'FENCE', rank: null },
  { title: 'SCOPE', rank: 2, widthMin: 12, style: 'strong' },
  { title: 'HOLDER', rank: 1 },
  { title: 'CLAIM', rank: null },
]

export function coverFace(result: Covered, page: Page): readonly string[] {
  const claims = new Map(result.claims.map((claim) => [claim.id, claim]))
  const rows = result.paths.map(({ path, verdict, claims: ids, symbols, rule }) => {
    const claim = claims.get(ids[0] ?? '')
    const where = symbols.length === 0 ? path : `${path} ${symbols.join(', ')}`
    if (verdict === 'unapproved') return ['UNAPPROVED', path, `in '${rule ?? ''}'`, '']
    if (rule !== null) return ['PROTECTED', path, `by ${rule}`, '']
    if (claim === undefined) return ['free', path, '', '']
    if (verdict === 'own') return ['yours', path, `fence ${String(claim.fence)}`, claim.id]
    const left = relative(claim.expires_at, page.nowMs)
    const scope = scopeName(claim) === path ? '' : `: ${scopeName(claim)}`
    const word = verdict === 'unsettled' ? 'UNSETTLED' : 'HELD'
    return [word, where, `by ${holderName(claim, page)}, ends ${left}${scope}`, claim.id]
  })
  const rowsShown = rows.length === 0 ? ['No files.'] : table(COVER_COLUMNS, rows, page)
  const notes = (result.notes ?? []).map((note) => `${page.paint('quiet', 'note')}  ${note}`)
  const lines = [...rowsShown, ...notes]
  const blocking = result.paths.find(({ verdict }) => verdict === 'other')
  const id = blocking?.claims[0]
  if (blocking === undefined || id === undefined) return lines
  return [
    ...lines,
    ...nextSteps(
      [
        [commandLine(['request', id, '--reason', 'TEXT']), 'ask the holder to give way'],
        [commandLine(['claim', blocking.path, '--wait', '10m']), 'wait for it'],
      ],
      page,
    ),
  ]
}

export function fenceFace(result: OperationResult<'fence'>, page: Page): readonly string[] {
  const { position, tokens, provisional } = result
  const rows = [
    ...tokens.flatMap(({ fence, claims }) =>
      claims.map((claim) => [String(fence), scopeName(claim), claim.agent, claim.id]),
    ),
    ...provisional.map((claim) => ['not confirmed', scopeName(claim), claim.agent, claim.id]),
  ]
  const at = `generation ${String(position.generation)}, term ${String(position.term)}, index ${String(position.index)}`
  const lines = rows.length === 0 ? [] : table(FENCE_COLUMNS, rows, page)
  return [...lines, page.paint('quiet', `${count(tokens.length, 'token')} at ${at}`)]
}

export function landedFace(result: OperationResult<'landed'>, page: Page): readonly string[] {
  return [
    ...result.released.map(
      (claim) => `${page.paint('good', 'landed')} ${scopeName(claim)}  ${claim.id}`,
    ),
    ...result.kept.map(({ id, why }) => `kept ${id}: ${why}`),
  ]
}
