// Where a name is used in one file: its identifiers, and the declarations around them. Nothing is kept: a file is asked
// about once for each name.
import type { Place, UsesAnswer, UsesAsked } from '../ports-symbols.ts'
import { noGrammar } from './entry.ts'
import { unsupported } from './file-symbols.ts'
import { inside } from './inside.ts'
import { languageOf } from './languages.ts'
import type { Parsed } from './parser-host.ts'
import { readSource } from './source-file.ts'
import { touchedSymbols } from './touched.ts'

export type ParseFor = (language: string, bytes: Uint8Array<ArrayBuffer>) => Promise<Parsed>

/** @param file from the root, or absolute; it must lie in the root after links are followed */
export async function usesIn(
  root: string,
  file: string,
  { places }: UsesAsked,
  parse: ParseFor,
): Promise<UsesAnswer> {
  const real = await inside(root, file)
  if (typeof real !== 'string') return real
  const language = languageOf(real)
  if (language === null) return unsupported('language', noGrammar(real))
  const content = await readSource(real)
  if (content.kind === 'refused') return unsupported(content.why, content.reason)
  const parsed = await parse(language.id, content.bytes)
  if (parsed.kind === 'abandoned') return unsupported('failed', 'nobody waits for it')
  if (parsed.kind !== 'parsed') return unsupported(parsed.why, parsed.reason)
  const { symbols, hasErrors } = parsed
  const found = readIdentifiers(parsed.uses)
  const meant = places === null ? found : places.map((place) => withImport(place, found))
  const working = meant.filter(({ isImport }) => !isImport)
  const touched = touchedSymbols(
    symbols,
    working.map(({ line }) => ({ startLine: line, endLine: line })),
  )
  return {
    kind: 'uses',
    places: meant.map(({ line, column }) => ({ line, column })),
    imports: meant.length - working.length,
    ...touched,
    declared: symbols,
    hasErrors,
  }
}

interface Identifier extends Place {
  readonly isImport: boolean
}

function readIdentifiers(columns: Uint32Array): readonly Identifier[] {
  const found: Identifier[] = []
  for (let at = 0; at + 2 < columns.length; at += 3) {
    const [line = 0, column = 0, sign = 0] = columns.subarray(at, at + 3)
    found.push({ line, column, isImport: sign === 1 })
  }
  return found
}

/** A place that the name does not stand at is an alias of it, in use. */
function withImport(place: Place, found: readonly Identifier[]): Identifier {
  const same = found.find(({ line, column }) => line === place.line && column === place.column)
  return same ?? { ...place, isImport: false }
}
