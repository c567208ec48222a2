// Words of a script into values: variables that the script itself has set, braces, a leading tilde. Pure.
import path from 'node:path'
import { escapePath } from '../../../protocol/index.ts'
import type { Word, WordPart } from '../../shell-script.ts'
import { UNTOLD, type Arg, type ShellWrite, type Value } from './writes.ts'

/** What a shell would know at one place of a script. */
export interface Surroundings {
  /** Null once the script has gone where only the shell could tell. */
  readonly folder: string | null
  readonly home: string
  /** Null: set to something unknown. */
  readonly variables: ReadonlyMap<string, string | null>
}

/** `a{b,c}{d,e}` makes four; a word that makes more is not followed. */
const BRACED_MAX = 64
const GLOB_SIGNS = /[*?[]/

/** The values of a word; braces make several. A null stands for a word that cannot be told. */
export function valuesOf(word: Word, around: Surroundings): readonly Arg[] {
  const pieces = word.parts.map((part, at) => pieceOf(part, at, around))
  const untold = pieces.indexOf(null)
  if (untold >= 0) return [flagBefore(pieces.slice(0, untold))]
  const known = pieces.filter((piece) => piece !== null)
  const alternatives = expandBraces(joined(known))
  return alternatives === null ? [null] : alternatives.map(valueOf)
}

/** Which flag it is may be known without its value. */
function flagBefore(pieces: readonly (Piece | null)[]): Arg {
  const text = pieces.map((piece) => piece?.text ?? '').join('')
  return text.startsWith('-') ? { text: text + UNTOLD, glob: null } : null
}

/** The one value of a word; null where it cannot be told or is several. */
export function valueOfWord(word: Word, around: Surroundings): Arg {
  const [value = null, ...more] = valuesOf(word, around)
  return more.length > 0 ? null : value
}

/** A value as a path: absolute, without `.` and `..`; null where the folder is not known. */
export function placeOf(value: Arg, { folder }: Pick<Surroundings, 'folder'>): Value | null {
  if (value === null || value.text === '' || value.text.includes(UNTOLD)) return null
  const isAbsolute = path.isAbsolute(value.text)
  if (!isAbsolute && folder === null) return null
  const base = isAbsolute || folder === null ? '' : folder
  const text = path.resolve(base, value.text)
  if (value.glob === null) return { text, glob: null }
  return { text, glob: isAbsolute ? value.glob : path.posix.join(escapePath(base), value.glob) }
}

/** Each word as a file. */
export function all(
  args: readonly Arg[],
  folder: string | null,
  why: string,
  isTree = false,
): readonly ShellWrite[] {
  return args.map((arg): ShellWrite => {
    const place = placeOf(arg, { folder })
    return place === null
      ? { kind: 'unknown', why }
      : { kind: 'file', place, ...(isTree ? { tree: 'all' as const } : {}) }
  })
}

interface Piece {
  readonly text: string
  readonly isQuoted: boolean
}

function pieceOf(part: WordPart, at: number, around: Surroundings): Piece | null {
  switch (part.kind) {
    case 'unknown':
      return null
    case 'text': {
      const isHome = at === 0 && !part.isQuoted && /^~(?:\/|$)/.test(part.text)
      return isHome ? { ...part, text: around.home + part.text.slice(1) } : part
    }
    case 'variable': {
      const text = variableOf(part.name, around)
      // Outside of quotes it would be split, and its signs be globs; in quotes it stays whole. Taken as whole.
      return text === null ? null : { text, isQuoted: true }
    }
  }
}

function variableOf(name: string, { variables, folder, home }: Surroundings): string | null {
  const known = variables.get(name)
  if (known !== undefined) return known
  if (name === 'PWD') return folder
  return name === 'HOME' ? home : null
}

/** Neighbours of one sort as one: the parser cuts words at their braces. */
function joined(pieces: readonly Piece[]): readonly Piece[] {
  const whole: Piece[] = []
  for (const piece of pieces) {
    const before = whole.at(-1)
    if (before?.isQuoted === piece.isQuoted)
      whole.splice(-1, 1, { ...piece, text: before.text + piece.text })
    else whole.push(piece)
  }
  return whole
}

/** Each alternative as pieces; null: too many. Only braces within one unquoted piece are looked at, innermost first. */
function expandBraces(pieces: readonly Piece[]): readonly (readonly Piece[])[] | null {
  const waiting: (readonly Piece[])[] = [pieces]
  const done: (readonly Piece[])[] = []
  for (let word = waiting.shift(); word !== undefined; word = waiting.shift()) {
    const at = word.findIndex(({ text, isQuoted }) => !isQuoted && BRACES.test(text))
    const piece = word[at]
    if (piece === undefined) done.push(word)
    else waiting.push(...alternativesOf(piece).map((each) => word.toSpliced(at, 1, each)))
    if (waiting.length + done.length > BRACED_MAX) return null
  }
  return done
}

const BRACES = /\{([^{}]*,[^{}]*)\}/

function alternativesOf({ text, isQuoted }: Piece): readonly Piece[] {
  const found = BRACES.exec(text)
  if (found === null) return [{ text, isQuoted }]
  const [whole, inside = ''] = found
  return inside.split(',').map((each) => ({
    text: text.slice(0, found.index) + each + text.slice(found.index + whole.length),
    isQuoted,
  }))
}

function valueOf(pieces: readonly Piece[]): Value {
  const text = pieces.map((piece) => piece.text).join('')
  const isGlob = pieces.some((piece) => !piece.isQuoted && GLOB_SIGNS.test(piece.text))
  if (!isGlob) return { text, glob: null }
  const glob = pieces
    .map((piece) => (piece.isQuoted ? escapePath(piece.text) : piece.text))
    .join('')
  return { text, glob }
}
