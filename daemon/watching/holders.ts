// Whose is a file that changed in a checkout: of a session that works there, or of somebody elsewhere? Pure.
import {
  escapePath,
  judgeable,
  overlapScopes,
  type LedgerClaim,
  type PeerId,
  type SessionId,
} from '../../protocol/index.ts'
import type { View } from '../core/view.ts'

export interface Whose {
  /** Sessions that hold it and work in this checkout: the change is theirs, as far as anybody can tell. */
  readonly here: readonly SessionId[]
  /** Claims of others; empty where somebody here holds it. */
  readonly elsewhere: readonly LedgerClaim[]
}

/** @param worksHere of a session of this machine */
export function whose(
  view: View,
  file: string,
  self: PeerId,
  worksHere: (session: SessionId) => boolean,
): Whose {
  const scope = { kind: 'file', pattern: escapePath(file), symbols: [], mode: 'exclusive' } as const
  const asked = judgeable(scope, view)
  const here: SessionId[] = []
  const elsewhere: LedgerClaim[] = []
  for (const id of view.index.candidates(asked)) {
    const claim = view.state.claims.get(id)
    const held = view.scopes.get(id)
    if (claim === undefined || held === undefined || overlapScopes(asked, held) === null) continue
    if (claim.peer === self && worksHere(claim.session)) here.push(claim.session)
    // Which of its declarations changed cannot be told afterwards.
    else if (claim.kind !== 'symbol') elsewhere.push(claim)
  }
  return { here, elsewhere: here.length > 0 ? [] : elsewhere }
}
