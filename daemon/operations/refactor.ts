// `refactor`: a symbol and all that uses it, in one claim. The uses are looked for in the caller's checkout; the ledger
// decides on what was found as on any other claim.
import {
  escapePath,
  isSymbolInside,
  parsePattern,
  parseSymbol,
  SkeinError,
  type CallerFields,
  type OperationInput,
  type OperationResult,
  type Party,
} from '../../protocol/index.ts'
import type { Place } from '../callers.ts'
import type { CallContext } from '../client/operations.ts'
import { filesMax } from '../coverage.ts'
import type { Checkout } from '../git.ts'
import { findUses } from '../refactor/find-uses.ts'
import type { Definition, FoundUses, UsedFile } from '../refactor/found.ts'
import { checkScopes } from './check.ts'
import { claimScopes } from './claim.ts'
import type { Handler, Parts } from './context.ts'
import { placePattern } from './scopes.ts'
import { requireSymbols } from './symbols.ts'

type Input = OperationInput<'refactor'>
type Result = OperationResult<'refactor'>
type GivenScope = OperationInput<'claim'>['scopes'][number]

/** Parsing of a few hundred files, after a language server had its ten seconds. */
const SEARCH_MS_MAX = 25_000

export const refactor: Handler<Input> = async (parts, input, context) => {
  const { file, symbol, to, dry_run: isDry, ...terms } = input
  const place = await parts.callers.place(input, context)
  const checkout = requireCheckout(place)
  const party = await parts.callers.party(input, context, place)
  const definition = await define(parts, { ...place, checkout }, { file, symbol, party, context })
  const found = await search(parts, checkout, definition, context.signal)
  const files = withDefinition(found.files, definition, to)
  const tracked = await parts.git.trackedFiles(checkout)
  requireFew(files.length, filesMax(tracked.count, place.config), definition)
  const scopes = files.flatMap(scopesOf)
  const told = tell(found, files)
  if (isDry !== true) {
    const asked = { ...terms, scopes }
    const { result } = await claimScopes(parts, asked, context, { isLookedUp: true })
    return { ...result, ...told } satisfies Result
  }
  const asked = { ...callerOf(input), scopes }
  const { conflicts, more_conflicts, waiters, beside, warnings } = await checkScopes(
    parts,
    asked,
    context,
    { isLookedUp: true },
  )
  const nothing = { claims: [], queue: null, options: [] }
  const would = { conflicts, more_conflicts, waiters, beside, warnings }
  return { status: 'planned', ...nothing, ...would, ...told } satisfies Result
}

/** A question has no terms. */
function callerOf(input: CallerFields): CallerFields {
  const { repo, agent, session, branch, cwd, checkout, caller } = input
  return { repo, agent, session, branch, cwd, checkout, caller }
}

function requireCheckout({ checkout, isOwn }: Place): Checkout {
  if (checkout !== null && isOwn) return checkout
  throw new SkeinError('REPO_UNKNOWN', 'Uses are looked for in files: say in which checkout.', {
    hint: 'Call it inside a checkout, or pass `cwd` over the socket.',
  })
}

/** The declaration that is meant. @throws SkeinError SYMBOL_UNKNOWN and its like, NOT_FOUND, INPUT_USAGE */
async function define(
  parts: Parts,
  place: Place & { readonly checkout: Checkout },
  asked: {
    readonly file: string
    readonly symbol: string
    readonly party: Party
    readonly context: CallContext
  },
): Promise<Definition> {
  const { party, context } = asked
  const symbol = parseSymbol(asked.symbol)
  const caseExact = place.config.case === 'exact'
  const pattern = placePattern(escapePath(asked.file), place)
  const { path: file } = parsePattern(pattern, { caseExact })
  if (file === null || pattern.endsWith('/')) throw noFile(asked.file)
  const scope = { kind: 'symbol', pattern, symbols: [symbol], mode: 'exclusive' } as const
  await requireSymbols(parts, place, { scopes: [scope], party, context })
  const name = nameOf(symbol)
  const { root } = place.checkout
  const answer = await parts.symbols.usesOf(root, file, { name, places: null }, context.signal)
  if (answer.kind === 'unsupported') throw noFile(file)
  const declared = answer.declared.find(({ path }) => path === symbol)
  const at = answer.places.find(
    ({ line }) => declared !== undefined && line >= declared.startLine && line <= declared.endLine,
  )
  if (declared !== undefined && at === undefined) {
    throw new SkeinError(
      'INPUT_USAGE',
      `\`${symbol}\` of ${file} has no name that others could use.`,
      {
        hint: 'Claim the file.',
      },
    )
  }
  return { file, symbol, name, place: at ?? null }
}

