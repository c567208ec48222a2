// Hooks over HTTP, for harnesses that post their payloads: the answer is the harness's own JSON, always with 200, since it
// reads no status. Whoever shows the pass of a checkout is a hook that init wrote: it says what a hook's process would know of
// its environment, and may wait as that would.
import type { IncomingHttpHeaders } from 'node:http'
import {
  HARNESSES,
  HOOK_PAYLOAD_BYTES_MAX,
  hookEventOf,
  hookReply,
  LIMITS,
  SkeinError,
  slimHookPayload,
  type HarnessName,
  type HookEvent,
  type HookReply,
  type HookVerdict,
  type OperationResult,
} from '../../protocol/index.ts'
import { oddNotes, stayFor, verdictOn } from '../client/hook-judge.ts'
import { readPatience } from '../client/hook-patience.ts'
import type { Operations } from '../client/operations.ts'
import { parseDuration } from '../config-words.ts'
import { bearerIn } from './auth.ts'
import { readJson } from './body.ts'
import type { HttpCall, Reply, Route } from './http-call.ts'

/** What the hooks of this machine's checkouts need beside the operations. */
export interface HookDoor {
  /** The id of the checkout whose pass this is; null for what is none. */
  passOf(bearer: string): string | null
  /** A hook of this session was answered: the command beside it may rest. */
  noteAnswered(pass: string, session: string): void
  /** What a hook's process decides where the daemon answers nothing. */
  judgeOffline(input: OfflineInput): Promise<HookVerdict>
  /** Whose daemon it is, and so whose hooks. */
  readonly user: string
}

export interface OfflineInput {
  readonly harness: HarnessName
  readonly event: HookEvent
  readonly payload: Payload
}

type Payload = Readonly<Record<string, unknown>>
type Judged = OperationResult<'guard'>

/** As `--patience` in the wiring of the commands, below the `timeout` there. */
const PATIENCE_SECONDS = 600
/** A pass asks for verdicts. Who begins or ends a session is a process, which says whose life the session's is. */
const OF_A_PASS: ReadonlySet<HookEvent | null> = new Set(['pre-tool', 'post-tool'])

export function hookRoutes(operations: Operations, door: HookDoor): readonly Route[] {
  return HARNESSES.map((harness) => ({
    method: 'POST',
    path: `/hooks/${harness}`,
    access: 'hooks',
    about: { summary: `A hook's payload of ${harness}, answered in its own form`, tag: 'hooks' },
    async answer(call) {
      const pass = door.passOf(bearerIn(call.request.headers.authorization))
      if (pass !== null) return answerHook({ operations, door, harness, pass }, call)
      const payload = await readJson(call.request)
      const result = await operations.call('guard', { harness, payload }, call.context)
      return replyOf((result as Judged).reply)
    },
  }))
}

interface Asked {
  readonly operations: Operations
  readonly door: HookDoor
  readonly harness: HarnessName
  readonly pass: string
}

async function answerHook(asked: Asked, call: HttpCall): Promise<Reply> {
  const { door, harness, pass } = asked
  const payload = slimHookPayload(await readJson(call.request, HOOK_PAYLOAD_BYTES_MAX))
  const { hook_event_name: native, session_id: session } = payload
  const event = typeof native === 'string' ? hookEventOf(native) : null
  if (event === null || !OF_A_PASS.has(event)) {
    throw new SkeinError('FORBIDDEN', 'this pass is for what comes before and after a tool')
  }
  const verdict = await judge(asked, event, payload, call)
  const reply = hookReply(harness, event, verdict, typeof native === 'string' ? native : null)
  if (event === 'pre-tool' && typeof session === 'string') door.noteAnswered(pass, session)
  return replyOf(reply)
}

/** As a hook's process does it: never without an answer that says something. */
async function judge(
  { operations, door, harness }: Asked,
  event: HookEvent,
  payload: Payload,
  { request: { headers }, context }: HttpCall,
): Promise<HookVerdict> {
  const patience = readPatience(wordIn(headers, 'skein-wait'), PATIENCE_SECONDS, parseDuration)
  const input = { ...inputOf(headers, harness, door.user), event, payload }
  const ask = async (more: object): Promise<Judged> => {
    const fields = { ...input, contested: patience.contested, ...more }
    return (await operations.call('guard', fields, context)) as Judged
  }
  try {
    const first = await ask({})
    const verdict = (await stayFor(first, patience, ask)) ?? first
    return { ...verdict, notes: [...oddNotes(patience), ...verdict.notes] }
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error
    return verdictOn(error, () => door.judgeOffline(input))
  }
}

function inputOf(headers: IncomingHttpHeaders, harness: HarnessName, user: string) {
  const bypass = wordIn(headers, 'skein-bypass').slice(0, LIMITS.descriptionCharactersMax)
  const isHeadless = wordIn(headers, 'skein-entrypoint').startsWith('sdk-')
  return {
    harness,
    caller: { user, tool: harness },
    ...(isHeadless ? { headless: true } : {}),
    ...(bypass === '' ? {} : { bypass }),
  }
}

/** What a harness puts there of its environment: empty where the variable is not set. */
function wordIn(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name]
  return typeof value === 'string' ? value.trim() : ''
}

function replyOf({ stdout }: HookReply): Reply {
  const body: unknown = stdout === '' ? {} : JSON.parse(stdout)
  return { status: 200, body }
}
