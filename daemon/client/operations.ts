// What every door calls, and what every front end is given: an operation by name, with its input as JSON. Doors shape
// inputs and render results; they decide nothing.
import type { AuditEvent, OperationName } from '../../protocol/index.ts'

export interface Operations {
  /**
   * Validates the input, fills in the caller, carries the operation out and returns its result as the contract shows it.
   * @throws SkeinError with code, hint and exit; anything else is a bug.
   */
  call(name: OperationName, input: unknown, context: CallContext): Promise<unknown>
  /** Hears of every event of this machine's ledgers, after it became true; returns what ends it. */
  watch(listener: (event: AuditEvent) => void): () => void
  /**
   * Events in their order, in batches, from a place in the past on and then as they happen, until the signal ends.
   * @param input as of the operation `events`.
   * @throws SkeinError at the call; BUSY in the stream when its reader is too slow.
   */
  follow(input: unknown, context: CallContext): Promise<EventStream>
}

/** The same operations, each call of which goes another way first. */
export function withCall(operations: Operations, call: Operations['call']): Operations {
  return {
    call,
    watch: (listener) => operations.watch(listener),
    follow: (input, context) => operations.follow(input, context),
  }
}

export interface EventStream {
  /** Behind which event a stream begins that was asked for no past; null where that is not one event. */
  readonly position: string | null
  readonly batches: AsyncIterable<readonly AuditEvent[]>
}

export interface CallContext {
  /** Which door the call came through; paths of this machine are taken from local ones only. */
  readonly door: 'socket' | 'tcp' | 'mcp'
  /** Ends when the caller is gone. */
  readonly signal: AbortSignal
  /** What the connection says of its caller, where the input does not. */
  readonly caller: ConnectionCaller
  /** Where the call stands in its caller's trace: W3C's `traceparent` and `tracestate`. */
  readonly trace?: TraceParent
}

export interface TraceParent {
  readonly traceparent: string
  readonly tracestate?: string
}

/** Null: there is none, or it is longer than one is. */
export function traceParentIn(fields: Readonly<Record<string, unknown>>): TraceParent | null {
  const { traceparent, tracestate } = fields
  if (typeof traceparent !== 'string' || traceparent.length > TRACE_CHARACTERS_MAX) return null
  const isState = typeof tracestate === 'string' && tracestate.length <= TRACE_CHARACTERS_MAX
  return { traceparent, ...(isState ? { tracestate } : {}) }
}

/** What every party of a trace has to pass on (Trace Context, 3.3.1.5). */
const TRACE_CHARACTERS_MAX = 512

/** The bridge's first line, or the headers of a request. Weaker than what a call's own input says. */
export interface ConnectionCaller {
  /** Of a token that is not the home's own; absent where everything is allowed. */
  readonly grant?: Grant
  readonly repo?: string
  readonly agent?: string
  readonly session?: string
  readonly cwd?: string
  readonly harness?: string
  readonly user?: string
  readonly pid?: number
  readonly started?: string
}

/** As the ledger knows a session that the bearer of a token names: in a space of the token's own nobody takes another's. */
export function sessionOfToken(token: string, session: string): string {
  return isSessionOfToken(token, session) ? session : `${spaceOf(token)}${session}`
}

export function isSessionOfToken(token: string, session: string): boolean {
  return session.startsWith(spaceOf(token))
}

function spaceOf(token: string): string {
  return `token:${token}/`
}

/** What the bearer of a token may do. */
export interface Grant {
  readonly name: string
  /** As whom it acts. */
  readonly agent: string
  /** Of which repositories it may speak; null: of all. */
  readonly repos: readonly string[] | null
  /** Of a page of the browser's board: it calls what the board needs and nothing else. `mayAct`: for the person before it. */
  readonly web?: { readonly mayAct: boolean }
}
