// The socket of what is known of files' insides: the parser's thread, or a twin of it in test/.
import type { ShellScript } from './shell-script.ts'

/** Symbols of the files in a checkout: the parser thread, or a twin of it. */
export interface SymbolIndex {
  /**
   * Does the file declare these? What one of its symbols lies in counts as declared.
   * @param file from the root
   * @throws SkeinError INPUT_PATTERN, BUSY, DAEMON_DOWN; the signal's reason
   */
  checkSymbols(
    root: string,
    file: string,
    wanted: readonly string[],
    signal?: AbortSignal,
  ): Promise<SymbolAnswer>
  /** Which symbols would this edit touch? @param file from the root @throws SkeinError BUSY, DAEMON_DOWN; the signal's reason */
  touchedBy(
    root: string,
    file: string,
    edit: FileEdit,
    signal?: AbortSignal,
  ): Promise<TouchedAnswer>
  /** A shell command as plain data. @throws SkeinError BUSY, DAEMON_DOWN; the signal's reason */
  readShell(command: string, signal?: AbortSignal): Promise<ShellAnswer>
  /**
   * The innermost declarations on the lines of each version of a file, whose name says its language.
   * @throws SkeinError BUSY, DAEMON_DOWN; the signal's reason
   */
  touchedIn(
    file: string,
    versions: readonly ChangedVersion[],
    signal?: AbortSignal,
  ): Promise<ChangedAnswer>
  /** What a version of a file declares, whose name says its language. @throws as touchedIn */
  outlineOf(
    file: string,
    bytes: Uint8Array<ArrayBuffer>,
    signal?: AbortSignal,
  ): Promise<OutlineAnswer>
  /** Where an identifier is used in a file, and in what. @param file from the root @throws as touchedIn */
  usesOf(root: string, file: string, asked: UsesAsked, signal?: AbortSignal): Promise<UsesAnswer>
  /** Can a name of the one file be meant in the other? `unknown`: no language is known for it. */
  kinship(file: string, other: string): 'same' | 'other' | 'unknown'
}

export interface DeclaredSymbol extends LineSpan {
  /** `A::b::c` */
  readonly path: string
  readonly kind: string
  /** Further places of the same path. */
  readonly also?: readonly LineSpan[]
}

/** Lines from 1, both of them in it. */
export interface LineSpan {
  readonly startLine: number
  readonly endLine: number
}

export type OutlineAnswer =
  | {
      readonly kind: 'outline'
      readonly language: string
      readonly symbols: readonly DeclaredSymbol[]
      readonly hasErrors: boolean
    }
  | NoAnswer

/** Which identifier is looked for in a file, and where somebody who knows says that it is meant. */
export interface UsesAsked {
  readonly name: string
  /** Null: wherever the name stands. */
  readonly places: readonly Place[] | null
}

export interface Place {
  /** From 1. */
  readonly line: number
  /** From 0, in UTF-16 units. */
  readonly column: number
}

export type UsesAnswer =
  | {
      readonly kind: 'uses'
      readonly places: readonly Place[]
      /** So many of them stand in an `import`, or what the language has for one. */
      readonly imports: number
      /** The innermost declarations around the others. */
      readonly symbols: readonly string[]
      /** Some of the others lie in no declaration. */
      readonly isOutside: boolean
      readonly declared: readonly DeclaredSymbol[]
      readonly hasErrors: boolean
    }
  | NoAnswer

interface NoAnswer {
  readonly kind: 'unsupported'
  readonly why: NoSymbols
  readonly unsupported: string
}

/** What somebody is about to do to a file. */
export type FileEdit =
  | { readonly kind: 'replace'; readonly changes: readonly TextChange[] }
  /** Null: what it will hold is not known. */
  | { readonly kind: 'whole'; readonly text: string | null }

export interface TextChange {
  readonly old: string
  readonly now: string
}

/** A version of a file, before or after a change, and where it differs. */
export interface ChangedVersion {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Lines from 1; a range that ends before it starts lies between the two. */
  readonly lines: readonly { readonly startLine: number; readonly endLine: number }[]
}

export type TouchedAnswer =
  | {
      readonly kind: 'touched'
      /** The innermost ones. */
      readonly symbols: readonly string[]
      /** Some line lies in no symbol. */
      readonly isOutside: boolean
    }
  | { readonly kind: 'unknown'; readonly why: string }

export type ShellAnswer =
  | { readonly kind: 'script'; readonly script: ShellScript }
  | { readonly kind: 'unknown'; readonly why: string }

/** What the changed lines of a file's versions lie in. */
export type ChangedAnswer =
  | {
      readonly kind: 'touched'
      readonly symbols: readonly string[]
      /** Some line lies in no declaration. */
      readonly isOutside: boolean
      /** The file does not parse as a whole: a line that lies in no declaration may lie in one that was not found. */
      readonly hasErrors: boolean
    }
  | { readonly kind: 'unsupported'; readonly why: NoSymbols; readonly unsupported: string }

export type SymbolAnswer =
  | {
      readonly kind: 'checked'
      readonly language: string
      /** In canonical form. */
      readonly known: readonly string[]
      readonly unknown: readonly UndeclaredSymbol[]
      /** The file does not parse as a whole: declarations of it may be missing here. */
      readonly hasErrors: boolean
    }
  | {
      readonly kind: 'unsupported'
      readonly why: NoSymbols
      /** The reason, for a person. */
      readonly unsupported: string
    }

export interface UndeclaredSymbol {
  readonly symbol: string
  /** Likely ones first. */
  readonly nearest: readonly string[]
}

/** Why nothing can be said about the symbols of a file. */
export type NoSymbols =
  'language' | 'missing' | 'unreadable' | 'outside' | 'size' | 'binary' | 'slow' | 'failed'
