// What is known of one file, as the rest of the daemon sees it.
import type { FileSymbol } from './outline.ts'

export type FileSymbols = Outline | Unsupported

export interface Outline {
  readonly kind: 'outline'
  readonly language: string
  /** In order of the file. */
  readonly symbols: readonly FileSymbol[]
  /** The source does not parse as a whole: declarations may be missing here, none is made up. */
  readonly hasErrors: boolean
}

/** Nothing can be said about its symbols. */
export interface Unsupported {
  readonly kind: 'unsupported'
  readonly why: Why
  /** The reason, for a person. */
  readonly unsupported: string
}

export type Why =
  'language' | 'missing' | 'unreadable' | 'outside' | 'size' | 'binary' | 'slow' | 'failed'

export function unsupported(why: Why, reason: string): Unsupported {
  return { kind: 'unsupported', why, unsupported: reason }
}
