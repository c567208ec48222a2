// `guard`: a hook's payload in, a verdict out, in words and in the harness's own form.
import {
  asSessionId,
  hookReply,
  type HookVerdict,
  type OperationInput,
  type OperationResult,
} from '../../protocol/index.ts'
import { clean } from '../callers.ts'
import { claimsOf, hookCaller, type HookCaller } from '../guard/caller.ts'
import { readPayload, type HookCall } from '../guard/decode/payload.ts'
import { judgeEffect } from '../guard/effects.ts'
import { beginSession, endSession, START_LINES_MAX } from '../guard/sessions.ts'
import { endTurn } from '../guard/waiting/turn.ts'
import type { Asked, Judged } from '../guard/asked.ts'
import { judgeAct } from '../guard/verdict.ts'
import type { Handler, Parts } from './context.ts'

const ALLOWED: HookVerdict = { decision: 'allow', reason: '', notes: [] }

export const guard: Handler<OperationInput<'guard'>> = async (parts, input, context) => {
  const call = readPayload(input.harness, input.event, input.payload)
  const caller = hookCaller(input, call, context)
  const verdict: Judged = caller === null ? ALLOWED : await judge(parts, input, call, caller)
  const { decision, reason, notes } = verdict
  const result: OperationResult<'guard'> = {
    decision,
    reason,
    notes,
    wait: verdict.wait ?? null,
    reply: hookReply(input.harness, call.event, verdict, call.native),
  }
  return result
}

async function judge(
  parts: Parts,
  input: OperationInput<'guard'>,
  call: HookCall,
  caller: HookCaller,
): Promise<Judged> {
  const { notices } = parts.guard
  notices.expect(caller.session)
  comesBack(parts, caller, call)
  const silentMs = silenceOf(parts, caller)
  const asked: Asked = {
    caller,
    call,
    folder: call.folder ?? input.cwd ?? caller.context.caller.cwd ?? null,
    bypass: input.bypass === undefined ? null : clean(input.bypass) || 'no reason given',
    description: `claimed at the first edit (${[input.harness, call.subagent].filter((part) => part !== null).join(', ')})`,
    contested: input.contested ?? 'place',
    isHeadless: input.headless ?? false,
    patientUntilMs: parts.clock.uptime() + (input.wait_s ?? 0) * 1000,
  }
  const verdict = await judgeEvent(parts, asked)
  // A model that has stopped hears nothing; one that is woken is told what there is.
  const isHeard = call.event !== 'session-end' && (call.event !== 'turn-end' || hasNotes(verdict))
  if (!isHeard) return verdict
  const told = [...notices.take(caller.session), ...warnings(parts, caller, silentMs)]
  const notes = [...told, ...verdict.notes]
  return {
    ...verdict,
    notes: call.event === 'session-start' ? notes.slice(0, START_LINES_MAX) : notes,
  }
}

function hasNotes({ notes }: HookVerdict): boolean {
  return notes.length > 0
}

/** A run that was parked begins again as a session that is resumed, with the very call that it stopped at. */
function comesBack(
  { guard: { waits }, sessions }: Parts,
  { session }: HookCaller,
  { event, toolUse }: HookCall,
): void {
  const run = waits.parked(session)
  const isBack =
    event === 'session-start' ||
    event === 'turn-end' ||
    (event === 'pre-tool' && run?.toolUse === toolUse)
  if (run === null || !isBack) return
  waits.resume(session)
  sessions.hold(asSessionId(session), 0)
}

function judgeEvent(parts: Parts, asked: Asked): Promise<Judged> {
  switch (asked.call.event) {
    case 'pre-tool':
      return judgeAct(parts, asked)
    case 'post-tool':
      return judgeEffect(parts, asked)
    case 'turn-end':
      return endTurn(parts, asked)
    case 'session-start':
      return beginSession(parts, asked)
    case 'session-end':
      return endSession(parts, asked)
  }
}

/** How long nothing was heard of the session before this call, which is a sign of life whatever it asks. */
function silenceOf({ sessions, callers, clock }: Parts, { session }: HookCaller): number {
  const last = sessions.lastActivity(asSessionId(session))
  callers.note(session)
  return last === null ? 0 : Math.max(0, clock.wall() - last)
}

function warnings(parts: Parts, { session }: HookCaller, silentMs: number): readonly string[] {
  return parts.repos.all().flatMap((repo) => {
    if (repo.host === null) return []
    const claims = claimsOf(parts, repo, asSessionId(session))
    return parts.guard.notices.warn({
      claims,
      nowMs: parts.clock.wall(),
      silentMs,
      idleReleaseMs: repo.config.idle_release * 1000,
    })
  })
}
