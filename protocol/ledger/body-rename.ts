// The kind of record by which a claim follows its declarations.
import type { Renaming } from '../claim.ts'
import type { ClaimId, RequestId } from '../ids.ts'

/** Declarations got new names in their holder's files: the claim keeps id and fence, and names them by both. */
export interface Rename {
  readonly kind: 'rename'
  readonly rid: RequestId | null
  readonly id: ClaimId
  readonly renamed: readonly Renaming[]
  /** All that the claim names from now on. */
  readonly symbols: readonly string[]
}
