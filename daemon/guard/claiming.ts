// Claims that the guard makes for a session: all targets of one act in one claim, and what happens where none can be made.
import {
  SkeinError,
  type OperationInput,
  type OperationResult,
  type Scope,
} from '../../protocol/index.ts'
import { claimScopes } from '../operations/claim.ts'
import type { Parts } from '../operations/context.ts'
import type { RepoAt } from '../repos.ts'
import { callAt, type HookCaller } from './caller.ts'
import { listed, scopeName } from './words.ts'

export type Claimed =
  | { readonly kind: 'granted'; readonly notes: readonly string[] }
  /** With its place in the queue, where it was to get one. */
  | { readonly kind: 'refused'; readonly result: OperationResult<'claim'> }
  /** No grant was confirmed, and the repository wants a person or nobody to decide. */
  | { readonly kind: 'stopped'; readonly decision: 'ask' | 'deny'; readonly reason: string }

export interface Wanted {
  readonly scopes: readonly Scope[]
  /** May others claim declarations out of it? */
  readonly isNarrowable: boolean
  /** For people. */
  readonly description: string
}

/** @param placeSeconds how long a place in the queue is kept for what is held; 0: none is taken */
export async function claimFor(
  parts: Parts,
  caller: HookCaller,
  at: RepoAt,
  { scopes, isNarrowable, description }: Wanted,
  placeSeconds = 0,
): Promise<Claimed> {
  const policy = at.config.offline
  try {
    const input: OperationInput<'claim'> = {
      ...callAt(caller, at),
      scopes: scopes.map(({ kind, pattern, symbols, mode }) => ({
        kind,
        pattern,
        mode,
        ...(kind === 'symbol' ? { symbols: [...symbols] } : {}),
      })),
      description,
      narrowable: isNarrowable,
      provisional: policy === 'provisional',
      ...(placeSeconds === 0 ? {} : { wait_s: placeSeconds }),
    }
    const { result } = await claimScopes(parts, input, caller.context, { patienceMs: 0 })
    if (result.status === 'refused' || result.status === 'queued')
      return { kind: 'refused', result }
    return { kind: 'granted', notes: notesOf(result) }
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error
    return withoutGrant(error, policy, scopes)
  }
}

/** What has no quorum is decided by the repository's policy; every other failure is told, and stops the act. */
function withoutGrant(
  error: SkeinError,
  policy: RepoAt['config']['offline'],
  scopes: readonly Scope[],
): Claimed {
  if (error.code === 'INPUT_TOO_WIDE') {
    return {
      kind: 'granted',
      notes: [`skein: not claimed, because it is too much: ${error.message}`],
    }
  }
  // The edit is refused as it would be without a queue: that a place was asked for is the guard's own doing.
  if (NO_PLACE.has(error.code)) {
    const reason = `It cannot be waited for now: ${error.message}.`
    return { kind: 'stopped', decision: 'deny', reason }
  }
  const reason = `skein: ${error.message} ${error.hint}`
  if (error.exit !== 2) return { kind: 'stopped', decision: 'deny', reason }
  const what = listed(scopes.map(scopeName))
  if (policy === 'deny' || policy === 'ask') return { kind: 'stopped', decision: policy, reason }
  return {
    kind: 'granted',
    notes: [`skein: ${what} could not be claimed (${error.message}): others may write it too.`],
  }
}

const NO_PLACE: ReadonlySet<SkeinError['code']> = new Set(['LIMIT_WAITS', 'LIMIT_QUEUE'])

function notesOf({ status, claims, beside }: OperationResult<'claim'>): readonly string[] {
  const noted =
    status === 'provisional'
      ? [
          `skein: no majority answers, so ${listed(claims.map(scopeName))} is claimed on this machine only, and settled later: others may write it too.`,
        ]
      : []
  const next = beside.map(({ agent, pattern, symbols }) => {
    const what = symbols.length === 0 ? pattern : `${pattern}:${listed(symbols)}`
    return `skein: ${agent} holds ${what} beside you: leave that alone.`
  })
  return [...noted, ...next.slice(0, BESIDE_SHOWN_MAX)]
}

const BESIDE_SHOWN_MAX = 3
