// Symbol paths: `Router::handle` names the declaration `handle` in `Router`, and all within it. Always exact in case, in
// NFC. What a parser finds in a file is not known here.
import { LIMITS } from '../limits.ts'
import { SkeinError } from '../errors.ts'
import { UNPRINTABLE } from './syntax.ts'

/** The canonical form. Throws INPUT_PATTERN for empty parts, control characters and what is too long. */
export function parseSymbol(text: string): string {
  const parts = text
    // Kotlin and Scala write some names in them, and models quote with them; no name holds one.
    .replaceAll('`', '')
    .normalize('NFC')
    .split(SEPARATOR)
    .map((part) => part.trim())
  const symbol = parts.join(SEPARATOR)
  if (symbol.length > LIMITS.patternCharactersMax) {
    throw refuseSymbol(text, `has more than ${String(LIMITS.patternCharactersMax)} characters`)
  }
  if (symbol.search(UNPRINTABLE) >= 0) throw refuseSymbol(text, 'has a control character')
  // Else `C:::d` could lie in `C` or in `C:`.
  if (symbol.includes(':::')) throw refuseSymbol(text, 'has three colons in a row')
  if (parts.includes('')) throw refuseSymbol(text, 'has an empty part')
  return symbol
}

/** Is one the other, or does one lie in the other? `A::b` lies in `A`; `AB` does not. */
export function symbolsOverlap(a: string, b: string): boolean {
  return a === b || a.startsWith(b + SEPARATOR) || b.startsWith(a + SEPARATOR)
}

/** Does the inner one lie in one of the outer ones, or is it one of them? */
export function isSymbolInside(inner: string, outer: readonly string[]): boolean {
  return outer.some((symbol) => inner === symbol || inner.startsWith(symbol + SEPARATOR))
}

/**
 * `FILE:A::b` in its two parts: each way to read it, the shortest file first. Files and symbols may hold a colon of their
 * own (`A::init(a:b:)`), so which one is meant only a look at the files can tell. Empty when the text is no such pair.
 */
export function splitSymbol(text: string): readonly FileAndSymbol[] {
  return [...text.matchAll(/(?<!:):(?!:)/g)].flatMap(({ index }) => {
    const [file, symbol] = [text.slice(0, index), text.slice(index + 1)]
    return file.trim() === '' || symbol.trim() === '' ? [] : [{ file, symbol }]
  })
}

export interface FileAndSymbol {
  readonly file: string
  readonly symbol: string
}

/** Those of mine that overlap one of theirs, in my order. Linear in both, whatever their size. */
export function overlappingSymbols(
  mine: readonly string[],
  theirs: readonly string[],
): readonly string[] {
  const held = new Set(theirs)
  const holding = new Set(theirs.flatMap(ancestors))
  return mine.filter(
    (symbol) =>
      held.has(symbol) || holding.has(symbol) || ancestors(symbol).some((up) => held.has(up)),
  )
}

const SEPARATOR = '::'
const SHOWN_MAX = 120

/** `A::b::c` lies in `A` and in `A::b`. */
function ancestors(symbol: string): readonly string[] {
  const found: string[] = []
  for (let at = symbol.indexOf(SEPARATOR); at > 0; at = symbol.indexOf(SEPARATOR, at + 2)) {
    found.push(symbol.slice(0, at))
  }
  return found
}

function refuseSymbol(text: string, what: string): SkeinError {
  const shown = text.slice(0, SHOWN_MAX).replace(UNPRINTABLE, '\u{fffd}')
  return new SkeinError('INPUT_PATTERN', `The symbol \`${shown}\` ${what}.`, {
    hint: 'Name a declaration as the file nests it: `Class::method`.',
  })
}
