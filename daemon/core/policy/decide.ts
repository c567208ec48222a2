// What people say of a repository's files, against a leader's state.
import {
  DEFAULTS,
  isOwner,
  judgeable,
  POLICY_LIMITS,
  SkeinError,
  type Approval,
  type Policy,
  type RequestId,
} from '../../../protocol/index.ts'
import { fail, type Decision, type DecisionContext } from '../claims/decision.ts'
import type { View } from '../view.ts'
import type {
  AnswerApprovalCommand,
  DemoteCommand,
  PolicyCommand,
  PromoteCommand,
  SetPolicyCommand,
} from './command.ts'

type Context = Pick<DecisionContext, 'view' | 'wallMs'>

export function decidePolicy(rid: RequestId, command: PolicyCommand, context: Context): Decision {
  switch (command.kind) {
    case 'set-policy':
      return decideSet(rid, command, context)
    case 'answer-approval':
      return decideAnswer(rid, command, context)
    case 'promote':
      return decidePromote(rid, command, context.view)
    case 'demote':
      return decideDemote(rid, command, context.view)
  }
}

/** The later one wins: of two machines, one may have fetched less than the other. A person's word is of now. */
function decideSet(
  rid: RequestId,
  { policy, source }: SetPolicyCommand,
  { view, wallMs }: Context,
): Decision {
  const problem = problemOf(policy, view)
  if (problem !== null) return fail('INPUT_PATTERN', problem)
  const { policy: present, source: before } = view.state.policy
  // A commit that claims to be of the future would be in the way of every later one.
  const atMs = source.kind === 'hand' ? wallMs : Math.min(source.atMs, wallMs)
  const isOlder = source.kind === 'file' && before !== null && atMs < before.atMs
  if (isOlder || JSON.stringify(policy) === JSON.stringify(present)) return done()
  return append({ kind: 'owners', rid, policy, source: { ...source, atMs } })
}

function problemOf({ areas, shared, protected: closed }: Policy, view: View): string | null {
  const patterns = [...areas.flatMap(({ paths }) => paths), ...shared, ...closed]
  if (areas.length > POLICY_LIMITS.areasMax || patterns.length > POLICY_LIMITS.patternsMax)
    return `a policy has at most ${String(POLICY_LIMITS.areasMax)} areas and ${String(POLICY_LIMITS.patternsMax)} patterns`
  const wrong = patterns.find((pattern) => canonical(pattern, view) === null)
  return wrong === undefined ? null : `'${wrong}' is no pattern`
}

/** The pattern as it is kept; null for what is none. */
function canonical(pattern: string, view: View): string | null {
  try {
    return judgeable({ kind: 'file', pattern, symbols: [], mode: 'shared' }, view).pattern
  } catch (error) {
    if (error instanceof SkeinError) return null
    throw error
  }
}

function decideAnswer(
  rid: RequestId,
  { id, party, state, note, seconds }: AnswerApprovalCommand,
  { view }: Context,
): Decision {
  const asked = view.state.approvals.find((one) => one.id === id)
  if (asked === undefined) return fail('REQUEST_UNKNOWN', `no request ${id} is known here`)
  const other = notTheirs(view, asked, party.agent)
  if (other !== null) return other
  const body = { kind: 'answer-approval', rid, id, state, by: party.agent, note } as const
  const span = Math.min(seconds, DEFAULTS.ttlSecondsMax, POLICY_LIMITS.approvalSecondsMax)
  return append({ ...body, seconds: span })
}

/** An area without owners is every person's to open. */
function notTheirs({ state }: View, asked: Approval, agent: string): Decision | null {
  const areas = state.policy.policy.areas.filter(({ name }) => asked.areas.includes(name))
  const closed = areas.find((area) => area.owners.length > 0 && !isOwner(area, agent))
  if (closed === undefined) return null
  const owners = closed.owners.join(', ')
  return fail('POLICY_NOT_OWNER', `'${closed.name}' belongs to ${owners}, and you are ${agent}`, {
    data: { area: closed.name, owners: closed.owners, agent },
  })
}

function decidePromote(
  rid: RequestId,
  { pattern, isPinned, party }: PromoteCommand,
  view: View,
): Decision {
  const text = canonical(pattern, view)
  if (text === null) return fail('INPUT_PATTERN', `'${pattern}' is no pattern`)
  const { promoted, policy } = view.state.policy
  const known = promoted.find((one) => one.pattern === text)
  const isAuto = known?.isAuto ?? false
  if (known !== undefined && !isAuto && known.isPinned === isPinned) return done()
  if (policy.shared.includes(text)) return done()
  if (known === undefined && promoted.length >= POLICY_LIMITS.promotedMax)
    return fail('BUSY', `${String(promoted.length)} patterns are promoted, the limit`)
  const by = party.agent
  return append({ kind: 'promote', rid, pattern: text, by, isAuto: false, isPinned, replaces: [] })
}

function decideDemote(rid: RequestId, { pattern, party }: DemoteCommand, view: View): Decision {
  const text = canonical(pattern, view) ?? pattern
  const { promoted, policy } = view.state.policy
  if (promoted.some((one) => one.pattern === text))
    return append({ kind: 'demote', rid, patterns: [text], by: party.agent, isAuto: false })
  const isDeclared = policy.shared.includes(text)
  return fail('PATTERN_NOT_PROMOTED', `'${text}' is not promoted`, {
    ...(isDeclared ? { hint: 'It stands under `shared` in .skein.yml: take it out there.' } : {}),
    data: { pattern: text },
  })
}

function append(body: Extract<Decision, { kind: 'append' }>['bodies'][number]): Decision {
  return { kind: 'append', bodies: [body], warnings: [] }
}

function done(): Decision {
  return { kind: 'answer', outcome: { kind: 'done' } }
}
