// A request to a holder, and the holder's answer: what each does to claims. An answer comes from the holder only, and
// gives away nothing that is not the holder's: a shared part must lie inside its claim, and is judged against everybody
// else's.
import {
  covers,
  DEFAULTS,
  isSameParty,
  LIMITS,
  parsePattern,
  type Answer,
  type ClaimRequest,
  type LedgerClaim,
  type RecordBody,
  type RequestId,
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
import { grantFor } from '../claims/grant.ts'
import { judgeScopes } from '../claims/judge.ts'
import { narrowing } from '../claims/life.ts'
import { answersNow, claimsNow } from '../claims/tell.ts'
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
  if (mine !== undefined) return { kind: 'answer', outcome: { kind: 'asked', request: mine } }
  if (open.length >= LIMITS.requestsPerClaimMax) {
    return fail('BUSY', `${String(open.length)} requests stand against ${id} already`)
  }
  const { reason, urgency, wanted, answerSeconds } = command
  const asked: Omit<ClaimRequest, 'filedAtMs'> = {
    id: nextRequestedId(request, context.wallMs),
    claim: id,
    holder: partyOf(claim),
    requester: party,
    reason,
    urgency,
    wanted,
    answerSeconds,
  }
  const clampSeconds = DEFAULTS.requestAnswerSeconds
  const body: RecordBody = { kind: 'ask', rid: request.rid, request: asked, clampSeconds }
  return { kind: 'append', bodies: [body], warnings: [] }
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
      const found = narrowing(request, claim, answer.patterns, context)
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
  answer: Extract<ResponseTerms, { decision: 'coexist' }>,
): Decision {
  const { view } = context
  if (claim.kind === 'task' || claim.kind === 'resource') {
    return fail('CLAIM_NOT_NARROWER', `${claim.id} is a ${claim.kind}: it has no part to share`)
  }
  const options = { caseExact: view.caseExact }
  const outer = parsePattern(claim.pattern, options)
  const outside = answer.scopes.filter(
    ({ pattern }) => !covers(outer, parsePattern(pattern, options)),
  )
  if (outside.length > 0 || answer.scopes.length === 0) {
    return fail(
      'CLAIM_NOT_NARROWER',
      `'${outside.map(({ pattern }) => pattern).join("', '")}' reaches outside '${claim.pattern}'`,
    )
  }
  const { conflicts, partners } = judgeScopes(view, asked.requester, answer.scopes, context.delays)
  const others = conflicts.filter((conflict) => conflict.claim.id !== claim.id)
  if (others.length > 0) {
    const [first] = others
    return fail(
      'CLAIM_CONFLICT',
      `${first?.claim.agent ?? 'somebody'} holds a part of it too: ${first?.claim.pattern ?? ''}`,
    )
  }
  const claimIds = answer.scopes.map((_, at) => nextClaimId(request, context.wallMs, at))
  const met = answer.scopes.map((_, scope) => ({ id: claim.id, scope, narrows: false }))
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
  const grant = grantFor(
    { rid: null, party, scopes: answer.scopes, claimIds, terms, stamp, key: null },
    [...met, ...partners],
    null,
  )
  return append([grant, closingOf(request.rid, command, asked, claimIds)])
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
