// Failures as tool results: what happened, the facts, and the next step. The same three parts as on the command line, with
// tools instead of commands where a tool does it.
import type { CallToolResult } from '@modelcontextprotocol/server'
import { ERROR_CATALOGUE, SkeinError, type ErrorCode } from '../protocol/index.ts'
import { clip, cleanText, cleanValue, showCall } from './text.ts'

/** Key of `_meta` under which a failed call carries `{code, message, hint, exit, data}`. */
export const ERROR_META = 'skein/error'

/**
 * A failed call. It has no structuredContent on purpose: old clients hold that against the tool's output schema even here,
 * and harnesses that find one show it to the model instead of the text.
 */
export function renderFailure(error: SkeinError): CallToolResult {
  return {
    isError: true,
    content: [{ type: 'text', text: renderError(error) }],
    _meta: { [ERROR_META]: cleanValue(error.toJSON().error) },
  }
}

/** Three parts: what happened, the facts, `ACTION REQUIRED:` with the next step. */
export function renderError(error: SkeinError): string {
  const happened = clip(cleanText(error.message), MESSAGE_BYTES_MAX)
  return [happened, factsOf(error), `ACTION REQUIRED: ${nextStepOf(error)}`].join('\n')
}

const MESSAGE_BYTES_MAX = 600
const FACTS_BYTES_MAX = 400
const HINT_BYTES_MAX = 300

function factsOf({ code, exit, retryAfter, data }: SkeinError): string {
  const retry = retryAfter === undefined ? '' : `, retry after ${String(retryAfter)} s`
  const facts = `${code}, exit ${String(exit)}${retry}`
  if (data === undefined) return facts
  return `${facts}, ${clip(JSON.stringify(cleanValue(data)), FACTS_BYTES_MAX)}`
}

/** The place of failure knows best; the catalogue's hint is for the command line, so tools have their own. */
function nextStepOf({ code, hint }: SkeinError): string {
  // What is said of tasks where they fail is said to whoever types commands.
  const isGeneral = hint === ERROR_CATALOGUE[code].hint || code.startsWith('TASK_')
  return clip(cleanText((isGeneral ? TOOL_HINTS[code] : undefined) ?? hint), HINT_BYTES_MAX)
}

const MINE = showCall('list_claims', { mine: true })

const TOOL_HINTS: Readonly<Partial<Record<ErrorCode, string>>> = {
  INPUT_SCHEMA: 'call the tool again with the arguments of its input schema.',
  SYMBOL_UNKNOWN:
    'call again with a symbol that the file declares; for a new one name what it will lie in, or claim the whole file.',
  SYMBOL_UNSUPPORTED: 'call again without `symbols` for this file: claim it as a whole.',
  SYMBOL_UNREADABLE: 'call again without `symbols` for this file: claim it as a whole.',
  SYMBOL_PARSER: 'call again; if it fails again, claim the whole file.',
  CLAIM_CONFLICT:
    'work on something else, or call request_release; claim_files with wait_seconds queues for it.',
  CLAIM_DEADLOCK:
    'release_claims for what the others wait for (see `cycle`), then call claim_files again.',
  CLAIM_UNKNOWN: `call ${MINE} for the ids of your claims.`,
  CLAIM_ENDED: 'stop writing what it covered; call claim_files for it again.',
  CLAIM_NOT_YOURS: 'leave it, or call request_release.',
  CLAIM_NOT_NARROWER: `call ${MINE} for the pattern that you hold.`,
  TASK_HELD:
    'complete_task the task that you have, or release_claims it; then call claim_task again.',
  TASK_COMPLETED: `call ${showCall('list_tasks', { free: true })} and choose another.`,
  TASK_BLOCKED: `call ${showCall('list_tasks', { free: true })}, or claim_task with wait_seconds.`,
  TASK_UNKNOWN: 'call list_tasks for the ids of tasks.',
  TASK_NOT_YOURS: 'leave it to its session, or call request_release.',
  TASK_BRANCH: 'switch to that branch, or call complete_task with `branch`.',
  TASK_STALE: 'git pull --rebase, then call list_tasks and claim_task again.',
  TASK_NOT_CLAIMED: 'call claim_task first, or list_tasks to see what became of it.',
  QUEUE_NOT_YOURS: `call ${showCall('my_requests', { queued: true })} for your own places.`,
  REQUEST_UNKNOWN: `call ${showCall('my_requests', { decision: 'all' })} for yours, or pending_requests for those to answer.`,
  CLAIM_STALE: 'stop writing what it covered; call claim_files for it again.',
  LIMIT_CLAIMS: `call ${MINE}, then release_claims for what you no longer need.`,
  LIMIT_WAITS: `call ${showCall('my_requests', { queued: true })}, then cancel_queue_request for what you no longer need.`,
  LIMIT_QUEUE: 'work on something else, or call claim_files without wait_seconds later.',
  BUSY: 'call again in a second.',
  REPO_UNKNOWN: 'call again with `repo`.',
  NO_QUORUM: 'do not edit; nothing was granted. Call again later, or let a person decide.',
  UNCERTAIN: `nothing is confirmed; call ${MINE} before you edit or call again.`,
  INTERNAL: 'do not rely on this call; tell a person to run `skein logs`.',
}

/** What a thrown thing means to the caller; anything but a SkeinError is a bug of ours. */
export function asSkeinError(thrown: unknown): SkeinError {
  if (thrown instanceof SkeinError) return thrown
  return new SkeinError('INTERNAL', 'A bug in skein broke this call.', { cause: thrown })
}
