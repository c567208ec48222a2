// Patterns: which paths of a repository a claim is about. Anchored at the root; the grammar stands in syntax.ts.
//
// - A pattern without signs covers its path and everything under it; a trailing slash is `/**`; `src/**` is what lies
//   below `src`. Braces are shorthand for several patterns, each judged on its own: `{a,b}` covers what lies below a or b.
// - A plain path may be a file or a folder, and text cannot tell. One whose name has an extension is taken for a file where
//   it meets a glob: else `**/*.ts` would overlap a claim on `main.rs` (in `main.rs/x.ts`). Whoever knows it for a folder
//   writes `socket.io/`. Extended literally (`socket.io/lib`), it overlaps all the same.
// - `*` takes leading dots as any other character. `**` is any number of whole segments; within a segment it is `*`.
// - Paths are as git prints them: from the root, `/` between names, no `.` or `..`.
// - Parsing bounds what any question about two patterns can cost: see STEPS_MAX and CHARS_MAX.
import { LIMITS } from '../limits.ts'
import { type Alternative, makeAlternative } from './alternative.ts'
import { foldText } from './fold.ts'
import { linesMeet } from './line.ts'
import { countExpansions, cutSegments, expandBraces, joinSegments, readingsOf } from './normal.ts'
import { fitsName } from './segment.ts'
import { countChars, createSegmentTable } from './segment-table.ts'
import { type Nodes, printNodes, readNodes, refuse, UNPRINTABLE } from './syntax.ts'

/** A parsed pattern. Only `text`, `caseExact` and `path` are for others; the rest is for the questions in this folder. */
export interface Pattern {
  /** Canonical: parsing it gives it again. Equal texts mean equal patterns; not the other way round. */
  readonly text: string
  readonly caseExact: boolean
  /** The one path that it covers, with all below, as it was written; null if it has signs. */
  readonly path: string | null
  /** The pattern is their union. Never empty. */
  readonly alternatives: readonly Alternative[]
  readonly segmentCount: number
}

export interface PatternOptions {
  /** `.skein.yml: case: exact`. One for all patterns of a repository. */
  readonly caseExact: boolean
}

/** Patterns read lately, by text: one claim's is asked for at the door, by the judge and by each fold. */
const PATTERNS_REMEMBERED = 2_048
const remembered = { exact: new Map<string, Pattern>(), folded: new Map<string, Pattern>() }

/** Reads a pattern. Throws INPUT_PATTERN, with the pattern and what is wrong with it, for anything that cannot be judged. */
export function parsePattern(text: string, options: PatternOptions): Pattern {
  const known = options.caseExact ? remembered.exact : remembered.folded
  const found = known.get(text)
  if (found !== undefined) return found
  const pattern = readPattern(text, options)
  known.set(text, pattern)
  if (known.size > PATTERNS_REMEMBERED) known.delete(known.keys().next().value ?? '')
  return pattern
}

function readPattern(text: string, options: PatternOptions): Pattern {
  refuseText(text)
  const nodes = readNodes(text.normalize('NFC'))
  const readings = expand(text, nodes)
  const table = createSegmentTable(options.caseExact)
  const alternatives = readings.flatMap((reading) => makeAlternative(reading, table, text) ?? [])
  const steps = alternatives.reduce((sum, alternative) => sum + alternative.steps.length, 0)
  if (steps > STEPS_MAX || countChars(table) > CHARS_MAX) {
    throw refuse(text, 'expands to more than can be judged in time', SPLIT_IT)
  }
  const canonical = printNodes(joinSegments(cutSegments(nodes)))
  refuseLength(canonical)
  const [only] = alternatives
  return {
    text: canonical,
    caseExact: options.caseExact,
    path: alternatives.length === 1 && only !== undefined ? only.path : null,
    alternatives,
    segmentCount: table.segments.size,
  }
}

/** Does the pattern cover the path? */
export function matchesPath(pattern: Pattern, path: string): boolean {
  const folded = pattern.caseExact ? path.normalize('NFC') : foldText(path)
  const slashed = `${folded}/`
  let names: readonly string[] | null = null
  for (const alternative of pattern.alternatives) {
    if (!slashed.startsWith(alternative.head)) continue
    if (alternative.isPlain) return true
    names ??= folded.split('/')
    if (linesMeet(alternative.steps, names, fitsName)) return true
  }
  return false
}

/**
 * The pattern for one path and what lies below it, whatever signs are in its name. Characters that no pattern can spell
 * (a backslash, a control character) become `?`.
 */
export function escapePath(path: string): string {
  const spelled = path
    .replace(/[*?[{}]|\\/g, (sign) => (sign === '\\' ? '?' : `\\${sign}`))
    .replace(UNPRINTABLE, '?')
  return spelled.startsWith('!') ? `\\${spelled}` : spelled
}

/**
 * Steps in all alternatives together. With CHARS_MAX it bounds a question about two patterns: at most STEPS_MAX squared
 * looks at a table, and CHARS_MAX squared comparisons of characters. A pattern without braces never comes near.
 */
const STEPS_MAX = 2_048
/** Characters in distinct segments. */
const CHARS_MAX = 2_048

const SPLIT_IT = 'Claim several smaller patterns in one call.'

function refuseText(text: string): void {
  if (text.trim() === '') throw refuse(text, 'is empty', 'For the whole repository claim `**`.')
  refuseLength(text)
  if (text.search(UNPRINTABLE) >= 0) {
    throw refuse(
      text,
      'has a control character or a mark of writing direction',
      'Put `?` in its place.',
    )
  }
  if (text.startsWith('!')) {
    throw refuse(
      text,
      'begins with `!`, and a claim cannot exclude',
      'Claim what you need, or write `\\!` for a name with that character.',
    )
  }
}

function refuseLength(text: string): void {
  if (text.length <= LIMITS.patternCharactersMax) return
  throw refuse(
    text,
    `has ${String(text.length)} characters, and ${String(LIMITS.patternCharactersMax)} are the most`,
    SPLIT_IT,
  )
}

function expand(text: string, nodes: Nodes): readonly Nodes[] {
  const max = LIMITS.patternAlternativesMax
  // Counted first: nested braces multiply beyond any memory.
  const count = countExpansions(nodes)
  if (count > max) {
    throw refuse(text, `expands to more than ${String(max)} alternatives`, SPLIT_IT)
  }
  return expandBraces(nodes).flatMap(readingsOf)
}
