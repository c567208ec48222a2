// What the rest of the daemon asks of symbols, and what it is answered.
import type {
  ChangedAnswer,
  ChangedVersion,
  FileEdit,
  ShellAnswer,
  TouchedAnswer,
  UsesAnswer,
  UsesAsked,
} from '../ports.ts'
import type { FileSymbols, Unsupported } from './file-symbols.ts'
import type { UnknownSymbol } from './unknown.ts'

export interface Symbols {
  /** What the file declares. @param file absolute. @throws SkeinError BUSY, DAEMON_DOWN; the signal's reason */
  symbolsOf(file: string, signal?: AbortSignal): Promise<FileSymbols>
  /**
   * Does the file declare these? What one of its symbols lies in counts as declared.
   * @param file from the root, or absolute; it must lie in the root after links are followed
   * @throws SkeinError INPUT_PATTERN for what is no symbol path; BUSY, DAEMON_DOWN; the signal's reason
   */
  checkSymbols(
    root: string,
    file: string,
    wanted: readonly string[],
    signal?: AbortSignal,
  ): Promise<CheckedSymbols>
  /** What an edit would touch. @throws SkeinError BUSY, DAEMON_DOWN; the signal's reason */
  touchedBy(
    root: string,
    file: string,
    edit: FileEdit,
    signal?: AbortSignal,
  ): Promise<TouchedAnswer>
  /** A command as plain data. @throws SkeinError BUSY, DAEMON_DOWN; the signal's reason */
  readShell(command: string, signal?: AbortSignal): Promise<ShellAnswer>
  /**
   * The innermost declarations on the lines of each version of a file.
   * @param file its name, which says the language; it is not read
   * @throws SkeinError BUSY, DAEMON_DOWN; the signal's reason
   */
  touchedIn(
    file: string,
    versions: readonly ChangedVersion[],
    signal?: AbortSignal,
  ): Promise<ChangedAnswer>
  /** What a version of a file declares; its name says the language, it is not read. @throws as touchedIn */
  outlineOf(
    file: string,
    bytes: Uint8Array<ArrayBuffer>,
    signal?: AbortSignal,
  ): Promise<FileSymbols>
  /** Where an identifier is used in a file, and in what. @param file from the root @throws as checkSymbols */
  usesOf(root: string, file: string, asked: UsesAsked, signal?: AbortSignal): Promise<UsesAnswer>
  /** Are two files in languages that use each other's names? By their names alone. */
  kinship(file: string, other: string): 'same' | 'other' | 'unknown'
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
