// What a refused caller can do, as commands that can be typed as they are printed.
import {
  LIMITS,
  type OperationResult,
  type QueueEntry,
  type Scope,
  shellQuote,
} from '../protocol/index.ts'

type ConflictJson = OperationResult<'claim'>['conflicts'][number]
type PlaceJson = NonNullable<OperationResult<'claim'>['queue']>
type OptionJson = OperationResult<'claim'>['options'][number]
type Asked = Pick<Scope, 'kind' | 'pattern' | 'symbols' | 'mode'>

/** What the refused caller can do; every command can be typed as printed. */
export function refusalOptions(
  asked: readonly Asked[],
  conflicts: readonly ConflictJson[],
  ahead: readonly QueueEntry[],
  place: PlaceJson | null,
): OptionJson[] {
  const options: OptionJson[] = []
  const all = claimWords(asked)
  if (place !== null && place.ended === null) {
    options.push({ action: 'give_up', why: 'stop waiting', command: `skein cancel ${place.id}` })
  } else if (all !== null) {
    const command = `skein claim ${all} --wait 10m`
    options.push({ action: 'wait', why: 'granted as soon as it is free, in order', command })
  }
  // What older waiters wait for is not free, though nobody holds it; nor is it known when not all conflicts are listed.
  const isKnown = ahead.length === 0 && conflicts.length < LIMITS.conflictsListedMax
  const free = isKnown ? claimWords(asked.flatMap((scope) => freeOf(scope, conflicts))) : null
  if (free !== null) {
    const command = `skein claim ${free}`
    options.push({ action: 'claim_the_rest', why: 'nobody holds these', command })
  }
  const [first] = conflicts
  if (first === undefined) return options
  const wanted = claimWords(asked.filter((scope) => isAbout(first, scope)))
  if (first.lock_delay_s === null) {
    options.push({
      action: 'request',
      why: 'ask the holder to give way',
      command: `skein request ${first.claim.id} --reason 'needed for my task'`,
    })
  }
  if (wanted !== null) {
    options.push({
      action: 'check_again',
      why:
        first.lock_delay_s === null
          ? `held until ${first.claim.expires_at} at the latest`
          : `free in ${String(first.lock_delay_s)} s`,
      command: `skein check ${wanted}`,
    })
  }
  options.push({
    action: 'why',
    why: 'what happened around the claim',
    command: `skein why ${first.claim.id}`,
  })
  return options
}

/** Does the conflict speak of this scope? Files and symbols of them may be asked for together. */
function isAbout({ your_pattern, your_symbols }: ConflictJson, scope: Asked): boolean {
  return your_pattern === scope.pattern && your_symbols.length === scope.symbols.length
}

/** What of a scope no conflict concerns: of some symbols, the others. */
function freeOf(scope: Asked, conflicts: readonly ConflictJson[]): Asked[] {
  const met = conflicts.filter((conflict) => isAbout(conflict, scope))
  if (met.length === 0) return [scope]
  const taken = new Set(met.flatMap(({ symbol_overlap: shared }) => shared.flatMap(symbolsIn)))
  const symbols = scope.symbols.filter((symbol) => !taken.has(symbol))
  return symbols.length === 0 ? [] : [{ ...scope, symbols }]
}

function symbolsIn({ symbols }: { readonly symbols: readonly string[] }): readonly string[] {
  return symbols
}

/** The words that claim these scopes; null where one command line cannot say them all. */
function claimWords(scopes: readonly Asked[]): string | null {
  const [first] = scopes
  const files = scopes.filter(({ kind }) => !['resource', 'task', 'symbol'].includes(kind))
  const kind = files[0]?.kind ?? 'file'
  if (first === undefined || (kind !== 'file' && kind !== 'module')) return null
  if (files.some((scope) => scope.kind !== kind)) return null
  if (scopes.some(({ mode }) => mode !== first.mode)) return null
  const flags = [kind === 'module' ? '--module' : '', first.mode === 'shared' ? '--shared' : '']
  return [...scopes.flatMap(wordsOf), ...flags.filter((flag) => flag !== '')].join(' ')
}

function wordsOf({ kind, pattern, symbols }: Asked): string[] {
  if (kind === 'resource' || kind === 'task') return [`--${kind} ${shellQuote(pattern)}`]
  if (kind === 'symbol')
    return symbols.map((symbol) => `--symbol ${shellQuote(`${pattern}:${symbol}`)}`)
  return [shellQuote(pattern)]
}