function noFile(file: string): SkeinError {
  return new SkeinError('NOT_FOUND', `There is no file ${file} to look into.`, {
    hint: 'Name the file that declares the symbol.',
    data: { file },
  })
}

/** `A::init(a:b:)` is called by `init`. */
function nameOf(symbol: string): string {
  const leaf = symbol.slice(symbol.lastIndexOf('::') + 1).replace(/^:/, '')
  return /^[^\s(]+/.exec(leaf)?.[0] ?? leaf
}

async function search(
  parts: Parts,
  checkout: Checkout,
  definition: Definition,
  gone: AbortSignal,
): Promise<FoundUses> {
  const over = AbortSignal.timeout(SEARCH_MS_MAX)
  const signal = AbortSignal.any([gone, over])
  try {
    return await findUses(parts, checkout, definition, signal)
  } catch (error) {
    if (error !== signal.reason) throw error
    if (gone.aborted) throw new SkeinError('INTERRUPTED', 'the caller is gone')
    throw new SkeinError(
      'BUSY',
      `the uses of \`${definition.symbol}\` could not all be found in time`,
    )
  }
}

/** The declaration stands for all in it, and what it lies in for the declaration. */
function withDefinition(
  files: readonly UsedFile[],
  { file, symbol }: Definition,
  to: string | undefined,
): readonly UsedFile[] {
  const own = files.find((used) => used.file === file)
  const renamed = to === undefined ? [] : [parseSymbol(siblingOf(symbol, to))]
  const symbols = outermost([symbol, ...renamed, ...(own?.symbols ?? [])])
  const first = { file, uses: own?.uses ?? 1, symbols, whole: own?.whole ?? null }
  return [first, ...files.filter((used) => used.file !== file)]
}

function siblingOf(symbol: string, name: string): string {
  const end = symbol.lastIndexOf('::')
  if (name.includes('::')) {
    throw new SkeinError('INPUT_USAGE', `A new name is one name, not \`${name}\`.`, {
      hint: 'Pass only the last part of it.',
    })
  }
  return end < 0 ? name : `${symbol.slice(0, end)}::${name}`
}

function outermost(symbols: readonly string[]): readonly string[] {
  const all = [...new Set(symbols)]
  return all.filter((one) => !all.some((other) => other !== one && isSymbolInside(one, [other])))
}

function requireFew(count: number, most: number, { file, symbol }: Definition): void {
  if (count <= most) return
  throw new SkeinError(
    'INPUT_TOO_WIDE',
    `\`${symbol}\` of ${file} is used in ${String(count)} files, and one claim may cover ${String(most)}`,
    {
      hint: `See them with --dry-run after raising \`limits\` in .skein.yml, or claim them in parts: skein claim PATTERN`,
      data: { files: count, most },
    },
  )
}

/** Where it is used outside of declarations the file is claimed too: others may still claim declarations out of it. */
function scopesOf({ file, symbols, whole }: UsedFile): readonly GivenScope[] {
  const pattern = escapePath(file)
  const inFile: readonly GivenScope[] = whole === null ? [] : [{ kind: 'file', pattern }]
  if (symbols.length === 0) return inFile
  return [...inFile, { kind: 'symbol', pattern, symbols: [...symbols] }]
}

function tell(
  { server, notes }: FoundUses,
  files: readonly UsedFile[],
): Pick<Result, 'found_by' | 'server' | 'uses' | 'files' | 'notes'> {
  return {
    found_by: server === null ? 'names' : 'language_server',
    server,
    uses: files.reduce((sum, { uses }) => sum + uses, 0),
    files: files.map(({ file, uses, symbols, whole }) => ({ file, uses, symbols, whole })),
    notes,
  }
}
