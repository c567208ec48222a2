// One segment of a pattern: a name, or a glob within one name. A segment never fits `.` or `..`, which are no names; that
// is what keeps "there is a common path" true to paths that can exist.
import { ANY_CHAR, charsMeet, type Char, isCharInside, withoutDot } from './char-set.ts'
import { type Fuel, isLineInside, type Line, linesMeet, STAR } from './line.ts'

export interface Segment {
  /** Dense from 0 within its pattern; equal segments of one pattern are one object. */
  readonly id: number
  /** The (folded) name, or null for a glob. */
  readonly name: string | null
  /** What fits a glob: whatever fits one of these. Empty where nothing does, as for `[.]`. */
  readonly lines: readonly Line<Char>[]
  /** Set for the commonest globs, `*.ts` and `test_*`: what stands before and after the one star. */
  readonly affixes: Affixes | null
}

interface Affixes {
  readonly prefix: string
  readonly suffix: string
}

export function makeName(id: number, name: string): Segment {
  return { id, name, lines: [], affixes: null }
}

/** A null line fits nothing. */
export function makeGlob(id: number, line: Line<Char> | null): Segment {
  if (line === null) return { id, name: null, lines: [], affixes: null }
  const lines = withoutDots(line)
  return { id, name: null, lines, affixes: lines.length === 1 ? affixesOf(line) : null }
}

/** The code points of a text. */
export function toChars(text: string): readonly number[] {
  const chars: number[] = []
  for (const char of text) chars.push(char.codePointAt(0) ?? 0)
  return chars
}

export function fitsNothing(segment: Segment): boolean {
  return segment.name === null && segment.lines.length === 0
}

/** Does the (folded) name fit? */
export function fitsName(segment: Segment, name: string): boolean {
  if (segment.name !== null) return segment.name === name
  if (segment.affixes !== null) {
    const { prefix, suffix } = segment.affixes
    const isLongEnough = name.length >= prefix.length + suffix.length
    return isLongEnough && name.startsWith(prefix) && name.endsWith(suffix)
  }
  const chars = toChars(name)
  return segment.lines.some((line) => linesMeet(line, chars, charsMeet))
}

/** Is there a name that fits both? */
export function segmentsMeet(a: Segment, b: Segment): boolean {
  if (a.name !== null) return fitsName(b, a.name)
  if (b.name !== null) return fitsName(a, b.name)
  return a.lines.some((x) => b.lines.some((y) => linesMeet(x, y, charsMeet)))
}

/** Does every name that fits `inner` fit `outer`? Null is any name. As sure as isLineInside is; a glob is in no name. */
export function isSegmentInside(inner: Segment | null, outer: Segment, fuel: Fuel): boolean {
  if (inner !== null && inner.name !== null) return fitsName(outer, inner.name)
  const lines = inner === null ? [ANY_NAME] : inner.lines
  return lines.every((line) => {
    const isAny = line.length === 1 && line[0] === STAR
    return isLineInside(isAny ? ANY_NAME : line, outer.lines, isCharInside, fuel)
  })
}

/** `*` as a whole segment: names are never empty, so `?*` holds it too. */
const ANY_NAME: Line<Char> = [ANY_CHAR, STAR]

/**
 * The line without the names `.` and `..`. Only a line of one or two characters needs it: two lines that both have a star
 * and meet in `..` meet in a longer name as well (let each star take what the other side has, and a letter).
 */
function withoutDots(line: Line<Char>): readonly Line<Char>[] {
  if (line.length > 2) return [line]
  const undotted = line.map((char) => (char === STAR ? STAR : withoutDot(char)))
  // With a star it is not short; where a character is never a dot the name is not all dots.
  if (undotted.some((rest, i) => rest === STAR || rest === line[i])) return [line]
  return undotted.flatMap((rest, i) => (rest === null || rest === STAR ? [] : [line.with(i, rest)]))
}

function affixesOf(line: Line<Char>): Affixes | null {
  const star = line.indexOf(STAR)
  const before = textOf(line.slice(0, star))
  const after = textOf(line.slice(star + 1))
  return star < 0 || before === null || after === null ? null : { prefix: before, suffix: after }
}

function textOf(line: Line<Char>): string | null {
  let text = ''
  for (const char of line) {
    if (typeof char !== 'number') return null
    text += String.fromCodePoint(char)
  }
  return text
}
