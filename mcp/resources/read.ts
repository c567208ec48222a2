// What a resource holds, as JSON: results of operations, in which the text of others was cleaned as in the answers of tools.
import {
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
} from '@modelcontextprotocol/server'
import { OUTPUTS, SkeinError, type OperationResult } from '../../protocol/index.ts'
import { readBoard } from '../board.ts'
import type { CallOperation } from '../client.ts'
import { renderError } from '../failure.ts'
import { cleanValue, clip, quote } from '../text.ts'
import { parseUri, type Resource } from './uri.ts'

/** Some 600 bytes each: a reading stays below a megabyte. */
const CLAIMS_MAX = 1_000
const PLACES_MAX = 500
/** Waiters named before each place. */
const AHEAD_MAX = 5
/** Repositories whose inbox is read. */
const REPOS_MAX = 50

export async function readResource(uri: string, call: CallOperation): Promise<ReadResourceResult> {
  const resource = parseUri(uri)
  if (resource === null) throw await unknown(uri, call)
  try {
    const text = JSON.stringify(cleanValue(await contentOf(resource, call)))
    return { contents: [{ uri, mimeType: 'application/json', text }] }
  } catch (error) {
    if (error instanceof SkeinError && (error.exit === 5 || error.exit === 64))
      throw await unknown(uri, call)
    throw asProtocolError(error)
  }
}

async function contentOf(resource: Resource, call: CallOperation): Promise<unknown> {
  switch (resource.kind) {
    case 'board':
      return readBoard(call, undefined)
    case 'claims':
      return call('claims', { repo: resource.repo, limit: CLAIMS_MAX })
    case 'queue':
      return boundedQueue(OUTPUTS.queue.parse(await call('queue', { repo: resource.repo })))
    case 'inbox':
      return inboxOf(resource.session, call)
  }
}

function boundedQueue({ entries, as_of }: OperationResult<'queue'>): object {
  const shown = entries.slice(0, PLACES_MAX)
  return {
    entries: shown.map((place) => ({ ...place, ahead: place.ahead.slice(-AHEAD_MAX) })),
    more: entries.length - shown.length,
    as_of,
  }
}

/** What waits for a session in every repository: it belongs to none. */
async function inboxOf(session: string, call: CallOperation): Promise<object> {
  const repos = []
  for (const repo of (await enrolled(call)).slice(0, REPOS_MAX)) {
    const inbox = (await call('inbox', { repo, of_session: session })) as OperationResult<'inbox'>
    repos.push({ repo, ...inbox })
  }
  return { session, repos }
}

/** The repositories of this daemon that are served. */
export async function enrolled(call: CallOperation): Promise<readonly string[]> {
  const { repos } = (await call('status', {})) as OperationResult<'status'>
  return repos.filter(({ problem }) => problem === null).map(({ id }) => id)
}

async function unknown(uri: string, call: CallOperation): Promise<ProtocolError> {
  const repos = (await enrolled(call).catch(() => [])).slice(0, REPOS_MAX)
  const known = repos.length === 0 ? 'none' : clip(repos.join(', '), 400)
  const message = `There is no resource ${quote(uri, 200)}. There are skein://board, skein://claims/{repo}, skein://queue/{repo} and skein://inbox/{session}; enrolled repositories: ${known}.`
  return new ProtocolError(ProtocolErrorCode.InvalidParams, message, { uri, enrolled: repos })
}

/** A failure where there is no result to carry it: the text of the error, its code as data. */
export function asProtocolError(thrown: unknown): ProtocolError {
  if (thrown instanceof ProtocolError) return thrown
  if (!(thrown instanceof SkeinError))
    return new ProtocolError(ProtocolErrorCode.InternalError, 'A bug in skein broke this call.')
  const isInput = thrown.exit === 64 || thrown.exit === 5 || thrown.exit === 6
  const code = isInput ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError
  return new ProtocolError(code, renderError(thrown), cleanValue(thrown.toJSON().error))
}
