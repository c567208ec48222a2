// A hook's payload, cut to what a call may hold: what the daemon can judge without is left out.
import { LIMITS } from './limits.ts'

/** A file that is written as a whole stands in the payload; more is no payload. */
export const HOOK_PAYLOAD_BYTES_MAX = 64 * 1_048_576

/** New contents that the daemon can judge without: the file is then judged as a whole. */
const CONTENTS = ['content', 'contents', 'file_text', 'new_source', 'text'] as const
const ANSWERS = ['tool_response', 'tool_output', 'output', 'result_json'] as const
/** Room for the rest of the call. */
const SLIM_BYTES = LIMITS.inputBytesMax - 16_384

/** A payload that fits into a call: what is too long for it is left out, longest first where nothing is lost. */
export function slimHookPayload(
  payload: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  if (fits(payload)) return payload
  const answer = payload['tool_response']
  const changes: unknown =
    typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'bashEditDiff') : null
  const short = {
    ...without(payload, ANSWERS),
    ...(changes == null ? {} : { tool_response: { bashEditDiff: changes } }),
  }
  const input: unknown = payload['tool_input']
  if (fits(short) || typeof input !== 'object' || input === null) return short
  return { ...short, tool_input: without({ ...input }, CONTENTS) }
}

function fits(payload: Readonly<Record<string, unknown>>): boolean {
  return new TextEncoder().encode(JSON.stringify(payload)).length <= SLIM_BYTES
}

function without(
  fields: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)))
}
