// The policy of a repository: what it says, who was let in, what is shared beside it, and how often claims met.
import {
  POLICY_LIMITS,
  type Approval,
  type Promoted,
  type RefusalCount,
  type RefusalDay,
} from '../policy.ts'
import type { PeerId, RequestId } from '../ids.ts'
import type {
  AnswerApproval,
  AskApproval,
  Demote,
  Owners,
  PolicyBody,
  Promote,
  Refusals,
} from './body-policy.ts'
import type { Change } from './change.ts'
import { remember } from './fold-memory.ts'
import type { LedgerRecord } from './record.ts'
import { peerOf, type LedgerState } from './state.ts'

export function foldPolicy(state: LedgerState, record: LedgerRecord, body: PolicyBody): Change[] {
  switch (body.kind) {
    case 'owners':
      return setPolicy(state, body)
    case 'ask-approval':
      return askApproval(state, record, body)
    case 'answer-approval':
      return answerApproval(state, record, body)
    case 'promote':
      return promote(state, record, body)
    case 'demote':
      return demote(state, body)
    case 'refusals':
      return count(state, body)
  }
}

function setPolicy(state: LedgerState, { rid, policy, source }: Owners): Change[] {
  remember(state, rid, { kind: 'done' })
  state.policy = { ...state.policy, policy, source }
  return [{ kind: 'policy', policy, source, peer: deciderOf(state, rid) }]
}

function askApproval(state: LedgerState, record: LedgerRecord, body: AskApproval): Change[] {
  const approval: Approval = {
    ...body.approval,
    ...{ askedAtMs: record.atMs, state: 'asked', by: '', note: '', untilMs: 0 },
  }
  remember(state, body.rid, { kind: 'unapproved', id: approval.id })
  keepApprovals(state, record.atMs, [...state.approvals, approval])
  return [{ kind: 'approval', approval }]
}

function answerApproval(state: LedgerState, record: LedgerRecord, body: AnswerApproval): Change[] {
  remember(state, body.rid, { kind: 'done' })
  const asked = state.approvals.find(({ id }) => id === body.id)
  if (asked === undefined) return []
  const { state: answer, by, note, seconds } = body
  const approval: Approval = {
    ...asked,
    ...{ state: answer, by, note, untilMs: record.atMs + seconds * 1000 },
  }
  const all = state.approvals.map((one) => (one.id === body.id ? approval : one))
  keepApprovals(state, record.atMs, all)
  return [{ kind: 'approval', approval }]
}

/** Bounded; what was approved goes last, for somebody works under it. */
function keepApprovals(state: LedgerState, nowMs: number, all: readonly Approval[]): void {
  const young = all.filter(({ state: is, askedAtMs, untilMs }) =>
    is === 'approved' ? nowMs < untilMs : nowMs - askedAtMs < POLICY_LIMITS.approvalToldMs,
  )
  const over = Math.max(0, young.length - POLICY_LIMITS.approvalsMax)
  const rest = young.filter(({ state: is }) => is !== 'approved')
  const dropped = new Set([...rest, ...young].slice(0, over))
  state.approvals = young.filter((one) => !dropped.has(one))
}

function promote(state: LedgerState, record: LedgerRecord, body: Promote): Change[] {
  const { rid, pattern, by, isAuto, isPinned, replaces } = body
  remember(state, rid, { kind: 'done' })
  const gone = new Set([pattern, ...replaces])
  const promoted: Promoted = { pattern, by, atMs: record.atMs, isAuto, isPinned }
  const kept = state.policy.promoted.filter((one) => !gone.has(one.pattern))
  state.policy = { ...state.policy, promoted: [...kept, promoted] }
  return [{ kind: 'promoted', promoted, replaces, peer: deciderOf(state, rid) }]
}

function demote(state: LedgerState, { rid, patterns, by, isAuto }: Demote): Change[] {
  remember(state, rid, { kind: 'done' })
  const gone = new Set(patterns)
  const kept = state.policy.promoted.filter(({ pattern }) => !gone.has(pattern))
  state.policy = { ...state.policy, promoted: kept }
  const peer = deciderOf(state, rid)
  return patterns.map((pattern) => ({ kind: 'demoted', pattern, by, isAuto, peer }))
}

/** The machine of the caller; without one the leader did it of itself. */
function deciderOf(state: LedgerState, rid: RequestId | null): PeerId | null {
  return rid === null ? state.leader : peerOf(rid)
}

function count(state: LedgerState, { day, counts }: Refusals): Change[] {
  const known = state.refusals.find((one) => one.day === day)?.counts ?? []
  const today: RefusalDay = { day, counts: unite(known, counts) }
  const others = state.refusals.filter((one) => one.day !== day)
  state.refusals = [...others, today]
    .sort((a, b) => a.day - b.day)
    .filter((one) => one.day > day - POLICY_LIMITS.daysMax)
  return []
}

/** Above the bound those with the fewest refusals are forgotten. */
function unite(
  known: readonly RefusalCount[],
  more: readonly RefusalCount[],
): readonly RefusalCount[] {
  const counts = new Map(known.map((one) => [one.pattern, one]))
  for (const { pattern, refused, agents } of more) {
    const before = counts.get(pattern)
    const all = [...new Set([...(before?.agents ?? []), ...agents])]
    counts.set(pattern, {
      pattern,
      refused: refused + (before?.refused ?? 0),
      agents: all.slice(0, POLICY_LIMITS.agentsCountedMax),
    })
  }
  if (counts.size <= POLICY_LIMITS.countsMax) return [...counts.values()]
  const most = [...counts.values()].sort((a, b) => b.refused - a.refused)
  return most.slice(0, POLICY_LIMITS.countsMax)
}
