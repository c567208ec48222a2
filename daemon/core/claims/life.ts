// What may be done with a live claim: release, end, renew, narrow, verify; and by whom.
import {
  covers,
  isSameParty,
  parsePattern,
  type ClaimId,
  type LedgerClaim,
  type Party,
  type RecordBody,
  type RequestId,
  type Scope,
} from '../../../protocol/index.ts'
import { idsOfSession, type View } from '../view.ts'
import type {
  EndCommand,
  NarrowCommand,
  Outcome,
  ReleaseCommand,
  RenewCommand,
  VerifyCommand,
} from './command.ts'
import { fail, nextClaimId, type Decision, type DecisionContext, type Request } from './decision.ts'
import { claimsNow } from './tell.ts'

export function decideRelease(rid: RequestId, command: ReleaseCommand, view: View): Decision {
  const { party, target, force } = command
  const asked = targetIds(command, view)
  const unknown = asked.filter((id) => claimsNow(view, [id]).length === 0)
  if (target.by === 'ids' && unknown.length > 0) return unknownClaims(unknown)
  const live = asked.flatMap((id) => view.state.claims.get(id) ?? [])
  const foreign = live.filter((claim) => !isSameParty(party, claim))
  if (foreign.length > 0 && force === null) return notYours(foreign)
  const ids = live.map((claim) => claim.id)
  if (ids.length === 0) {
    const outcome: Outcome = { kind: 'ended', claims: claimsNow(view, asked), already: asked }
    return { kind: 'answer', outcome }
  }
  const body: RecordBody =
    force !== null && foreign.length > 0
      ? { kind: 'revoke', rid, ids, by: party.agent, note: force }
      : { kind: 'release', rid, ids, reason: 'released', by: party.agent }
  return { kind: 'append', bodies: [body], warnings: [] }
}

export function decideEnd(rid: RequestId, command: EndCommand, view: View): Decision {
  const ids = command.ids.filter((id) => view.state.claims.has(id))
  if (ids.length === 0) {
    return { kind: 'answer', outcome: { kind: 'ended', claims: [], already: command.ids } }
  }
  const { reason } = command
  return {
    kind: 'append',
    bodies: [{ kind: 'release', rid, ids, reason, by: 'daemon' }],
    warnings: [],
  }
}

export function decideRenew(rid: RequestId, command: RenewCommand, view: View): Decision {
  const { party } = command
  const asked = command.ids.length > 0 ? command.ids : idsOfSession(view, party.peer, party.session)
  const claims = ownLive(view, party, asked)
  if (!Array.isArray(claims)) return claims
  const { ttlSeconds } = command
  if (claims.length === 0) return { kind: 'answer', outcome: { kind: 'renewed', claims: [] } }
  const ids = claims.map((claim) => claim.id)
  const body: RecordBody = { kind: 'renew', rid, ids, ttlSeconds, stamp: command.stamp, key: null }
  return { kind: 'append', bodies: [body], warnings: [] }
}

export function decideNarrow(
  request: Request,
  command: NarrowCommand,
  context: DecisionContext,
): Decision {
  const { view } = context
  const found = ownLive(view, command.party, [command.id])
  if (!Array.isArray(found)) return found
  const claim = found[0]
  if (claim === undefined) return unknownClaims([command.id])
  return narrowing(request, claim, command.patterns, context)
}

/** The records that leave these patterns of a claim, which must lie inside it. */
export function narrowing(
  request: Request,
  claim: LedgerClaim,
  patterns: readonly string[],
  context: DecisionContext,
): Decision {
  const { view } = context
  if (claim.kind === 'task' || claim.kind === 'resource') {
    return fail('CLAIM_NOT_NARROWER', `${claim.id} is a ${claim.kind}: it has no part`)
  }
  const options = { caseExact: view.caseExact }
  const outer = parsePattern(claim.pattern, options)
  const outside = patterns.filter((pattern) => !covers(outer, parsePattern(pattern, options)))
  if (outside.length > 0) {
    return fail(
      'CLAIM_NOT_NARROWER',
      `'${outside.join("', '")}' reaches outside '${claim.pattern}'`,
      {
        data: { outside, pattern: claim.pattern },
      },
    )
  }
  const scopes = patterns.map((pattern): Scope => {
    const { kind, symbols, mode } = claim
    return { kind, symbols, mode, pattern }
  })
  const [scope, ...rest] = scopes
  if (scope === undefined) return fail('INPUT_PATTERN', 'no pattern to narrow to')
  const more = rest.map((part, at) => ({
    id: nextClaimId(request, context.wallMs, at),
    scope: part,
  }))
  const body: RecordBody = { kind: 'narrow', rid: request.rid, id: claim.id, scope, more }
  return { kind: 'append', bodies: [body], warnings: [] }
}

export function verify(command: VerifyCommand, view: View): Outcome {
  const { party, fences } = command
  const ids = command.ids.length > 0 ? command.ids : idsOfSession(view, party.peer, party.session)
  const claims = ids.map((id) => {
    const claim = view.state.claims.get(id)
    const held = fences[id]
    const fence = claim?.fence ?? null
    const isMine = claim !== undefined && isSameParty(party, claim)
    return { id, fence, live: isMine && (held === undefined || held === fence) }
  })
  return { kind: 'verified', claims }
}

function targetIds(command: ReleaseCommand, view: View): readonly ClaimId[] {
  const { target, party } = command
  switch (target.by) {
    case 'ids':
      return [...new Set(target.ids)]
    case 'mine':
      return idsWhere(view, (claim) => isSameParty(party, claim))
    case 'this-session':
      return idsOfSession(view, party.peer, party.session)
    case 'session':
      return idsWhere(view, (claim) => claim.session === target.session)
    case 'agent':
      return idsWhere(view, (claim) => claim.agent === target.agent)
  }
}

function idsWhere(view: View, test: (claim: LedgerClaim) => boolean): ClaimId[] {
  return [...view.state.claims.values()].filter(test).map((claim) => claim.id)
}

function ownLive(view: View, party: Party, ids: readonly ClaimId[]): LedgerClaim[] | Decision {
  const unknown = ids.filter((id) => claimsNow(view, [id]).length === 0)
  if (unknown.length > 0) return unknownClaims(unknown)
  const gone = ids.filter((id) => !view.state.claims.has(id))
  if (gone.length > 0) {
    return fail('CLAIM_ENDED', `${gone.join(', ')} has ended`, { data: { ids: gone } })
  }
  const claims = ids.flatMap((id) => view.state.claims.get(id) ?? [])
  const foreign = claims.filter((claim) => !isSameParty(party, claim))
  return foreign.length > 0 ? notYours(foreign) : claims
}

function unknownClaims(ids: readonly ClaimId[]): Decision {
  return fail('CLAIM_UNKNOWN', `no claim ${ids.join(', ')} is known here`, { data: { ids } })
}

function notYours(claims: readonly LedgerClaim[]): Decision {
  const [first] = claims
  const who = first === undefined ? '' : `${first.agent} holds ${first.id}`
  return fail(
    'CLAIM_NOT_YOURS',
    `${who}${claims.length > 1 ? ` and ${String(claims.length - 1)} more` : ''}`,
    {
      hint: 'A person may end it: skein release ID --force --reason TEXT',
      data: { ids: claims.map((claim) => claim.id) },
    },
  )
}
