// What a claim is about, in words: its files or symbols, and what of them others hold.
import type { OperationResult } from '../../../protocol/index.ts'

type ClaimJson = OperationResult<'claim'>['claims'][number]

/** The part of a claim that says what it is about. */
type Scoped = Pick<ClaimJson, 'kind' | 'pattern' | 'symbols' | 'mode'> &
  Partial<Pick<ClaimJson, 'except'>>

/** What a claim is about, in one word or two: `src/auth/**`, `resource port-5432`, `src/a.ts A::b`. */
export function scopeName(scope: Scoped): string {
  const kind = scope.kind === 'resource' || scope.kind === 'task' ? `${scope.kind} ` : ''
  return `${kind}${symbolsOf(scope.pattern, scope.symbols)}`
}

export function traits(scope: Scoped): string {
  const words = [
    scope.mode === 'shared' ? 'shared' : '',
    scope.kind === 'module' ? 'module' : '',
    (scope.except?.length ?? 0) > 0 ? 'narrowed' : '',
  ]
  return words.filter((word) => word !== '').join(', ')
}

export function quoted(description: string): string {
  return description === '' ? '' : `"${description}"`
}

/** Part of a claim that others hold, beside which the rest of it stays. */
export function exceptText({ except }: Pick<ClaimJson, 'except'>): string {
  const names = except.map(
    ({ agent, pattern, symbols }) => `${symbolsOf(pattern, symbols)} of ${agent}`,
  )
  return names.length === 0 ? '' : `all but ${names.join(', ')}`
}

/** `src/a.ts A::b, C`. */
export function symbolsOf(pattern: string, symbols: readonly string[]): string {
  return symbols.length === 0 ? pattern : `${pattern} ${symbols.join(', ')}`
}
