// What may be done with a live claim: release, end, renew, narrow, verify; and by whom.
import {
  covers,
  isSameParty,
  isSymbolInside,
  judgeable,
  overlapScopes,
  parsePattern,
  peerOf,
  type ClaimId,
  type EndReason,
  type LedgerClaim,
  type PartBeside,
  type Party,
  type RecordBody,
  type RequestId,
  type Scope,
} from '../../../protocol/index.ts'
import { assignmentOf, endsWithAssignment } from '../fleet/held.ts'
import { idsOfSession, type View } from '../view.ts'
import type {
  EndCommand,
  NarrowCommand,
  Outcome,
  Part,
  ReleaseCommand,
  RenewCommand,
  VerifyCommand,
} from './command.ts'
import { fail, nextClaimId, type Decision, type DecisionContext, type Request } from './decision.ts'
import { tooMany } from './grant.ts'
import { superseded, supersededOf } from './superseded.ts'
import { claimsNow } from './tell.ts'

export function decideRelease(rid: RequestId, command: ReleaseCommand, view: View): Decision {
  const { party, target, force } = command
  // A harness ends its session before its worker's machine has pushed the work.
  const asked = targetIds(command, view).filter(
    (id) => target.by === 'ids' || assignmentOf(view, id) === null,
  )
  const unknown = asked.filter((id) => claimsNow(view, [id]).length === 0)
  if (target.by === 'ids' && unknown.length > 0) return unknownClaims(view, unknown)
  const live = asked.flatMap((id) => view.state.claims.get(id) ?? [])
  const foreign = live.filter((claim) => !isSameParty(party, claim))
  if (foreign.length > 0 && force === null) return notYours(foreign)
  const ids = live.map((claim) => claim.id)
  const [assigned = null] = force === null ? ids.flatMap((id) => assignmentOf(view, id) ?? []) : []
  if (assigned !== null) return endsWithAssignment(assigned)
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
  // A daemon's word is of its own sessions.
  const ids = command.ids.filter((id) => view.state.claims.get(id)?.peer === peerOf(rid))
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
  if (claim === undefined) return unknownClaims(view, [command.id])
  return narrowing(request, claim, command.parts, context)
}

/** The records that leave these parts of a claim, which must lie inside it. */
export function narrowing(
  request: Request,
  claim: LedgerClaim,
  parts: readonly Part[],
  context: DecisionContext,
): Decision {
  const { view } = context
  if (claim.kind === 'task' || claim.kind === 'resource') {
    return fail('CLAIM_NOT_NARROWER', `${claim.id} is a ${claim.kind}: it has no part`)
  }
  const [first, ...rest] = parts.map((part) => partOf(claim, part))
  if (first === undefined) return fail('INPUT_PATTERN', 'no pattern to narrow to')
  const outside = outsideOf(claim, [first, ...rest], view)
  if (outside !== null) return outside
  const more = rest.map((scope, at) => ({
    id: nextClaimId(request, context.wallMs, at),
    scope,
  }))
  const beside = [first, ...rest].map((scope) => besideOf(view, claim, scope))
  const crowded = tooMany(beside.flatMap(({ coexistsWith }) => coexistsWith))
  if (crowded !== null) return crowded
  const { rid } = request
  const body: RecordBody = { kind: 'narrow', rid, id: claim.id, scope: first, more, beside }
  return { kind: 'append', bodies: [body], warnings: [] }
}

/** A refusal of what lies outside of the claim; null when nothing does. */
export function outsideOf(
  claim: LedgerClaim,
  scopes: readonly Scope[],
  view: View,
): Decision | null {
  const outside = scopes.filter((scope) => !isInside(scope, claim, view))
  if (outside.length === 0) return null
  const names = outside.map(nameOf)
  const data = { outside: names, pattern: claim.pattern, symbols: claim.symbols }
  const message = `'${names.join("', '")}' reaches outside '${nameOf(claim)}'`
  return fail('CLAIM_NOT_NARROWER', message, { data })
}

