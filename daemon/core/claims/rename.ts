// A claim follows its declarations to their new names. The old names stay claimed: in other checkouts they stand until the
// work has landed. The new ones must be free, as for a claim of them.
import { isSymbolInside, LIMITS, parseSymbol, type Renaming } from '../../../protocol/index.ts'
import { levelOf } from '../queue/order.ts'
import { standingOf } from '../queue/waits.ts'
import type { RenameCommand } from './command.ts'
import { fail, type Decision, type DecisionContext, type Request } from './decision.ts'
import { tooMany } from './grant.ts'
import { ownLive } from './life.ts'

export function decideRename(
  request: Request,
  command: RenameCommand,
  context: DecisionContext,
): Decision {
  const { view, waits, delays, now } = context
  const { party, id } = command
  const found = ownLive(view, party, [id])
  if (!Array.isArray(found)) return found
  const [claim] = found
  if (claim?.kind !== 'symbol') return fail('CLAIM_NOT_NARROWER', `${id} names no symbols`)
  const renamed = command.renamed
    .map(({ from, to }): Renaming => ({ from: parseSymbol(from), to: parseSymbol(to) }))
    .filter(({ from, to }) => {
      return isSymbolInside(from, claim.symbols) && !isSymbolInside(to, claim.symbols)
    })
  if (renamed.length === 0) {
    return { kind: 'answer', outcome: { kind: 'renamed', claims: [{ live: true, claim }] } }
  }
  const fresh = [...new Set(renamed.map(({ to }) => to))]
  const symbols = [...claim.symbols, ...fresh]
  if (symbols.length > LIMITS.scopesMax) {
    return fail('INPUT_SIZE', `${id} would name more than ${String(LIMITS.scopesMax)} symbols`)
  }
  const { pattern, mode } = claim
  const scopes = [{ kind: 'symbol', pattern, symbols: fresh, mode } as const]
  // Who waits for a new name goes before: for that name the holder is a newcomer.
  const rank = { level: levelOf('normal', 0), index: Infinity }
  const standing = standingOf(waits, view, { party: claim, scopes, rank }, delays, now, false)
  if (standing.kind === 'behind') {
    const { conflicts, more } = standing.judgement
    const { ahead } = standing
    return {
      kind: 'answer',
      outcome: { kind: 'refused', conflicts, more, ahead, circle: [] },
    }
  }
  const crowded = tooMany(standing.judgement.partners)
  if (crowded !== null) return crowded
  const body = { kind: 'rename', rid: request.rid, id, renamed, symbols } as const
  return { kind: 'append', bodies: [body], warnings: [] }
}
