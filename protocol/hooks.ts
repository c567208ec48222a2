// What harnesses call at their hooks, and what they understand as an answer. The daemon answers with it; a hook that finds
// no daemon answers by itself.
import type { HarnessName } from './harness.ts'

export const HOOK_EVENTS = [
  'pre-tool',
  'post-tool',
  'turn-end',
  'session-start',
  'session-end',
] as const
export type HookEvent = (typeof HOOK_EVENTS)[number]

export interface HookVerdict {
  /**
   * After a tool, `deny` says that something was changed which others hold. `defer`: the harness ends its run here and asks
   * again when it is resumed; where it cannot do that, it is a `deny`.
   */
  readonly decision: 'allow' | 'deny' | 'ask' | 'defer'
  /** Why not; empty when allowed. */
  readonly reason: string
  /** What the session should know besides. */
  readonly notes: readonly string[]
}

/** What a hook's process prints, and how it ends. */
export interface HookReply {
  readonly stdout: string
  readonly stderr: string
  readonly exit: number
}

/** The harness's word for an event, to ours; null for one that is none of ours. */
export function hookEventOf(native: string): HookEvent | null {
  return Object.hasOwn(EVENTS, native) ? (EVENTS[native] ?? null) : null
}

const EVENTS: Readonly<Record<string, HookEvent>> = {
  PreToolUse: 'pre-tool',
  PostToolUse: 'post-tool',
  PostToolUseFailure: 'post-tool',
  SessionStart: 'session-start',
  SessionEnd: 'session-end',
  preToolUse: 'pre-tool',
  beforeShellExecution: 'pre-tool',
  beforeMCPExecution: 'pre-tool',
  postToolUse: 'post-tool',
  postToolUseFailure: 'post-tool',
  afterShellExecution: 'post-tool',
  afterMCPExecution: 'post-tool',
  afterFileEdit: 'post-tool',
  Stop: 'turn-end',
  sessionStart: 'session-start',
  sessionEnd: 'session-end',
}

/** A verdict in the harness's own form. An allowed call is never approved: the harness's own rules still apply to it. */
export function hookReply(
  harness: HarnessName,
  event: HookEvent,
  verdict: HookVerdict,
  native: string | null = null,
): HookReply {
  if (event === 'session-end') return printed(harness === 'cursor' ? {} : null)
  if (event === 'turn-end') return atTurnEnd(harness, verdict)
  if (harness === 'cursor') return cursorReply(event, verdict)
  const name = native ?? NATIVE[event]
  if (event === 'session-start') return printed(contextOf(name, verdict.notes))
  if (event === 'post-tool') return printed(afterTool(name, verdict))
  return beforeTool(harness, name, verdict)
}

const NATIVE: Readonly<Record<HookEvent, string>> = {
  'pre-tool': 'PreToolUse',
  'post-tool': 'PostToolUse',
  'turn-end': 'Stop',
  'session-start': 'SessionStart',
  'session-end': 'SessionEnd',
}

function beforeTool(harness: HarnessName, name: string, verdict: HookVerdict): HookReply {
  const { decision, reason, notes } = verdict
  if (decision === 'allow') return printed(contextOf(name, notes))
  if (decision === 'defer' && harness === 'claude')
    return printed(permission(name, 'defer', reason))
  // Codex knows no question: what a person would have to be asked is refused.
  const isQuestion = decision === 'ask' && harness === 'claude'
  const text = withNotes(reason, notes)
  const reply = permission(name, isQuestion ? 'ask' : 'deny', text)
  // Some versions look at the exit code only, others at the text only.
  return isQuestion ? printed(reply) : { ...printed(reply), stderr: `${text}\n`, exit: 2 }
}

function permission(name: string, decision: 'ask' | 'deny' | 'defer', reason: string): object {
  return {
    hookSpecificOutput: {
      hookEventName: name,
      permissionDecision: decision,
      permissionDecisionReason: reason,
    },
  }
}

/** A model that has stopped is woken by exit 2 and what stands on stderr; without a word it rests. */
function atTurnEnd(harness: HarnessName, { notes }: HookVerdict): HookReply {
  if (harness === 'cursor') return printed({})
  if (notes.length === 0) return printed(null)
  return { stdout: '', stderr: `${notes.join('\n')}\n`, exit: 2 }
}

function afterTool(name: string, { decision, reason, notes }: HookVerdict): object | null {
  const context = contextOf(name, notes)
  return decision === 'deny' ? { decision: 'block', reason, ...context } : context
}

function contextOf(name: string, notes: readonly string[]): object | null {
  if (notes.length === 0) return null
  return { hookSpecificOutput: { hookEventName: name, additionalContext: notes.join('\n') } }
}

function cursorReply(event: HookEvent, verdict: HookVerdict): HookReply {
  const { decision, reason, notes } = verdict
  const text = withNotes(reason, notes)
  // A missing `permission` would refuse the call.
  if (event === 'pre-tool') {
    const told = text === '' ? {} : { user_message: text, agent_message: text }
    const permission = decision === 'defer' ? 'deny' : decision
    const reply = printed({ permission, ...told })
    return permission === 'deny' ? { ...reply, stderr: `${text}\n`, exit: 2 } : reply
  }
  return printed(text === '' ? {} : { additional_context: text })
}

function withNotes(reason: string, notes: readonly string[]): string {
  return [reason, ...notes].filter((line) => line !== '').join('\n')
}

function printed(value: object | null): HookReply {
  return { stdout: value === null ? '' : `${JSON.stringify(value)}\n`, stderr: '', exit: 0 }
}
