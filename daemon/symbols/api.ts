// What the rest of the daemon asks of symbols, and what it is answered.
import type { SymbolIndex } from '../ports-symbols.ts'
import type { FileSymbols, Unsupported } from './file-symbols.ts'
import type { UnknownSymbol } from './unknown.ts'

export interface Symbols extends SymbolIndex {
  /** What the file declares. @param file absolute. @throws SkeinError BUSY, DAEMON_DOWN; the signal's reason */
  symbolsOf(file: string, signal?: AbortSignal): Promise<FileSymbols>
  stats(): SymbolStats
  /** Ends the thread and forgets everything; idempotent. */
  stop(): Promise<void>
}

export type CheckedSymbols =
  | {
      readonly kind: 'checked'
      readonly language: string
      readonly known: readonly string[]
      readonly unknown: readonly UnknownSymbol[]
      readonly hasErrors: boolean
    }
  | Unsupported

export interface SymbolStats {
  readonly parses: number
  readonly stampHits: number
  readonly contentHits: number
  readonly threadStarts: number
  readonly isThreadRunning: boolean
  readonly cachedFiles: number
  readonly cachedBytes: number
}
