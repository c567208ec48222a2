// What covers changed files, and what a remote is told of claims.
import type { OperationResult } from '../../../protocol/index.ts'
import { holderName, nextSteps } from './people.ts'
import type { Page } from './page.ts'
import { scopeName } from './scope.ts'
import { commandLine, count } from './text.ts'
import { until } from './time.ts'

type Covered = OperationResult<'cover'>

export function coverFace(result: Covered, page: Page): readonly string[] {
  const claims = new Map(result.claims.map((claim) => [claim.id, claim]))
  const lines = result.paths.map(({ path, verdict, claims: ids, symbols, rule }) => {
    const claim = claims.get(ids[0] ?? '')
    const where = symbols.length === 0 ? path : `${path} ${symbols.join(', ')}`
    if (rule !== null) return `${page.paint('bad', 'PROTECTED')}  ${path}  by ${rule}`
    if (claim === undefined) return `${page.paint('quiet', 'free')}  ${path}`
    const holder = `${holderName(claim, page)} until ${until(claim.expires_at, page.nowMs)}`
    if (verdict === 'own')
      return `${page.paint('good', 'yours')}  ${path}  ${claim.id}  fence ${String(claim.fence)}`
    const word = page.paint('bad', verdict === 'unsettled' ? 'UNSETTLED' : 'HELD')
    return `${word}  ${where}  by ${holder}  ${claim.id} ${scopeName(claim)}`
  })
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
  const lines = tokens.flatMap(({ fence, claims }) =>
    claims.map((claim) => `${String(fence)}  ${scopeName(claim)}  ${claim.agent}  ${claim.id}`),
  )
  const noted = provisional.map((claim) => `not confirmed  ${scopeName(claim)}  ${claim.agent}`)
  const at = `generation ${String(position.generation)}, term ${String(position.term)}, index ${String(position.index)}`
  return [...lines, ...noted, page.paint('quiet', `${count(tokens.length, 'token')} at ${at}`)]
}

export function landedFace(result: OperationResult<'landed'>, page: Page): readonly string[] {
  return [
    ...result.released.map(
      (claim) => `${page.paint('good', 'landed')} ${scopeName(claim)}  ${claim.id}`,
    ),
    ...result.kept.map(({ id, why }) => `kept ${id}: ${why}`),
  ]
}
