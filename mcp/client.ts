// Whoever is at the other end, as the handlers see it: one connection, one session of Streamable HTTP, or all the requests that
// belong to neither. What a door knows of its callers stands here, so that tools, resources and prompts are the same at each.
import { randomBytes } from 'node:crypto'
import {
  createRequestStateCodec,
  type RequestStateCodec,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { LIMITS, SkeinError, type OperationName } from '../protocol/index.ts'
import {
  traceParentIn,
  type ConnectionCaller,
  type Operations,
} from '../daemon/client/operations.ts'
import type { Subscriptions } from './resources/subscriptions.ts'

export interface McpOptions {
  /** Of skein, told to clients. */
  readonly version: string
  /** Hears of bugs and of broken lines; never of a caller's mistakes. */
  readonly onError?: (error: Error) => void
  /** How long a connection may take over its first line. */
  readonly firstLineMs?: number
  /** How often a call that waits says so to clients that want to hear it. */
  readonly progressMs?: number
  /** How long a call may wait for the person that it asks. */
  readonly askMs?: number
  /** At most one notification of a resource in this time. */
  readonly updateMs?: number
  /** When a session of Streamable HTTP without a sign of life ends. */
  readonly idleMs?: number
}

/** Of the wire: up to 2025-11-25, or since 2026-07-28. */
export type Era = 'legacy' | 'modern'

export interface Client {
  readonly operations: Operations
  readonly options: McpOptions
  /** What the connection, or the headers of this request, say of the caller. */
  callerOf(context: ServerContext): ConnectionCaller
  /** Kept from call to call; null where calls do not belong together. */
  readonly memory: Memory | null
  readonly gate: Gate
  /** Protects what a client carries from one round of a call to the next. */
  readonly seal: RequestStateCodec
  /** Where resources are subscribed to by a request of their own: the 2025 era. */
  readonly subscriptions: Subscriptions | null
}

export interface Memory {
  /** The repository that a person chose. */
  repo: string | null
}

/** Carries an operation out for the caller. */
export type CallOperation = (name: OperationName, input: object) => Promise<unknown>

export interface Gate {
  /** @throws SkeinError BUSY @returns what leaves it. */
  enter(): () => void
}

export function createGate(max: number): Gate {
  let running = 0
  return {
    enter() {
      if (running >= max) throw new SkeinError('BUSY', 'Too many calls of one client at once.')
      running += 1
      return () => {
        running -= 1
      }
    },
  }
}

/** A person may think about it for so long. */
const SEALED_SECONDS = 300

/** What is sealed is taken back from the same caller only, by this process only. */
export function createSeal(callerOf: Client['callerOf']): RequestStateCodec {
  return createRequestStateCodec({
    key: randomBytes(32),
    ttlSeconds: SEALED_SECONDS,
    bind: (context) =>
      JSON.stringify([context.mcpReq.method, sessionOf(context), callerOf(context)]),
  })
}

/** The operations, in the name of this caller, until its call is cancelled. */
export function operationsOf(client: Client, context: ServerContext): CallOperation {
  const signal = signalOf(context)
  return (name, input) => {
    const chosen = client.memory?.repo
    const caller = client.callerOf(context)
    const known = chosen == null ? caller : { repo: chosen, ...caller }
    const trace = traceParentIn({ ...context.mcpReq._meta })
    const more = trace === null ? {} : { trace }
    return client.operations.call(name, input, { door: 'mcp', signal, caller: known, ...more })
  }
}

/**
 * Ends when the call is cancelled, and over HTTP also when its response can no longer be told: a place in the queue that
 * nobody hears of would be granted to nobody.
 */
export function signalOf({ mcpReq, http }: ServerContext): AbortSignal {
  const gone = http?.req?.signal
  return gone === undefined ? mcpReq.signal : AbortSignal.any([mcpReq.signal, gone])
}

/** Codex names its session in each request; a client's `_meta` is its own business, so anything odd is no session. */
export function sessionOf({ mcpReq }: ServerContext): string | undefined {
  const session = mcpReq._meta?.['sessionId']
  const isName = typeof session === 'string' && session.trim() !== ''
  return isName && session.length <= LIMITS.nameCharactersMax ? session : undefined
}

/** Is the session of its connection an assignment's? Its machine gave it that name, so no other word of the client counts. */
export function isWorker(client: Client, context: ServerContext): boolean {
  return /^asg_[0-9A-HJKMNP-TV-Z]{26}$/.test(client.callerOf(context).session ?? '')
}
