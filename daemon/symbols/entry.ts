// What is kept of a file: its answer, for how long, and how much memory that is.
import { createHash } from 'node:crypto'
import path from 'node:path'
import { unsupported, type FileSymbols, type Outline, type Unsupported } from './file-symbols.ts'
import type { Parsed } from './parser-host.ts'
import type { KnownPaths } from './unknown.ts'

export interface Entry {
  readonly answer: FileSymbols
  /** On the monotonic clock; null: for ever. */
  readonly keptUntil: number | null
  known: KnownPaths | null
}

export function contentKey(language: string, bytes: Uint8Array): string {
  return `${language} ${createHash('sha256').update(bytes).digest('base64')}`
}

/** An answer that is not kept. */
export function passing(answer: Unsupported): Entry {
  return { answer, keptUntil: 0, known: null }
}

export const ABANDONED: Entry = passing(unsupported('failed', 'nobody waits for it'))

export function answerOf(
  language: string,
  parsed: Exclude<Parsed, { kind: 'abandoned' }>,
): FileSymbols {
  if (parsed.kind !== 'parsed') return unsupported(parsed.why, parsed.reason)
  const { symbols, hasErrors } = parsed
  return { kind: 'outline', language, symbols, hasErrors } satisfies Outline
}

/** What V8 holds for it, roughly: an object a symbol, its path twice over for the set of all paths. */
export function bytesOf(answer: FileSymbols): number {
  if (answer.kind === 'unsupported') return 512
  return answer.symbols.reduce(
    (sum, { path, also }) => sum + 160 + path.length * 2 + (also?.length ?? 0) * 64,
    512,
  )
}

export function noGrammar(file: string): string {
  const extension = path.extname(file)
  return extension === ''
    ? 'no language is known for its name'
    : `no grammar for ${extension} files`
}

/** A parse under way, and who waits for it. */
export interface Flight {
  readonly promise: Promise<Entry>
  callers: number
}
