// The text of a pattern, read into nodes and printed back. Two rules make the canonical text stable: whatever can be
// spelled in several ways is printed in one, and what is printed is read as the same nodes again.
//
//   *  ?  **          within a segment, one character, any number of whole segments
//   [abc] [a-z]       a class; [!x] and [^x] its complement; ] first in it is itself; it never spans a slash
//   {a,b}             the patterns that it expands to; may nest and span slashes; without a comma it is just text
//   \x                the sign x itself, where x is one of  * ? [ ] { } , !  (in a class:  [ ] ! ^ -); any other
//                     backslash is a separator, as people paste paths from Windows. So no name holds a backslash.
//
// A class whose range runs backwards is text as well: web frameworks name folders `[user-id]`.
import { SkeinError } from '../errors.ts'
import type { Ranges } from './fold.ts'

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'star' }
  | { readonly kind: 'slash' }
  | ClassNode
  | { readonly kind: 'brace'; readonly options: readonly Nodes[] }

export interface ClassNode {
  readonly kind: 'class'
  /** As it was written, brackets and escapes included. */
  readonly source: string
  /** The file name that it spells if it is no class at all. */
  readonly name: string
  readonly isNegated: boolean
  readonly ranges: Ranges
}

export type Nodes = readonly Node[]

/** Reads NFC text. Throws INPUT_PATTERN for what is never closed and for signs of other grammars. */
export function readNodes(text: string): Nodes {
  const cursor: Cursor = { text, at: 0 }
  const nodes = readSequence(cursor, 0)
  if (cursor.at === text.length) return nodes
  throw refuse(text, 'has a `}` that nothing opened', hintOf('}'))
}

/** The text of nodes, in the one spelling that is canonical. */
export function printNodes(nodes: Nodes): string {
  const text = print(nodes, 0)
  return text.startsWith('!') ? `\\${text}` : text
}

/** A refusal that shows the pattern, cut and with whatever could disturb a terminal masked. */
export function refuse(text: string, what: string, hint?: string): SkeinError {
  const shown = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text
  const masked = shown.replace(UNPRINTABLE, '\u{fffd}')
  return new SkeinError('INPUT_PATTERN', `The pattern \`${masked}\` ${what}.`, {
    ...(hint === undefined ? {} : { hint }),
  })
}

/** Control characters, lone surrogates, line separators and marks of writing direction: they make texts lie. */
export const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069\u200e\u200f\u061c]/gu

interface Cursor {
  readonly text: string
  at: number
}

