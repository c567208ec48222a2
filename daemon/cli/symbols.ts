// Symbols as they are typed: `NAME`, of every pattern beside it, or `FILE:NAME`. A colon may belong to the file's name or
// to the symbol's (`A::init(a:b:)`): a file that is there decides, then what looks like one.
import { lstatSync } from 'node:fs'
import path from 'node:path'
import { splitSymbol, type FileAndSymbol } from '../../protocol/index.ts'
import { usage, type Command } from './arguments.ts'

export interface Typed {
  /** Patterns that are meant as a whole. */
  readonly whole: readonly string[]
  /** Symbols by file or glob. */
  readonly symbols: Readonly<Record<string, readonly string[]>>
}

export interface TypedWords {
  readonly patterns: readonly string[]
  readonly symbols: readonly string[]
  /** May a pattern be `FILE:NAME` too? */
  readonly isSubject?: boolean
}

/**
 * @param place writes a pattern from the root of the repository.
 * @param cwd null where files cannot be looked for.
 * @throws SkeinError INPUT_USAGE
 */
export function readTyped(
  words: TypedWords,
  command: Command,
  place: (pattern: string) => string,
  cwd: string | null,
): Typed {
  const { isSubject = false } = words
  const pairs = words.patterns.map((word) =>
    isSubject && !isThere(word, cwd) ? pairOf(word, cwd) : null,
  )
  const patterns = words.patterns.filter((_, at) => pairs[at] === null).map(place)
  const found = new Map<string, string[]>()
  const add = (pattern: string, symbol: string): void => {
    found.set(pattern, [...(found.get(pattern) ?? []), symbol])
  }
  for (const pair of pairs) if (pair !== null) add(place(pair.file), pair.symbol)
  let isNamed = false
  for (const word of words.symbols) {
    const pair = pairOf(word, cwd)
    if (pair !== null) {
      add(place(pair.file), pair.symbol)
      continue
    }
    if (patterns.length === 0) {
      throw usage(
        `\`--symbol ${word}\` does not say of which file: --symbol FILE:NAME`,
        command.verb,
      )
    }
    isNamed = true
    for (const pattern of patterns) add(pattern, word)
  }
  return { whole: isNamed ? [] : patterns, symbols: Object.fromEntries(found) }
}

function pairOf(word: string, cwd: string | null): FileAndSymbol | null {
  const pairs = splitSymbol(word)
  return (
    pairs.find(({ file }) => isThere(file, cwd)) ??
    pairs.find(({ file }) => /[./*]/.test(file) && !/::|\(/.test(file)) ??
    null
  )
}

function isThere(file: string, cwd: string | null): boolean {
  if (cwd === null || file === '' || file.includes('\0')) return false
  try {
    return lstatSync(path.resolve(cwd, file), { throwIfNoEntry: false }) !== undefined
  } catch {
    // A name that no disk takes is no file.
    return false
  }
}
