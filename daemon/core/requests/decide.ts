// A request to a holder, and the holder's answer: what each does to claims. An answer comes from the holder only, and
// gives away nothing that is not the holder's: a shared part must lie inside its claim, and is judged against everybody
// else's.
import {
  DEFAULTS,
  isSameParty,
  judgeable,
  LIMITS,
  overlapScopes,
  type Answer,
  type ClaimRequest,
  type LedgerClaim,
  type OverlapKind,
  type RecordBody,
  type RequestId,
  type Scope,
} from '../../../protocol/index.ts'
import type { AskCommand, RespondCommand, ResponseTerms } from '../claims/command.ts'
import {
  fail,
  nextClaimId,
  nextRequestedId,
  type Decision,
  type DecisionContext,
  type Request,
} from '../claims/decision.ts'
import { grantFor, tooMany } from '../claims/grant.ts'
import { judgeScopes, type Partner } from '../claims/judge.ts'
import { narrowing, outsideOf } from '../claims/life.ts'
import { answersNow, claimsNow } from '../claims/tell.ts'
import { failureOf } from '../policy/refuse.ts'
import { ruleOn } from '../policy/rules.ts'
import { inTheWay } from '../queue/blockers.ts'
import { findCircle } from '../queue/deadlock.ts'
import type { View } from '../view.ts'

export function decideAsk(
  request: Request,
  command: AskCommand,
  context: DecisionContext,
): Decision {
  const { view } = context
  const { party, claim: id } = command
  const claim = view.state.claims.get(id)
  if (claim === undefined) return gone(view, id)
  if (isSameParty(party, claim)) return fail('INPUT_USAGE', `${id} is yours: release it instead`)
  const open = [...view.state.asked.values()].filter((found) => found.claim === id)
  const mine = open.find((found) => isSameParty(party, found.requester))
  const closed = waitingCircle(command, claim, context)
  if (closed !== null) return closed
  if (mine !== undefined) return { kind: 'answer', outcome: { kind: 'asked', request: mine } }
  if (open.length >= LIMITS.requestsPerClaimMax) {
    return fail('BUSY', `${String(open.length)} requests stand against ${id} already`)
  }
  const { reason, urgency, wanted, answerSeconds, waitSeconds } = command
  const asked: Omit<ClaimRequest, 'filedAtMs'> = {
    id: nextRequestedId(request, context.wallMs),
    claim: id,
    pattern: claim.pattern,
    holder: partyOf(claim),
    requester: party,
    reason,
    urgency,
    wanted,
    answerSeconds,
    ...(waitSeconds > 0 ? { waitSeconds } : {}),
  }
  const clampSeconds = DEFAULTS.requestAnswerSeconds
  const body: RecordBody = { kind: 'ask', rid: request.rid, request: asked, clampSeconds }
  return { kind: 'append', bodies: [body], warnings: [] }
}

/** Waiting for the answer of somebody who waits, however indirectly, for the caller. */
function waitingCircle(
  { party, waitSeconds }: AskCommand,
  claim: LedgerClaim,
  context: DecisionContext,
): Decision | null {
  if (waitSeconds === 0) return null
  const circle = findCircle(context.view, party, [claim], inTheWay(context))
  if (circle === null) return null
  const cycle = circle.map(({ agent }) => agent)
  const round = [...cycle, party.agent].join(' -> ')
  return fail('CLAIM_DEADLOCK', `waiting for the answer would close a circle: ${round}`, {
    hint: 'Release what the others wait for, or ask without --wait.',
    data: { cycle },
  })
}

export function decideRespond(
  request: Request,
  command: RespondCommand,
  context: DecisionContext,
): Decision {
  const { view } = context
  const asked = view.state.asked.get(command.id)
  if (asked === undefined) return late(view, command)
  if (!isSameParty(command.party, asked.holder)) {
    return fail('CLAIM_NOT_YOURS', `only the holder, ${asked.holder.agent}, may answer ${asked.id}`)
  }
  const claim = view.state.claims.get(asked.claim)
  if (claim === undefined) return gone(view, asked.claim)
  return answerWith(request, command, context, { asked, claim })
}

interface Asked {
  readonly asked: ClaimRequest
  readonly claim: LedgerClaim
}

function answerWith(
  request: Request,
  command: RespondCommand,
  context: DecisionContext,
  { asked, claim }: Asked,
): Decision {
  const { answer } = command
  const closing = closingOf(request.rid, command, asked, [])
  switch (answer.decision) {
    case 'denied':
      return append([closing])
    case 'approved': {
      const by = command.party.agent
      return append([
        closing,
        { kind: 'release', rid: null, ids: [claim.id], reason: 'requested', by },
      ])
    }
    case 'narrowed': {
      const found = narrowing(request, claim, answer.parts, context)
      // The caller is told of its answer, not of the narrowing that it brings.
      return found.kind === 'append'
        ? append([closing, ...found.bodies.map((body) => ({ ...body, rid: null }))])
        : found
    }
    case 'coexist':
      return share(request, command, context, { asked, claim }, answer)
  }
}

