// What the daemon and its parser thread say to each other. A list of symbols crosses as columns: ten thousand objects
// would hold the daemon's loop for longer than it may be held.
import { KINDS } from '../languages/language.ts'
import type { ShellScript } from '../../shell-script.ts'
import type { FileSymbol, Span } from '../outline.ts'

export interface ParseRequest {
  readonly id: number
  /** Of the table, or `SHELL`. */
  readonly language: string
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Where does this identifier stand in it? */
  readonly name?: string
}

/** Not a language whose declarations are asked for: the answer is the script itself. */
export const SHELL = 'shell'

export type ParseReply =
  /** The grammar is loaded, or the tree is built: the next step begins, and its time counts from here. */
  | { readonly kind: 'step'; readonly id: number }
  | {
      readonly kind: 'parsed'
      readonly id: number
      readonly columns: Columns
      readonly hasErrors: boolean
      /** Line, column and import sign of each place of the name; empty when none was asked for. */
      readonly uses: Uint32Array<ArrayBuffer>
    }
  | { readonly kind: 'script'; readonly id: number; readonly script: ShellScript }
  | {
      readonly kind: 'unsupported'
      readonly id: number
      readonly why: 'binary' | 'size'
      readonly reason: string
    }

export interface Columns {
  /** Joined by line feeds, which no path has. */
  readonly paths: string
  readonly kinds: Uint8Array<ArrayBuffer>
  /** First and last line of each. */
  readonly lines: Uint32Array<ArrayBuffer>
  /** Index of the symbol, first and last line of each further span. */
  readonly also: Uint32Array<ArrayBuffer>
}

export function toColumns(symbols: readonly FileSymbol[]): Columns {
  return {
    paths: symbols.map(({ path }) => path).join('\n'),
    kinds: Uint8Array.from(symbols, ({ kind }) => KINDS.indexOf(kind)),
    lines: Uint32Array.from(symbols.flatMap(({ startLine, endLine }) => [startLine, endLine])),
    also: Uint32Array.from(
      symbols.flatMap(({ also = [] }, index) =>
        also.flatMap(({ startLine, endLine }) => [index, startLine, endLine]),
      ),
    ),
  }
}

export function fromColumns(columns: Columns): readonly FileSymbol[] {
  if (columns.kinds.length === 0) return []
  const spans = new Map<number, Span[]>()
  for (let at = 0; at < columns.also.length; at += 3) {
    const index = columns.also[at] ?? 0
    const span = { startLine: columns.also[at + 1] ?? 0, endLine: columns.also[at + 2] ?? 0 }
    const known = spans.get(index)
    if (known === undefined) spans.set(index, [span])
    else known.push(span)
  }
  return columns.paths.split('\n').map((path, index) => {
    const also = spans.get(index)
    return {
      path,
      kind: KINDS[columns.kinds[index] ?? 0] ?? 'function',
      startLine: columns.lines[index * 2] ?? 0,
      endLine: columns.lines[index * 2 + 1] ?? 0,
      ...(also === undefined ? {} : { also }),
    }
  })
}
