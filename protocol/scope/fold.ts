// Case: the one place that says which names are the same name. Overlap is judged on folded text, unless a repository says
// `case: exact`. The fold is Unicode's simple one (one character to one character, the same in every locale), after and
// before NFC, so that two spellings of one name, composed or not, fold to the same string. It is not a display form.

/** Ranges of code points, both ends included: sorted, disjoint and not adjacent. */
export type Ranges = readonly (readonly [first: number, last: number])[]

/** The form of a path or name in which equal means "the same name, whatever its case". Idempotent. */
export function foldText(text: string): string {
  if (isAscii(text)) return text.toLowerCase()
  let folded = ''
  for (const char of text.normalize('NFC')) folded += foldChar(char)
  // Folding can bring a letter and a mark together that have a composed form only in lower case (J + caron).
  return folded.normalize('NFC')
}

/** The ranges and every other case of what lies in them. Unions, intersections and complements of such sets are such sets. */
export function closeOverCase(ranges: Ranges): Ranges {
  const closed = ranges.map(([first, last]): [number, number] => [first, last])
  for (const range of ranges) for (const other of otherCases(range)) closed.push([other, other])
  return mergeRanges(closed)
}

/** Sorts, and joins what overlaps or touches. */
export function mergeRanges(ranges: readonly (readonly [number, number])[]): Ranges {
  const merged: [number, number][] = []
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const before = merged.at(-1)
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last)
    else merged.push([first, last])
  }
  return merged
}

const ASCII_LAST = 0x7f
/** Turkish only; every other language keeps it apart from `i`, and so does Unicode's fold. */
const DOTLESS_I = '\u0131'
/** Nothing above (Adlam) has case in Unicode 16; planes from 2 on are ideographs. */
const CASED_LAST = 0x1ffff
/** The only letters beyond ASCII that fold to ASCII ones: long s and the Kelvin sign. */
const FOLDS_TO_ASCII = new Map([
  ['s', 0x17f],
  ['k', 0x212a],
])

/** Up, then down: the three sigmas have one upper case and two lower ones. Cases of several characters are left alone. */
function foldChar(char: string): string {
  if (char === DOTLESS_I) return char
  const upper = char.toUpperCase()
  const raised = isOneChar(upper) ? upper : char
  const lower = raised.toLowerCase()
  return isOneChar(lower) ? lower : raised
}

function otherCases(range: readonly [number, number]): readonly number[] {
  const [first, last] = range
  if (last <= ASCII_LAST) return otherCasesOfAscii(first, last)
  const found: number[] = []
  for (const [code, cases] of casesOfAll()) {
    if (code >= first && code <= last) found.push(...cases)
  }
  return found
}

function otherCasesOfAscii(first: number, last: number): readonly number[] {
  const found: number[] = []
  for (let code = first; code <= last; code++) {
    const char = String.fromCharCode(code)
    const lower = char.toLowerCase()
    found.push(lower.charCodeAt(0), char.toUpperCase().charCodeAt(0))
    const beyond = FOLDS_TO_ASCII.get(lower)
    if (beyond !== undefined) found.push(beyond)
  }
  return found
}

let casesOnceMade: readonly Cases[] | null = null

/** A code point and all that are cases of it, itself included. */
type Cases = readonly [code: number, cases: readonly number[]]

/** All code points that have cases. Made on the first class beyond ASCII (20 ms); the same in every run. */
function casesOfAll(): readonly Cases[] {
  if (casesOnceMade !== null) return casesOnceMade
  const byFold = new Map<number, number[]>()
  for (let code = 0; code <= CASED_LAST; code++) {
    const folded = foldChar(String.fromCodePoint(code)).codePointAt(0)
    if (folded === undefined || folded === code) continue
    const cases = byFold.get(folded)
    if (cases === undefined) byFold.set(folded, [folded, code])
    else cases.push(code)
  }
  casesOnceMade = [...byFold.values()].flatMap((cases) => cases.map((code): Cases => [code, cases]))
  return casesOnceMade
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > ASCII_LAST) return false
  return true
}

function isOneChar(text: string): boolean {
  return text.length === 1 || (text.length === 2 && text.codePointAt(0) !== text.charCodeAt(0))
}