function partOf({ kind, symbols, mode }: LedgerClaim, part: Part): Scope {
  const { pattern } = part
  return part.symbols === null
    ? { kind, symbols, mode, pattern }
    : { kind: 'symbol', symbols: part.symbols, mode, pattern }
}

function isInside(inner: Scope, outer: LedgerClaim, { caseExact }: View): boolean {
  const options = { caseExact }
  const isWithin = covers(
    parsePattern(outer.pattern, options),
    parsePattern(inner.pattern, options),
  )
  if (!isWithin || outer.kind !== 'symbol') return isWithin
  if (inner.kind !== 'symbol') return false
  return inner.symbols.every((symbol) => isSymbolInside(symbol, outer.symbols))
}

/** Who stands beside a claim still stands beside this part of it, where the two meet at all. */
function besideOf(view: View, claim: LedgerClaim, scope: Scope): PartBeside {
  const part = judgeable(scope, view)
  const met = claim.coexistsWith.flatMap((id) => {
    const theirs = view.scopes.get(id)
    const overlap = theirs === undefined ? null : overlapScopes(part, theirs)
    return overlap === null ? [] : [{ id, kind: overlap.kind }]
  })
  const narrowed = met.filter(({ kind }) => kind !== 'disjoint-symbols').map(({ id }) => id)
  return {
    coexistsWith: met.map(({ id }) => id),
    narrowedBy: claim.narrowedBy.filter((id) => narrowed.includes(id)),
  }
}

/** `src/a.ts`, or `src/a.ts: A::b, C`. */
function nameOf({ pattern, symbols }: Scope): string {
  return symbols.length === 0 ? pattern : `${pattern}: ${symbols.join(', ')}`
}

export function verify(command: VerifyCommand, view: View): Outcome {
  const { party, fences } = command
  const ids =
    command.ids.length > 0
      ? command.ids
      : [
          ...idsOfSession(view, party.peer, party.session),
          ...idsLost(view, party),
          ...supersededOf(view.state, party),
        ]
  const claims = ids.map((id) => {
    const claim = view.state.claims.get(id)
    const held = fences[id]
    const fence = claim?.fence ?? null
    const isMine = claim !== undefined && isSameParty(party, claim)
    return { id, fence, live: isMine && (held === undefined || held === fence) }
  })
  return { kind: 'verified', claims }
}

/** Ends that nobody of the session chose. */
const LOST: ReadonlySet<EndReason> = new Set([
  'idle',
  'ttl',
  'lease',
  'process-died',
  'revoked',
  'superseded',
  'branch-gone',
  'task-expired',
])

/** What a session lost lately and has not got back: it may still believe that it holds it. */
function idsLost({ state }: View, { peer, session }: Party): readonly ClaimId[] {
  const own = [...state.claims.values()].filter(
    (claim) => claim.peer === peer && claim.session === session,
  )
  const held = new Set(own.map(nameOf))
  return state.ended
    .filter(({ claim, reason }) => {
      const isOwn = claim.peer === peer && claim.session === session
      return isOwn && LOST.has(reason) && !held.has(nameOf(claim))
    })
    .map(({ claim }) => claim.id)
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

/** The party's own live claims, or why they are not. */
export function ownLive(
  view: View,
  party: Party,
  ids: readonly ClaimId[],
): LedgerClaim[] | Decision {
  const unknown = ids.filter((id) => claimsNow(view, [id]).length === 0)
  if (unknown.length > 0) return unknownClaims(view, unknown)
  const gone = ids.filter((id) => !view.state.claims.has(id))
  if (gone.length > 0) {
    return fail('CLAIM_ENDED', `${gone.join(', ')} has ended`, { data: { ids: gone } })
  }
  const claims = ids.flatMap((id) => view.state.claims.get(id) ?? [])
  const foreign = claims.filter((claim) => !isSameParty(party, claim))
  return foreign.length > 0 ? notYours(foreign) : claims
}

function unknownClaims({ state }: View, ids: readonly ClaimId[]): Decision {
  const lost = superseded(state, ids)
  if (lost !== null) return lost
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
