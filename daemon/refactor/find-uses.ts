// Who uses a symbol: by a language server where this machine allows one and it answers, else by names. By names means that
// every identifier of that name counts, in files of the same language: too much rather than too little.
import type { Checkout, Git } from '../git.ts'
import type { Grep } from '../git-grep.ts'
import type { Place, SymbolIndex, UsesAnswer } from '../ports-symbols.ts'
import type { Definition, FoundUses, UsedFile, UsedPlaces } from './found.ts'
import type { LanguageServers } from './lsp/servers.ts'

export interface FindParts {
  readonly git: Pick<Git, 'trackedFiles'>
  readonly grep: Grep
  readonly symbols: Pick<SymbolIndex, 'usesOf' | 'kinship'>
  readonly servers: LanguageServers
}

/** @throws as git and the parser do; the signal's reason */
export async function findUses(
  parts: FindParts,
  checkout: Checkout,
  definition: Definition,
  signal: AbortSignal,
): Promise<FoundUses> {
  const asked = await parts.servers.references(checkout.root, definition, signal)
  if (asked.kind === 'found') {
    const { places, notes } = await trackedOf(parts, checkout, asked.places, signal)
    const looked = await lookAt(parts, checkout, definition, places, signal)
    return { server: asked.server, files: looked.files, notes: [...notes, ...looked.notes] }
  }
  const { candidates, notes } = await candidatesOf(parts, checkout, definition, signal)
  const looked = await lookAt(parts, checkout, definition, candidates, signal)
  const why = asked.kind === 'failed' ? [asked.why] : []
  return { server: null, files: looked.files, notes: [...why, ...notes, ...looked.notes] }
}

/** Files that are parsed for one search; a claim takes fewer. */
const FILES_MAX = 400
const NAMED_MAX = 5
/** Prose and data: a word in it is no use. */
const NO_CODE =
  /\.(?:md|mdx|rst|txt|adoc|json|jsonc|json5|ya?ml|toml|lock|csv|tsv|svg|xml|log|snap)$/i

/** With the places in each; null: wherever the name stands. */
type Candidates = ReadonlyMap<string, readonly Place[] | null>

/** What git does not track is built, or a library's. */
async function trackedOf(
  { git }: FindParts,
  checkout: Checkout,
  places: UsedPlaces,
  signal: AbortSignal,
): Promise<{ readonly places: UsedPlaces; readonly notes: readonly string[] }> {
  const tracked = new Set((await git.trackedFiles(checkout, signal)).paths)
  const kept = new Map([...places].filter(([file]) => tracked.has(file)))
  const left = [...places.keys()].filter((file) => !tracked.has(file))
  return {
    places: kept,
    notes:
      left.length === 0 ? [] : [`not claimed, because git does not track it: ${firstFew(left)}`],
  }
}

async function candidatesOf(
  { grep, symbols }: FindParts,
  checkout: Checkout,
  { file, name }: Definition,
  signal: AbortSignal,
): Promise<{ readonly candidates: Candidates; readonly notes: readonly string[] }> {
  const all = await grep.filesWith(checkout, name, signal)
  const candidates = new Map<string, null>([[file, null]])
  const elsewhere: string[] = []
  let more = 0
  for (const one of all) {
    if (symbols.kinship(file, one) === 'other' || NO_CODE.test(one)) elsewhere.push(one)
    else if (candidates.has(one) || candidates.size < FILES_MAX) candidates.set(one, null)
    else more++
  }
  const notes = [
    ...(more === 0 ? [] : [`${String(more)} more files with the name were not looked into`]),
    ...(elsewhere.length === 0 ? [] : [`not claimed, though they name it: ${firstFew(elsewhere)}`]),
  ]
  return { candidates, notes }
}

async function lookAt(
  { symbols }: FindParts,
  { root }: Checkout,
  { name }: Definition,
  candidates: Candidates,
  signal: AbortSignal,
): Promise<{ readonly files: readonly UsedFile[]; readonly notes: readonly string[] }> {
  const files: UsedFile[] = []
  const broken: string[] = []
  const importing: string[] = []
  for (const [file, places] of candidates) {
    const answer = await symbols.usesOf(root, file, { name, places }, signal)
    if (answer.kind === 'uses' && answer.hasErrors) broken.push(file)
    const used = usedFile(file, answer)
    if (used === null) continue
    files.push(used)
    if (answer.kind === 'uses' && answer.imports > 0 && used.whole === null) importing.push(file)
  }
  const notes = [
    ...(broken.length === 0 ? [] : [`syntax errors may hide declarations in ${firstFew(broken)}`]),
    ...(importing.length === 0
      ? []
      : [`import lines are in no declaration and not claimed: ${firstFew(importing)}`]),
  ]
  return { files, notes }
}

/** Null: it does not use the symbol after all. */
function usedFile(file: string, answer: UsesAnswer): UsedFile | null {
  if (answer.kind === 'unsupported') {
    // It was deleted and is still tracked: nobody has to change it.
    if (answer.why === 'missing' || answer.why === 'outside') return null
    return { file, uses: 1, symbols: [], whole: answer.unsupported }
  }
  const { places, imports, symbols, isOutside } = answer
  const uses = places.length
  if (uses === 0) return null
  const isPassing = symbols.length === 0 && imports > 0
  if (!isOutside && !isPassing) return { file, uses, symbols, whole: null }
  const whole = isOutside ? 'used outside of any declaration' : 'imported, or handed on'
  return { file, uses, symbols, whole }
}

function firstFew(files: readonly string[]): string {
  const shown = files.slice(0, NAMED_MAX).join(', ')
  const more = files.length - NAMED_MAX
  return more > 0 ? `${shown}, and ${String(more)} more` : shown
}