/** The requester gets a claim of its own beside the holder's, by the holder's consent. */
function share(
  request: Request,
  command: RespondCommand,
  context: DecisionContext,
  { asked, claim }: Asked,
  { scopes }: Extract<ResponseTerms, { decision: 'coexist' }>,
): Decision {
  const { view } = context
  if (claim.kind === 'task' || claim.kind === 'resource') {
    return fail('CLAIM_NOT_NARROWER', `${claim.id} is a ${claim.kind}: it has no part to share`)
  }
  if (scopes.length === 0) return fail('INPUT_PATTERN', 'nothing to share')
  const parts = scopes.map((scope, at) => consentedIn(view, claim, scope, at))
  // What the holder's symbols do not meet is not the holder's to give, and needs no consent.
  const outside = outsideOf(
    claim,
    scopes.filter((_, at) => parts[at]?.kind !== 'disjoint-symbols'),
    view,
  )
  if (outside !== null) return outside
  const { conflicts, partners } = judgeScopes(view, asked.requester, scopes, context.delays)
  const others = conflicts.filter((conflict) => conflict.claim.id !== claim.id)
  if (others.length > 0) {
    const [first] = others
    return fail(
      'CLAIM_CONFLICT',
      `${first?.claim.agent ?? 'somebody'} holds a part of it too: ${first?.claim.pattern ?? ''}`,
    )
  }
  const beside = [...parts.flatMap(({ partner }) => partner), ...partners]
  const crowded = tooMany(beside)
  if (crowded !== null) return crowded
  const claimIds = scopes.map((_, at) => nextClaimId(request, context.wallMs, at))
  const terms = {
    description: asked.reason,
    narrowable: false,
    ttlSeconds: null,
    ttlDefaultSeconds: DEFAULTS.ttlSeconds,
    ttlSharedSeconds: DEFAULTS.ttlSharedSeconds,
    claimsPerAgent: 0,
  }
  const { requester: party } = asked
  const { stamp } = command
  // The holder cannot let in whom the repository keeps out.
  const ruling = ruleOn(view, party, scopes, context.wallMs)
  if (ruling.kind !== 'free') return { kind: 'fail', failure: failureOf(ruling) }
  const granted = { rid: null, party, scopes: ruling.scopes, claimIds, terms, stamp, key: null }
  const grant = grantFor(granted, beside, null)
  return append([grant, closingOf(request.rid, command, asked, claimIds)])
}

/** How a shared part meets its holder's claim. Symbols given out of it narrow it; a file stands beside it. */
function consentedIn(
  view: View,
  claim: LedgerClaim,
  scope: Scope,
  at: number,
): { readonly kind: OverlapKind | null; readonly partner: readonly Partner[] } {
  const overlap = overlapScopes(judgeable(scope, view), judgeable(claim, view))
  if (overlap === null) return { kind: null, partner: [] }
  const { kind } = overlap
  const narrows = kind === 'symbol-in-file' || kind === 'symbols'
  return { kind, partner: [{ id: claim.id, scope: at, narrows }] }
}

function closingOf(
  rid: RequestId,
  { answer, note, party }: RespondCommand,
  asked: ClaimRequest,
  granted: Answer['granted'],
): Answer {
  return {
    kind: 'answer',
    rid,
    ids: [asked.id],
    end: answer.decision,
    by: party.agent,
    note,
    granted,
  }
}

function append(bodies: readonly RecordBody[]): Decision {
  return { kind: 'append', bodies, warnings: [] }
}

/** An answer that comes after the end changes nothing. */
function late(view: View, { id }: RespondCommand): Decision {
  const answered = answersNow(view, [id])
  if (answered.length === 0) return fail('REQUEST_UNKNOWN', `no request ${id} is known here`)
  return { kind: 'answer', outcome: { kind: 'answered', answered, late: true } }
}

function gone(view: View, id: LedgerClaim['id']): Decision {
  if (claimsNow(view, [id]).length > 0) return fail('CLAIM_ENDED', `${id} has ended`)
  return fail('CLAIM_UNKNOWN', `no claim ${id} is known here`)
}

function partyOf({
  agent,
  agentGiven,
  session,
  peer,
  machine,
  branch,
}: LedgerClaim): ClaimRequest['holder'] {
  return { agent, agentGiven, session, peer, machine, branch }
}