const SHOWN_MAX = 120
/** Past the end of a text; no pattern holds it. */
const END = 0
const ESCAPABLE = '*?[]{},!'
const ESCAPABLE_IN_CLASS = '[]!^-'
/** A run without signs. */
const TEXT = /[^*?/\\[{},]+/y

/** Up to the end, or in braces up to the comma or brace that ends the option. */
function readSequence(cursor: Cursor, depth: number): Nodes {
  const nodes: Node[] = []
  while (cursor.at < cursor.text.length) {
    const sign = cursor.text.charAt(cursor.at)
    if (sign === '}' || (sign === ',' && depth > 0)) break
    if (sign === '{') nodes.push(...readBrace(cursor, depth + 1))
    else if (sign === '[') nodes.push(readClass(cursor))
    else nodes.push(readOne(cursor, sign))
  }
  return nodes
}

function readOne(cursor: Cursor, sign: string): Node {
  TEXT.lastIndex = cursor.at
  const run = TEXT.exec(cursor.text)?.[0] ?? sign
  cursor.at += run.length
  if (run === '*') return { kind: 'star' }
  if (run === '?') return { kind: 'any' }
  if (run === '/') return { kind: 'slash' }
  if (run !== '\\') return { kind: 'text', text: run }
  const escaped = cursor.text.charAt(cursor.at)
  if (escaped === '' || !ESCAPABLE.includes(escaped)) return { kind: 'slash' }
  cursor.at++
  return { kind: 'text', text: escaped }
}

function readBrace(cursor: Cursor, depth: number): Nodes {
  const start = cursor.at
  const options: Nodes[] = []
  do {
    cursor.at++
    options.push(readSequence(cursor, depth))
  } while (cursor.text.charAt(cursor.at) === ',')
  if (cursor.text.charAt(cursor.at) !== '}') {
    throw refuse(cursor.text, 'has a `{` that is never closed', hintOf('{'))
  }
  cursor.at++
  const [only] = options
  if (options.length > 1 || only === undefined) return [{ kind: 'brace', options }]
  refuseSequence(cursor.text, cursor.text.slice(start, cursor.at))
  return [{ kind: 'text', text: '{' }, ...only, { kind: 'text', text: '}' }]
}

/** `{1..3}` is a list in a shell. Read as text it would claim a file that is not there, silently. */
function refuseSequence(text: string, source: string): void {
  if (!/^\{[\w-]+\.\.[\w-]+\}$/.test(source)) return
  throw refuse(
    text,
    `has the sequence \`${source}\`, which is not supported`,
    'List it: `{1,2,3}`.',
  )
}

function readClass(cursor: Cursor): Node {
  const start = cursor.at++
  const sign = cursor.text.charAt(cursor.at)
  const isNegated = sign === '!' || sign === '^'
  if (isNegated) cursor.at++
  const members = readMembers(cursor)
  const source = cursor.text.slice(start, cursor.at)
  const inside = members.map((member) => member.char).join('')
  const name = `[${isNegated ? sign : ''}${inside}]`
  const ranges = rangesOf(members)
  return ranges === null
    ? { kind: 'text', text: name }
    : { kind: 'class', source, name, isNegated, ranges }
}

interface Member {
  readonly char: string
  readonly isEscaped: boolean
}

/** What stands between the brackets; the cursor ends behind the closing one. */
function readMembers(cursor: Cursor): readonly Member[] {
  const { text } = cursor
  const members: Member[] = []
  for (;;) {
    const escaped = text.charAt(cursor.at) === '\\' ? text.charAt(cursor.at + 1) : ''
    const isEscaped = escaped !== '' && ESCAPABLE_IN_CLASS.includes(escaped)
    if (isEscaped) cursor.at++
    const char = String.fromCodePoint(text.codePointAt(cursor.at) ?? END)
    if (char === '/' || char === '\\' || cursor.at >= text.length) {
      throw refuse(text, 'has a `[` that is never closed', hintOf('['))
    }
    if (!isEscaped && text.startsWith('[:', cursor.at)) {
      throw refuse(text, 'has a named class like `[:alpha:]`', 'Write it out: `[a-z]`.')
    }
    cursor.at += char.length
    if (char === ']' && !isEscaped && members.length > 0) return members
    members.push({ char, isEscaped })
  }
}

/** Null if a range runs backwards. */
function rangesOf(members: readonly Member[]): Ranges | null {
  const ranges: [number, number][] = []
  for (let i = 0; i < members.length; i++) {
    const first = codeOf(members[i])
    const dash = members[i + 1]
    const isRange = dash?.char === '-' && !dash.isEscaped && i + 2 < members.length
    const last = isRange ? codeOf(members[i + 2]) : first
    if (last < first) return null
    ranges.push([first, last])
    if (isRange) i += 2
  }
  return ranges
}

function codeOf(member: Member | undefined): number {
  return member?.char.codePointAt(0) ?? 0
}

function print(nodes: Nodes, depth: number): string {
  return nodes.map((node) => printNode(node, depth)).join('')
}

function printNode(node: Node, depth: number): string {
  switch (node.kind) {
    case 'star':
      return '*'
    case 'any':
      return '?'
    case 'slash':
      return '/'
    case 'class':
      return node.source
    case 'brace':
      return `{${node.options.map((option) => print(option, depth + 1)).join(',')}}`
    case 'text':
      // A `]` that closes nothing is text, and reads better bare: `[[...slug]]`.
      return node.text.replace(depth > 0 ? /[*?[{},]/g : /[*?[{}]/g, '\\$&')
  }
}

function hintOf(sign: string): string {
  return `Write \`\\${sign}\` for a name with that character.`
}
