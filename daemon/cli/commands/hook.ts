// `skein guard` and the hooks around it: a harness's payload comes on stdin, the daemon judges, and its answer is printed as
// the harness wants it. On the path of every edit, so nothing heavy is imported; a harness that waits is never left without
// an answer.
import type { Readable } from 'node:stream'
import {
  DEFAULTS,
  HARNESSES,
  hookReply,
  LIMITS,
  SkeinError,
  type HarnessName,
  type HookEvent,
  type HookReply,
  type HookVerdict,
  type OperationResult,
} from '../../../protocol/index.ts'
import { callOperation } from '../../client/call.ts'
import { findSockets, homePath } from '../../client/place.ts'
import { usage, type Command } from '../arguments.ts'
import type { Io } from '../io.ts'
import type { HookInput, Machine } from '../machine.ts'
import { fieldsOfCaller, whoCalls } from '../operation-input.ts'
import { readPatience, staySeconds, type Patience } from './hook-patience.ts'

/** As of every call that needs a quorum. */
const CALL_MS_MAX = (DEFAULTS.callTimeoutSeconds + 3) * 1000
/** Harnesses give the end of a session 1.5 s; the daemon goes on by itself. */
const END_MS_MAX = 1_000
/** A file that is written as a whole stands in the payload; more is no payload. */
const PAYLOAD_BYTES_MAX = 64 * 1_048_576

export async function runHook(
  event: HookEvent,
  command: Command,
  io: Io,
  machine: Machine,
): Promise<number> {
  const harness = harnessOf(command)
  const payload = await readPayload(io.stdin)
  if (payload === null) {
    return print(hookReply(harness, event, unjudged('the payload on stdin is no JSON object')), io)
  }
  const patience = readPatience(command, io)
  const input = inputOf(harness, event, payload, command, io)
  const answer = await ask({ ...input, contested: patience.contested }, event, io, machine)
  const stayed = 'reply' in answer ? await stay(answer, input, patience, io) : answer
  const { odd } = patience
  if (odd === null && 'reply' in stayed) return print(stayed.reply, io)
  const notes =
    odd === null
      ? stayed.notes
      : [`skein: SKEIN_WAIT says \`${odd}\`, which is no time.`, ...stayed.notes]
  const native = payload['hook_event_name']
  const verdict = { ...stayed, notes }
  return print(hookReply(harness, event, verdict, typeof native === 'string' ? native : null), io)
}

type Answer = OperationResult<'guard'> | HookVerdict

/**
 * Waits with a second call where the first says that there is something to wait for: so a daemon that answers nothing keeps
 * no harness waiting. What has to be told once was told to the first.
 */
async function stay(
  first: OperationResult<'guard'>,
  input: HookInput,
  patience: Patience,
  io: Io,
): Promise<Answer> {
  const seconds = staySeconds(first, patience)
  if (seconds === 0) return first
  const { event } = input
  try {
    const { decision, reason, notes } = await call({ ...input, wait_s: seconds }, event, io)
    return { decision, reason, notes: [...first.notes, ...notes] }
  } catch (error) {
    // It was refused, and nothing else is known.
    if (error instanceof SkeinError) return first
    throw error
  }
}

async function ask(input: HookInput, event: HookEvent, io: Io, machine: Machine): Promise<Answer> {
  try {
    return await call(input, event, io)
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error
    const isDown = error.code === 'DAEMON_DOWN'
    if (isDown && event === 'session-start' && io.env['SKEIN_NO_START'] !== '1')
      return startAndAsk(input, io, machine)
    // The daemon has it, and goes on with it.
    if (event === 'session-end' && !isDown) return ALLOWED
    if (error.exit === 2) return machine.guardOffline(homePath(io.env), input)
    if (error.code === 'INPUT_SIZE')
      return {
        decision: 'deny',
        reason: `skein: ${error.message} Make it in smaller steps.`,
        notes: [],
      }
    return unjudged(error.message)
  }
}

async function startAndAsk(input: HookInput, io: Io, machine: Machine): Promise<Answer> {
  try {
    const { startInBackground } = await import('./background.ts')
    await startInBackground(io, machine)
    return await call(input, 'session-start', io)
  } catch (error) {
    if (error instanceof SkeinError) return unjudged(`${error.message} ${error.hint}`)
    throw error
  }
}

async function call(input: HookInput, event: HookEvent, io: Io): Promise<OperationResult<'guard'>> {
  const { api: socket } = findSockets(homePath(io.env))
  const waitMs = typeof input['wait_s'] === 'number' ? input['wait_s'] * 1000 : 0
  const timeoutMs = event === 'session-end' ? END_MS_MAX : CALL_MS_MAX + waitMs
  const options = { socket, timeoutMs, signal: io.interrupted }
  return (await callOperation('guard', input, options)) as OperationResult<'guard'>
}

const ALLOWED: HookVerdict = { decision: 'allow', reason: '', notes: [] }

/** What cannot be judged goes on, and never without a word. */
function unjudged(why: string): HookVerdict {
  return { ...ALLOWED, notes: [`skein: this was not judged: ${why}`] }
}

function print({ stdout, stderr, exit }: HookReply, io: Io): number {
  io.stdout.write(stdout)
  io.stderr.write(stderr)
  return exit
}

function harnessOf({ verb, fields }: Command): HarnessName {
  const given = fields['harness']
  const found = HARNESSES.find((name) => name === given)
  if (found !== undefined) return found
  throw usage(`Say whose hook it is: --harness ${HARNESSES.join('|')}`, verb)
}

function inputOf(
  harness: HarnessName,
  event: HookEvent,
  payload: Readonly<Record<string, unknown>>,
  command: Command,
  io: Io,
): HookInput {
  const named = payload['session_id'] ?? payload['conversation_id']
  const bypass = io.env['SKEIN_BYPASS']?.slice(0, LIMITS.descriptionCharactersMax) ?? ''
  const caller = whoCalls(command, io, typeof named === 'string' ? named : undefined)
  return {
    ...fieldsOfCaller(caller, command, io),
    ...(MAY_WAIT.has(event) && caller.isHeadless ? { headless: true } : {}),
    harness,
    event,
    payload: slimmed(payload),
    ...(bypass.trim() === '' ? {} : { bypass }),
  }
}

const MAY_WAIT: ReadonlySet<HookEvent> = new Set(['pre-tool', 'turn-end'])

/** Null for what is no JSON object. */
async function readPayload(stdin: Readable): Promise<Readonly<Record<string, unknown>> | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stdin as AsyncIterable<Buffer | string>) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > PAYLOAD_BYTES_MAX) return null
    chunks.push(bytes)
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { ...value }
      : null
  } catch {
    return null
  }
}

/** New contents that the daemon can judge without: the file is then judged as a whole. */
const CONTENTS = ['content', 'contents', 'file_text', 'new_source', 'text'] as const
const ANSWERS = ['tool_response', 'tool_output', 'output', 'result_json'] as const
/** Room for the rest of the call. */
const SLIM_BYTES = LIMITS.inputBytesMax - 16_384

/** A payload that fits into a call: what is too long for it is left out, longest first where nothing is lost. */
function slimmed(payload: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
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
  return Buffer.byteLength(JSON.stringify(payload)) <= SLIM_BYTES
}

function without(
  fields: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)))
}
