// Writes down what callers of real daemons ask and are told, for `checkHistory`. One recorder for one run, on one clock.
import type { ErrorCode } from '../../protocol/index.ts'
import type { Answer, ApiClient } from './api.ts'
import type { Action, Operation, Outcome } from './history.ts'

/** Said only when nothing was granted, or what was will be released before anything else. */
const NOT_GRANTED: ReadonlySet<ErrorCode> = new Set(['NO_QUORUM', 'CLAIM_DEADLOCK'])
const NOT_LIVE: ReadonlySet<ErrorCode> = new Set(['CLAIM_STALE', 'CLAIM_ENDED', 'CLAIM_UNKNOWN'])

export interface Caller {
  /** The daemon that it speaks to, for the report. */
  readonly process: string
  readonly client: ApiClient
  readonly repo: string
  readonly session: string
}

export class Recorder {
  readonly operations: Operation[] = []

  /**
   * Exclusive claims on paths in canonical form; returns what was granted. A provisional one is written down as unknown: it
   * may be granted later.
   */
  async claim(
    caller: Caller,
    patterns: readonly string[],
    { provisional = false } = {},
  ): Promise<readonly string[]> {
    const { repo, session } = caller
    const scopes = patterns.map((pattern) => ({ kind: 'file', pattern }))
    const outcome = await this.#record(caller, { kind: 'claim', scopes: patterns }, async () => {
      const input = { repo, session, scopes, provisional }
      const { result, error } = await caller.client.call('claim', input)
      const fence = result?.claims[0]?.fence ?? null
      if (result?.status === 'granted' && fence !== null)
        return { kind: 'granted', fence, claims: result.claims.map(({ id }) => id) }
      if (isOneOf(error, NOT_GRANTED))
        return { kind: 'refused', isGivenUp: error?.code === 'NO_QUORUM' }
      return refusedIf(result?.status === 'refused')
    })
    return outcome.kind === 'granted' ? outcome.claims : []
  }

  async release(caller: Caller, claim: string): Promise<Outcome> {
    const input = { repo: caller.repo, session: caller.session, ids: [claim] }
    return this.#record(caller, { kind: 'release', claim }, async () => {
      const answer = await caller.client.call('release', input)
      // Noted without a majority: done once there is one.
      return answer.result?.state === 'releasing' ? { kind: 'unknown' } : doneUnless(answer)
    })
  }

  async verify(caller: Caller, claim: string): Promise<Outcome> {
    const input = { repo: caller.repo, session: caller.session, ids: [claim] }
    return this.#record(caller, { kind: 'verify', claim }, async () => {
      const { result, error } = await caller.client.call('verify', input)
      if (result !== null) return result.ok ? { kind: 'done' } : { kind: 'refused' }
      return refusedIf(isOneOf(error, NOT_LIVE))
    })
  }

  /** A call that breaks off says nothing of what became of it. */
  async #record(caller: Caller, action: Action, ask: () => Promise<Outcome>): Promise<Outcome> {
    const { process, session } = caller
    const callMs = performance.now()
    let returnMs: number | null = null
    let outcome: Outcome = { kind: 'unknown' }
    try {
      outcome = await ask()
      returnMs = performance.now()
    } catch {
      outcome = { kind: 'unknown' }
    }
    this.operations.push({ process, session, callMs, returnMs, action, outcome })
    return outcome
  }
}

function doneUnless({ result, error }: Answer<unknown>): Outcome {
  return result === null ? refusedIf(isOneOf(error, NOT_LIVE)) : { kind: 'done' }
}

function refusedIf(isRefused: boolean): Outcome {
  return { kind: isRefused ? 'refused' : 'unknown' }
}

function isOneOf(
  error: { readonly code: ErrorCode } | null,
  codes: ReadonlySet<ErrorCode>,
): boolean {
  return error !== null && codes.has(error.code)
}
