// Symbols that a caller names, looked up in its own checkout before anything is decided: one that its files do not declare
// is a typing error, and would protect nothing.
// 1. A file that is not there yet has no symbols to hold them against: they are taken as named, with a warning.
// 2. So are those of a caller whose checkout is not known: another's may be on another branch.
// 3. In a glob each symbol must be declared by one of the tracked files that it covers.
// 4. What the caller's party holds already is not looked up again: its own edits may have broken or renamed it.
import {
  foldText,
  isSameParty,
  matchesPath,
  nearest,
  parsePattern,
  SkeinError,
  type Party,
  type Scope,
} from '../../protocol/index.ts'
import type { Place } from '../callers.ts'
import type { CallContext } from '../client/operations.ts'
import type { NoSymbols, SymbolAnswer, UndeclaredSymbol } from '../ports-symbols.ts'
import { hostOf } from '../repos.ts'
import { createSlices, type Slices } from '../slices.ts'
import type { Parts } from './context.ts'

/** Callers give up after some 8 s; most files take milliseconds, and what was read until then is kept. */
const LOOKUP_MS_MAX = 5_000
const NAMED_IN_MESSAGE = 5
const NEAREST_MAX = 20
/** Edit distance is quadratic: so many names are compared, for so many unknown ones, in some milliseconds. */
const COMPARED_MAX = 400
const EXPLAINED_MAX = 5
/** Names that are longer than twice the wanted one, and this, are not what was meant. */
const SLACK = 8
/** What a look costs depends on the pattern: microseconds, or a millisecond. */
const LOOKS_BETWEEN_CLOCKS = 8

/** @returns warnings. @throws SkeinError SYMBOL_UNKNOWN, SYMBOL_UNSUPPORTED, SYMBOL_UNREADABLE, SYMBOL_PARSER, BUSY, INTERRUPTED */
export async function requireSymbols(
  parts: Parts,
  place: Place,
  asked: {
    readonly scopes: readonly Scope[]
    readonly party: Party
    readonly context: Pick<CallContext, 'signal'>
  },
): Promise<string[]> {
  const scopes = notHeld(
    place,
    asked.party,
    asked.scopes.filter(({ kind }) => kind === 'symbol'),
  )
  if (scopes.length === 0) return []
  if (place.checkout === null || !place.isOwn) return [UNCHECKED]
  const { root } = place.checkout
  const over = AbortSignal.timeout(LOOKUP_MS_MAX)
  const gone = asked.context.signal
  const signal = AbortSignal.any([gone, over])
  const lookup: Lookup = {
    tracked: (await parts.git.trackedFiles(place.checkout)).paths,
    caseExact: place.config.case === 'exact',
    slices: createSlices(),
    look: (file, symbols) => parts.symbols.checkSymbols(root, file, symbols, signal),
  }
  const warnings: string[] = []
  try {
    for (const scope of scopes) warnings.push(...(await requireScope(lookup, scope)))
  } catch (error) {
    if (error !== signal.reason) throw error
    throw gone.aborted ? new SkeinError('INTERRUPTED', 'the caller is gone') : tooSlow()
  }
  return warnings
}

const UNCHECKED =
  'symbols are taken as named: the call does not say in which checkout to look them up'

interface Lookup {
  /** From the root, as the disk spells them. */
  readonly tracked: readonly string[]
  readonly caseExact: boolean
  readonly slices: Slices
  readonly look: (file: string, symbols: readonly string[]) => Promise<SymbolAnswer>
}

/** The scopes without the symbols that a live claim of the party names for the same files. */
function notHeld(place: Place, party: Party, scopes: readonly Scope[]): readonly Scope[] {
  if (scopes.length === 0) return []
  const held = new Set<string>()
  for (const claim of hostOf(place.repo).loop.view().state.claims.values()) {
    if (claim.kind !== 'symbol' || !isSameParty(party, claim)) continue
    for (const symbol of claim.symbols) held.add(`${claim.pattern}:${symbol}`)
  }
  return scopes.flatMap((scope) => {
    const symbols = scope.symbols.filter((symbol) => !held.has(`${scope.pattern}:${symbol}`))
    return symbols.length === 0 ? [] : [{ ...scope, symbols }]
  })
}

function requireScope(lookup: Lookup, scope: Scope): Promise<string[]> {
  const { path } = parsePattern(scope.pattern, lookup)
  const isFile = path !== null && !scope.pattern.endsWith('/')
  return isFile ? requireInFile(lookup, path, scope) : requireInSome(lookup, scope)
}

