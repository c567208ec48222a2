// `skein guard` and the hooks around it: a harness's payload comes on stdin, the daemon judges, and its answer is printed as
// the harness wants it. On the path of every edit, so nothing heavy is imported; a harness that waits is never left without
// an answer.
import type { Readable } from 'node:stream'
import {
  DEFAULTS,
  HARNESSES,
  HOOK_PAYLOAD_BYTES_MAX,
  hookReply,
  LIMITS,
  SkeinError,
  slimHookPayload,
  type HarnessName,
  type HookEvent,
  type HookReply,
  type HookVerdict,
  type OperationResult,
} from '../../../protocol/index.ts'
import { callOperation } from '../../client/call.ts'
import { ALLOWED, oddNotes, stayFor, unjudged, verdictOn } from '../../client/hook-judge.ts'
import { readPatience } from '../../client/hook-patience.ts'
import { findSockets, homePath } from '../../client/place.ts'
import { parseDuration, usage, type Command } from '../arguments.ts'
import type { Io } from '../io.ts'
import type { HookInput, Machine } from '../machine.ts'
import { fieldsOfCaller, whoCalls } from '../operation-input.ts'

/** As of every call that needs a quorum. */
const CALL_MS_MAX = (DEFAULTS.callTimeoutSeconds + 3) * 1000
/** Harnesses give the end of a session 1.5 s; the daemon goes on by itself. */
const END_MS_MAX = 1_000

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
  const given = command.fields['patience_s']
  const secondsMax = typeof given === 'number' ? given : 0
  const patience = readPatience(io.env['SKEIN_WAIT'], secondsMax, parseDuration)
  const input = inputOf(harness, event, payload, command, io)
  const answer = await ask({ ...input, contested: patience.contested }, event, io, machine)
  const again = (more: object): Promise<OperationResult<'guard'>> =>
    call({ ...input, ...more }, event, io)
  const stayed = 'reply' in answer ? await stayFor(answer, patience, again) : null
  const odd = oddNotes(patience)
  if (odd.length === 0 && stayed === null && 'reply' in answer) return print(answer.reply, io)
  const native = payload['hook_event_name']
  const said = stayed ?? answer
  const verdict = { ...said, notes: [...odd, ...said.notes] }
  return print(hookReply(harness, event, verdict, typeof native === 'string' ? native : null), io)
}

type Answer = OperationResult<'guard'> | HookVerdict

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
    return verdictOn(error, () => machine.guardOffline(homePath(io.env), input))
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
    payload: slimHookPayload(payload),
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
    if (size > HOOK_PAYLOAD_BYTES_MAX) return null
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
