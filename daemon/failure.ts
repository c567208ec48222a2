// What the core says cannot be, as an error with a code.
import { SkeinError, type RepoState, iso } from '../protocol/index.ts'
import type { Failure } from './core/claims/command.ts'

export function failureError({ code, message, data, ...details }: Failure): SkeinError {
  if (data === undefined) return new SkeinError(code, message, details)
  return new SkeinError(code, message, { ...details, ...retryIn(data), data: timesTold(data) })
}

/** The core knows no headers either: what it says in `retry_after` goes to every door. */
function retryIn(data: unknown): { readonly retryAfter?: number } {
  if (typeof data !== 'object' || data === null || !('retry_after' in data)) return {}
  return typeof data.retry_after === 'number' ? { retryAfter: data.retry_after } : {}
}

/** The core knows no dates: what it says in `at_ms` is told in `at`. */
function timesTold(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || !('at_ms' in data)) return data
  const { at_ms: atMs, ...rest } = data
  return typeof atMs === 'number' ? { ...rest, at: iso(atMs) } : data
}

/** A copy that comes back from a backup has forgotten what it promised and acknowledged since: where others have the ledger, none helps. */
export function hintedFor(error: SkeinError, repo: RepoState | undefined): SkeinError {
  if (error.code !== 'LEDGER_DAMAGED' || (repo?.machines.length ?? 0) <= 1) return error
  return new SkeinError(error.code, error.message, {
    cause: error,
    data: error.data,
    hint: 'No backup: on another machine, skein member remove with the name of this one; then join again',
  })
}
