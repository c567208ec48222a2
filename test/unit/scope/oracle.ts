// A second, naive reading of patterns: strings and backtracking, no folding tables, no automata. Slow and short, so that it
// can be checked by eye; it knows ASCII only and takes well-formed patterns. And the small worlds that tests range over.
import fc from 'fast-check'
import { parsePattern, type Pattern } from '../../../protocol/scope/pattern.ts'
import { SkeinError } from '../../../protocol/errors.ts'

export function parse(text: string): Pattern {
  return parsePattern(text, { caseExact: false })
}

export function oracleMatches(pattern: string, path: string): boolean {
  return expand(pattern.toLowerCase()).some((one) =>
    [one, one.replaceAll('[', BRACKET)].some((reading) => matchesOne(reading, path.toLowerCase())),
  )
}

/** Paths of up to three names over a, b and the dot; two levels of all names, three of some. */
export const UNIVERSE: readonly string[] = makeUniverse()

/** Patterns over the same letters, every sign in them; some are refused (`..`, empty). */
export const patternText: fc.Arbitrary<string> = makePatternText()

/** The accepted ones of a fixed sample. */
export function samplePatterns(count: number, seed: number): readonly string[] {
  return fc.sample(patternText, { numRuns: count, seed }).filter(isAccepted)
}

export function isAccepted(text: string): boolean {
  try {
    parse(text)
    return true
  } catch (error) {
    if (error instanceof SkeinError) return false
    throw error
  }
}

/** Stands for a bracket that opens no class. */
const BRACKET = '\u0001'

function expand(text: string): readonly string[] {
  const open = text.indexOf('{')
  if (open < 0) return [text]
  const options: string[] = []
  let depth = 0
  let start = open + 1
  for (let at = open; at < text.length; at++) {
    const char = text.charAt(at)
    if (char === '{') depth++
    if ((char === ',' && depth === 1) || (char === '}' && depth === 1)) {
      options.push(text.slice(start, at))
      start = at + 1
    }
    if (char === '}' && --depth === 0) break
  }
  return options.flatMap((option) => expand(text.slice(0, open) + option + text.slice(start)))
}

function matchesOne(pattern: string, path: string): boolean {
  const pieces = pattern.split('/')
  const segments = pieces.filter((piece) => piece !== '' && piece !== '.')
  if (pieces.at(-1) === '') segments.push('**')
  const names = segments.map((segment) => segment.replaceAll(BRACKET, '['))
  if (!/[*?[]/.test(segments.join('/'))) return `${path}/`.startsWith(`${names.join('/')}/`)
  return matchesSegments(segments, path.split('/'))
}

function matchesSegments(segments: readonly string[], names: readonly string[]): boolean {
  const [segment, ...rest] = segments
  const [name, ...below] = names
  if (segment === undefined) return name === undefined
  if (segment === '**' && rest.length === 0) return name !== undefined
  if (segment === '**' && matchesSegments(rest, names)) return true
  if (name === undefined) return false
  if (segment === '**') return matchesSegments(segments, below)
  return matchesName(segment, name) && matchesSegments(rest, below)
}

function matchesName(glob: string, name: string): boolean {
  if (glob === '') return name === ''
  const sign = glob.charAt(0)
  if (sign === '*') {
    return matchesName(glob.slice(1), name) || (name !== '' && matchesName(glob, name.slice(1)))
  }
  if (name === '') return false
  const close = glob.indexOf(']', 2)
  if (sign === '[') {
    const isMember = new RegExp(`^${glob.slice(0, close + 1).replace('[!', '[^')}$`)
    return isMember.test(name.charAt(0)) && matchesName(glob.slice(close + 1), name.slice(1))
  }
  const isSame = sign === '?' || (sign === BRACKET ? '[' : sign) === name.charAt(0)
  return isSame && matchesName(glob.slice(1), name.slice(1))
}

function makeUniverse(): readonly string[] {
  const names = ['a', 'b', 'aa', 'ab', 'ba', 'bb', 'a.', '.a', 'b.', '.b', '[ab]', 'bab']
  const few = ['a', 'b', 'ab', '.a', 'b.']
  const join = (tops: readonly string[], below: readonly string[]): readonly string[] =>
    tops.flatMap((top) => below.map((name) => `${top}/${name}`))
  return [...names, ...join(names, names), ...join(join(few, few), few)]
}

function makePatternText(): fc.Arbitrary<string> {
  const char = fc.constantFrom(
    'a',
    'b',
    'a',
    'b',
    'A',
    '.',
    '*',
    '*',
    '?',
    '[ab]',
    '[!a]',
    '[a-b.]',
  )
  const brace = fc.constantFrom('{a,b}', '{,a}', '{a*,b/b}', '{a,{b,?}}', '{*/a,b}', '{a/,[!b]}')
  const piece = fc.oneof({ arbitrary: char, weight: 9 }, { arbitrary: brace, weight: 1 })
  const name = fc.array(piece, { minLength: 1, maxLength: 3 }).map((pieces) => pieces.join(''))
  const segment = fc.oneof(
    { arbitrary: name, weight: 5 },
    { arbitrary: fc.constantFrom('**', 'a', 'b'), weight: 3 },
    { arbitrary: fc.constantFrom('.', ''), weight: 1 },
  )
  return fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'))
}
