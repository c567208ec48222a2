// Of a request, who calls: the door, the headers that name a caller, the signal that ends with it, and the request's id.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { LIMITS, SkeinError } from '../../protocol/index.ts'
import {
  traceParentIn,
  type CallContext,
  type ConnectionCaller,
  type Grant,
} from '../client/operations.ts'
import type { HttpCall } from './http-call.ts'

const NO_QUERY = new URLSearchParams()

interface Entry {
  readonly door: 'socket' | 'tcp'
  readonly grant: Grant | null
}

export function openCall(
  entry: Entry,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  params: HttpCall['params'],
): HttpCall {
  const at = request.url?.indexOf('?') ?? -1
  return {
    request,
    response,
    path,
    params,
    query: at < 0 ? NO_QUERY : new URLSearchParams((request.url ?? '').slice(at + 1)),
    context: contextOf(entry, request, response),
  }
}

function contextOf(
  { door, grant }: Entry,
  request: IncomingMessage,
  response: ServerResponse,
): CallContext {
  let gone: AbortController | null = null
  const trace = traceParentIn(request.headers)
  response.once('close', () => {
    if (!response.writableFinished) gone?.abort()
  })
  return {
    door,
    ...(trace === null ? {} : { trace }),
    caller: grant === null ? callerOf(request) : { ...callerOf(request), grant },
    // Few calls look at it: most are over before their caller could be.
    get signal() {
      if (gone === null) {
        gone = new AbortController()
        if (response.destroyed && !response.writableFinished) gone.abort()
      }
      return gone.signal
    },
  }
}

/** @throws SkeinError INPUT_SIZE: whoever lost its session to that would act in another's name. */
function callerOf({ headers }: IncomingMessage): ConnectionCaller {
  const repo = nameIn(headers['skein-repo'], 'Skein-Repo')
  const agent = nameIn(headers['skein-agent'], 'Skein-Agent')
  const session = nameIn(headers['skein-session'], 'Skein-Session')
  return {
    ...(repo === undefined ? {} : { repo }),
    ...(agent === undefined ? {} : { agent }),
    ...(session === undefined ? {} : { session }),
  }
}

function nameIn(value: string | readonly string[] | undefined, header: string): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  if (value.length <= LIMITS.nameCharactersMax) return value
  const most = String(LIMITS.nameCharactersMax)
  throw new SkeinError('INPUT_SIZE', `the header ${header} has more than ${most} characters`)
}

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/
let requests = 0

/** The caller's own id for the request, so that logs can be joined; else one that is unique on this machine. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id']
  if (typeof given === 'string' && REQUEST_ID.test(given)) return given
  requests = (requests + 1) % 2 ** 32
  return STARTED.toString(16).padStart(8, '0').slice(-8) + requests.toString(16).padStart(8, '0')
}

const STARTED = Math.floor(performance.timeOrigin) % 2 ** 32
