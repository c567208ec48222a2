// What a route is and what it is given: one request of one caller, decoded no further than the route needs it.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CallContext } from '../client/operations.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

export interface HttpCall {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Without the query, as it was sent. */
  readonly path: string
  readonly query: URLSearchParams
  /** The parts of the path that the route leaves open, decoded. */
  readonly params: Readonly<Record<string, string>>
  /** Who calls, and the signal that ends when that caller is gone. */
  readonly context: CallContext
}

/** JSON, unless `type` says otherwise; then `body` is the text itself. */
export interface Reply {
  readonly status: number
  readonly body?: unknown
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface RouteAbout {
  readonly summary: string
  readonly tag: 'operations' | 'events' | 'hooks' | 'process' | 'coord' | 'mcp' | 'board'
  /** Media type of what is answered when all is well; JSON where nothing is said. */
  readonly type?: string
  readonly query?: readonly { readonly name: string; readonly help: string }[]
}

/**
 * `open`: answered without a token, so it tells nothing that a stranger may not know. `home`: by the home's own token only, since it
 * tells of every repository and goes through no operation. `hooks`: by that, or by the pass of a checkout's hooks.
 */
export type Access = 'open' | 'token' | 'home' | 'hooks'

export interface Route {
  readonly method: Method
  /** `/claims/{id}`: a part in braces matches one segment. */
  readonly path: string
  readonly access: Access
  /** For the API's description; what answers stands there in the operation table, or in a word here. */
  readonly about: RouteAbout
  /** Null when the route has answered, or goes on answering, by itself. */
  answer(call: HttpCall): Promise<Reply | null> | Reply | null
  /** What a failure looks like here, where it is not skein's own form. */
  refuse?(error: unknown): Reply | null
}