async function requireInFile(lookup: Lookup, path: string, scope: Scope): Promise<string[]> {
  const { symbols } = scope
  let file = path
  let answer = await lookup.look(file, symbols)
  if (isMissing(answer)) {
    file = (await trackedFiles(lookup, (tracked) => isSpelled(lookup, tracked, path)))[0] ?? path
    if (file !== path) answer = await lookup.look(file, symbols)
  }
  if (answer.kind === 'checked') {
    if (answer.unknown.length === 0) return []
    throw unknownIn({ where: file, ...answer })
  }
  if (!isMissing(answer)) throw refusal(file, answer.why, answer.unsupported)
  return [`'${scope.pattern}' does not exist yet: its symbols are taken as named`]
}

function isMissing(answer: SymbolAnswer): boolean {
  return answer.kind === 'unsupported' && answer.why === 'missing'
}

/** Patterns are in NFC and judged without regard to case; a disk may tell one spelling from the other. */
function isSpelled({ caseExact }: Lookup, tracked: string, path: string): boolean {
  return caseExact ? tracked.normalize('NFC') === path : foldText(tracked) === foldText(path)
}

/** Each symbol must be in one of the files; once all are found the rest is not read. */
async function requireInSome(lookup: Lookup, scope: Scope): Promise<string[]> {
  const pattern = parsePattern(scope.pattern, lookup)
  const files = await trackedFiles(lookup, (file) => matchesPath(pattern, file))
  const closed: { readonly file: string; readonly why: NoSymbols; readonly reason: string }[] = []
  const near = new Map<string, string[]>(scope.symbols.map((symbol) => [symbol, []]))
  let hasErrors = false
  for (const file of files) {
    const answer = await lookup.look(file, [...near.keys()])
    if (answer.kind === 'unsupported') {
      if (answer.why !== 'missing') closed.push({ file, ...answer, reason: answer.unsupported })
      continue
    }
    hasErrors ||= answer.hasErrors
    for (const symbol of answer.known) near.delete(symbol)
    for (const { symbol, nearest: found } of answer.unknown)
      near.get(symbol)?.push(...found.slice(0, NAMED_IN_MESSAGE))
    if (near.size === 0) return []
  }
  // That it covers no tracked file is told already.
  if (files.length === 0) return []
  const shut = closed.find(({ why }) => why !== 'language')
  const [first] = closed
  const refused = shut ?? (closed.length === files.length ? first : undefined)
  if (refused !== undefined) throw refusal(refused.file, refused.why, refused.reason)
  const unknown = [...near].map(([symbol, found], at) => ({
    symbol,
    nearest: at < EXPLAINED_MAX ? nearestFirst(symbol, found) : [],
  }))
  throw unknownIn({ where: scope.pattern, language: null, unknown, hasErrors })
}

async function trackedFiles(
  { tracked, slices }: Lookup,
  isWanted: (file: string) => boolean,
): Promise<string[]> {
  const found: string[] = []
  for (const [at, file] of tracked.entries()) {
    if (at % LOOKS_BETWEEN_CLOCKS === 0 && slices.isOver()) await slices.pause()
    if (isWanted(file)) found.push(file)
  }
  return found
}

function nearestFirst(symbol: string, found: readonly string[]): readonly string[] {
  const names = [...new Set(found)]
  const alike = names.filter(({ length }) => length < 2 * symbol.length + SLACK)
  const best = nearest(symbol, alike.slice(0, COMPARED_MAX))
  return [...new Set(best === null ? names : [best, ...names])].slice(0, NEAREST_MAX)
}

function unknownIn(told: {
  readonly where: string
  readonly language: string | null
  readonly unknown: readonly UndeclaredSymbol[]
  readonly hasErrors: boolean
}): SkeinError {
  const { where, language, unknown, hasErrors } = told
  const near = [...new Set(unknown.flatMap((one) => one.nearest))].slice(0, NAMED_IN_MESSAGE)
  const nearby = near.length === 0 ? 'it declares nothing' : `the nearest: ${quoted(near)}`
  const broken = hasErrors ? ' (it has syntax errors, which may hide declarations)' : ''
  const wrong = quoted(unknown.map(({ symbol }) => symbol).slice(0, NAMED_IN_MESSAGE))
  const message = `${where} declares no ${wrong}; ${nearby}${broken}`
  const data = { file: where, language, unknown, has_errors: hasErrors }
  return new SkeinError('SYMBOL_UNKNOWN', message, { data })
}

function quoted(symbols: readonly string[]): string {
  return symbols.map((symbol) => `\`${symbol}\``).join(', ')
}

function refusal(file: string, why: NoSymbols, reason: string): SkeinError {
  const message = `the symbols of ${file} cannot be told: ${reason}`
  const data = { file, why }
  if (why === 'language') return new SkeinError('SYMBOL_UNSUPPORTED', message, { data })
  if (why === 'failed') return new SkeinError('SYMBOL_PARSER', message, { data })
  return new SkeinError('SYMBOL_UNREADABLE', message, { data })
}

function tooSlow(): SkeinError {
  const message = 'the files could not all be parsed in time; what was read of them is kept'
  return new SkeinError('BUSY', message)
}
