// What a caller asks for, as canonical scopes: the text is bounded first, then the caller's checkout says what it means.
// 1. A link inside the checkout is judged by its target where that lies inside too, else by its own name.
// 2. An absolute path inside the checkout is mapped; any other is refused: read from the root it would protect nothing.
// 3. A path that is a folder is claimed as one. Without that look a name with an extension would be taken for a file
//    (docs/decisions/002-plain-paths.md).
// 4. What the disk cannot tell (no such path, no right, a name too long) is left as it was written.
import { lstatSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import {
  escapePath,
  judgeable,
  LIMITS,
  parsePattern,
  SkeinError,
  type OperationInput,
  type Scope,
} from '../../protocol/index.ts'
import { cleanName, type Place } from '../callers.ts'
import type { Part } from '../core/claims/command.ts'
import { relativeInside } from '../folders.ts'
import { createSlices } from '../slices.ts'
import { requireTaskId } from './task-terms.ts'

type GivenScope = OperationInput<'claim'>['scopes'][number]
type GivenSymbols = OperationInput<'narrow'>['symbols']

/**
 * Canonical scopes, each once, the symbols of one pattern together; what is wrong is told before anything happens. Two
 * hundred patterns made to be slow take their time. @throws SkeinError INPUT_PATTERN, INPUT_SCHEMA, INPUT_SIZE
 */
export async function readScopes(given: readonly GivenScope[], place: Place): Promise<Scope[]> {
  const scopes = new Map<string, Scope>()
  const slices = createSlices()
  let characters = 0
  if (given.length > LIMITS.scopesMax) throw tooLong(`${String(LIMITS.scopesMax)} scopes`)
  for (const scope of given) {
    if (slices.isOver()) await slices.pause()
    const read = readScope(scope, place)
    const key = JSON.stringify([read.kind, read.pattern, read.mode])
    const before = scopes.get(key)?.symbols ?? []
    const symbols = [...new Set([...before, ...read.symbols])]
    scopes.set(key, { ...read, symbols })
    characters += read.pattern.length + read.symbols.reduce((sum, { length }) => sum + length, 0)
    if (characters > LIMITS.scopesCharactersMax)
      throw tooLong(`${String(LIMITS.scopesCharactersMax)} characters of patterns and symbols`)
  }
  return [...scopes.values()]
}

/** `{FILE: [A::b]}` as scopes to be read. */
export function symbolScopes(symbols: GivenSymbols): readonly GivenScope[] {
  const entries = Object.entries(symbols ?? {})
  return entries.map(([pattern, names]) => ({ kind: 'symbol', pattern, symbols: names }))
}

/** What a holder keeps: patterns as it held them, and symbols of files. */
export async function readParts(
  input: Pick<OperationInput<'narrow'>, 'patterns' | 'symbols'>,
  place: Place,
): Promise<Part[]> {
  const files = (input.patterns ?? []).map((pattern) => ({ kind: 'file' as const, pattern }))
  const scopes = await readScopes([...files, ...symbolScopes(input.symbols)], place)
  return scopes.map(({ kind, pattern, symbols }) => ({
    pattern,
    symbols: kind === 'symbol' ? symbols : null,
  }))
}

/** The parts that name symbols, as scopes to be looked up. */
export function namedIn(parts: readonly Part[]): readonly Scope[] {
  return parts.flatMap(({ pattern, symbols }): Scope[] =>
    symbols === null ? [] : [{ kind: 'symbol', pattern, symbols, mode: 'exclusive' }],
  )
}

/** A pattern of a caller at this place, from the checkout's root. @throws SkeinError INPUT_PATTERN */
export function placePattern(pattern: string, place: Pick<Place, 'checkout' | 'config'>): string {
  const { checkout, config } = place
  // Text that no pattern may have must not reach the disk.
  parsePattern(pattern, { caseExact: config.case === 'exact' })
  if (checkout === null) {
    if (pattern.startsWith('/')) throw refuse(pattern, 'is absolute, and this call has no checkout')
    return pattern
  }
  const { root } = checkout
  const { names, rest } = splitAtSigns(pattern)
  const start = pattern.startsWith('/') ? '/' : root
  const found = names.reduce<Found>((at, name) => follow(path.join(at.place, name), root), {
    place: start,
    isFolder: true,
  })
  const inside = relativeInside(root, found.place)
  if (inside === null) throw refuse(pattern, `is not inside ${root}`)
  const isMoved = found.place !== path.join(root, ...names)
  const written = isMoved ? join(escapePath(inside), rest, pattern.endsWith('/')) : pattern
  return rest === '' && inside !== '' && found.isFolder && !written.endsWith('/')
    ? `${written}/`
    : written
}

function readScope(scope: GivenScope, place: Place): Scope {
  const { kind, symbols } = readKind(scope)
  const mode = scope.mode ?? 'exclusive'
  const pattern =
    kind === 'resource'
      ? cleanName(scope.pattern, 'the name of a resource')
      : kind === 'task'
        ? taskName(scope)
        : placePattern(scope.pattern, place)
  const judged = judgeable(
    { kind, pattern, symbols, mode },
    { caseExact: place.config.case === 'exact' },
  )
  return { kind: judged.kind, pattern: judged.pattern, symbols: judged.symbols, mode }
}

/** A file with symbols means the symbols, as callers of `coord` say it. */
function readKind({ kind, symbols = [] }: GivenScope): Pick<Scope, 'kind' | 'symbols'> {
  if (kind === 'symbol' && symbols.length === 0) {
    throw new SkeinError('INPUT_SCHEMA', "a scope of kind 'symbol' names `symbols`")
  }
  if (symbols.length === 0) return { kind, symbols }
  if (kind === 'file' || kind === 'symbol') return { kind: 'symbol', symbols }
  throw new SkeinError('INPUT_SCHEMA', `a scope of kind '${kind}' has no symbols`)
}

function tooLong(most: string): SkeinError {
  return new SkeinError('INPUT_SIZE', `more than ${most} in one call`)
}

function taskName({ pattern, mode }: OperationInput<'claim'>['scopes'][number]): string {
  requireTaskId(pattern)
  if (mode !== 'shared') return pattern
  throw new SkeinError('INPUT_SCHEMA', 'a task is one session\u2019s: it is not claimed shared')
}

/** A backslash takes the sign behind it for itself: such names are left to the reader of patterns. */
const SIGN = /[*?[{}\\]/

/** Leading names, then the pattern from the first segment with a sign in it. */
function splitAtSigns(text: string): { readonly names: readonly string[]; readonly rest: string } {
  const segments = text.split('/')
  const first = segments.findIndex((segment) => SIGN.test(segment))
  const literal = first < 0 ? segments : segments.slice(0, first)
  return {
    names: literal.filter((name) => name !== '' && name !== '.'),
    rest: first < 0 ? '' : segments.slice(first).join('/'),
  }
}

interface Found {
  readonly place: string
  readonly isFolder: boolean
}

function follow(place: string, root: string): Found {
  try {
    const stat = lstatSync(place, { throwIfNoEntry: false })
    if (stat?.isSymbolicLink() !== true) return { place, isFolder: stat?.isDirectory() === true }
    const target = realpathSync.native(place)
    const isFolder = statSync(target).isDirectory()
    const leads = relativeInside(root, target) === null && relativeInside(root, place) !== null
    return { place: leads ? place : target, isFolder }
  } catch {
    return { place, isFolder: false }
  }
}

function join(start: string, rest: string, isTree: boolean): string {
  if (rest !== '') return start === '' ? rest : `${start}/${rest}`
  if (start === '') return '**'
  return isTree ? `${start}/` : start
}

function refuse(pattern: string, what: string): SkeinError {
  return new SkeinError('INPUT_PATTERN', `The pattern \`${pattern}\` ${what}.`, {
    hint: 'Name paths from the root of the repository.',
    data: { pattern },
  })
}
