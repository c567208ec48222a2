// Patterns as they are typed, from the working directory, into patterns from the checkout's root.
// 1. The names before the first glob sign are a place on this disk: `..` and links in them are followed as the system would.
// 2. A link inside the checkout is judged by its target if that lies inside too, else by its own name.
// 3. Whatever stands from the first glob sign on is passed on as it was written.
// 4. What cannot be a path (empty, `!x`) is passed on whole: the judge of patterns refuses it, and says why.
import { lstatSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { SkeinError } from '../../protocol/index.ts'

export interface Whereabouts {
  /** The working directory, absolute and without links. */
  readonly cwd: string
  /** The root of the checkout around it; null outside of one. */
  readonly root: string | null
}

/** The nearest folder at or above `cwd` that holds a `.git`, folder or file. Asks no git: this is on the path of `check`. */
export function findWhereabouts(cwd: string): Whereabouts {
  const real = realpathSync.native(cwd)
  for (let folder = real; ; folder = path.dirname(folder)) {
    const isRoot = lstatSync(path.join(folder, '.git'), { throwIfNoEntry: false }) !== undefined
    if (isRoot) return { cwd: real, root: folder }
    if (path.dirname(folder) === folder) return { cwd: real, root: null }
  }
}

/** From the working directory to the root, as in `../..`; empty when they are the same, or there is none. */
export function pathToRoot(folder: string | null): string {
  if (folder === null) return ''
  const { cwd, root } = findWhereabouts(folder)
  return root === null ? '' : path.relative(cwd, root)
}

/**
 * The same pattern, from the root.
 * @throws SkeinError INPUT_PATTERN when it leaves the checkout.
 */
export function fromRoot(typed: string, { cwd, root }: Whereabouts): string {
  if (typed.trim() === '' || typed.startsWith('!') || typed.includes('\0')) return typed
  if (root === null) {
    if (!typed.startsWith('/')) return typed
    throw refuse(typed, 'is absolute, and you are in no checkout', 'cd into the repository.')
  }
  const text = typed.replace(BACKSLASH_AS_SLASH, '/')
  const { names, rest } = splitAtSigns(text)
  const place = followNames(text.startsWith('/') ? '/' : cwd, names, root)
  const inside = relativeInside(root, place)
  if (inside === null) throw refuse(typed, 'leaves the checkout', `Name paths inside ${root}.`)
  const start = escapeSigns(inside)
  if (rest !== '') return start === '' ? rest : `${start}/${rest}`
  if (start === '') return '**'
  return text.endsWith('/') ? `${start}/` : start
}

/** People paste paths from Windows; before a sign a backslash takes the sign for itself. */
const BACKSLASH_AS_SLASH = /\\(?![*?[\]{},!])/g
/** An unescaped sign of the grammar of patterns. */
const SIGN = /(?<!\\)[*?[{}]/

/** Leading names as the disk spells them, then the pattern from the first segment with a sign in it. */
function splitAtSigns(text: string): { readonly names: readonly string[]; readonly rest: string } {
  const segments = text.split('/')
  const first = segments.findIndex((segment) => SIGN.test(segment))
  const literal = first < 0 ? segments : segments.slice(0, first)
  return {
    names: literal.filter((name) => name !== '' && name !== '.').map(unescapeSigns),
    rest: first < 0 ? '' : segments.slice(first).join('/'),
  }
}

/**
 * Names as a pattern spells them: what protocol's escapePath does, which would bring the whole reader of patterns into the
 * start of `check`. A test holds the two together.
 */
export function escapeSigns(place: string): string {
  const spelled = place
    .replace(/[*?[{}]|\\/g, (sign) => (sign === '\\' ? '?' : `\\${sign}`))
    .replace(UNSPELLABLE, '?')
  return spelled.startsWith('!') ? `\\${spelled}` : spelled
}

const UNSPELLABLE = /[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069\u200e\u200f\u061c]/gu

export function unescapeSigns(segment: string): string {
  return segment.replace(/\\(.)/g, '$1')
}

/** Where a walk over these names ends, whether or not that exists. */
function followNames(start: string, names: readonly string[], root: string): string {
  let place = start
  for (const name of names) {
    place = name === '..' ? path.dirname(place) : step(path.join(place, name), root)
  }
  return place
}

function step(place: string, root: string): string {
  let target: string
  try {
    if (!lstatSync(place).isSymbolicLink()) return place
    target = realpathSync.native(place)
  } catch {
    // It does not exist yet, or nothing is told about it: then its name is all there is.
    return place
  }
  const leads = relativeInside(root, target) === null && relativeInside(root, place) !== null
  return leads ? place : target
}

/** Path from the root, empty for the root itself; null outside. */
function relativeInside(root: string, place: string): string | null {
  if (place === root) return ''
  const base = root.endsWith('/') ? root : `${root}/`
  return place.startsWith(base) ? place.slice(base.length) : null
}

function refuse(typed: string, what: string, hint: string): SkeinError {
  return new SkeinError('INPUT_PATTERN', `The pattern \`${typed}\` ${what}.`, {
    hint,
    data: { pattern: typed },
  })
}
