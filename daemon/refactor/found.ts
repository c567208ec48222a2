// What a search for the uses of a symbol found, as plain data.
import type { Place } from '../ports-symbols.ts'

export interface Definition {
  /** From the root. */
  readonly file: string
  /** `A::b` */
  readonly symbol: string
  /** The last part of it, as it stands in a file. */
  readonly name: string
  /** Where the name stands in its declaration; null where it does not (`default`). */
  readonly place: Place | null
}

export interface FoundUses {
  /** Null: by names. */
  readonly server: string | null
  readonly files: readonly UsedFile[]
  /** For people: what may be missing, and why. */
  readonly notes: readonly string[]
}

export interface UsedFile {
  /** From the root. */
  readonly file: string
  /** How often it is used there. */
  readonly uses: number
  /** Declarations with uses in them; empty where the file is meant as a whole. */
  readonly symbols: readonly string[]
  /** Why the file is meant as a whole; null where declarations are. */
  readonly whole: string | null
}

/** Where a language server says that the symbol is used, by file from the root. */
export type UsedPlaces = ReadonlyMap<string, readonly Place[]>
