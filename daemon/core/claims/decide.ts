// A command against a leader's state: the records that decide it, or an answer that changes nothing. Pure; the engine
// appends the records and tells the outcome once they are committed.
import {
  keyName,
  outcomeOf,
  parseRequestId,
  type LedgerClaim,
  type RecordBody,
  type Renew,
  type Scope,
} from '../../../protocol/index.ts'
import { inTheWay, partiesIn } from '../queue/blockers.ts'
import { findCircle } from '../queue/deadlock.ts'
import { levelOf } from '../queue/order.ts'
import { decideCancel, decideEndWaits } from '../queue/places.ts'
import { standingOf, type Standing } from '../queue/waits.ts'
import { decideAsk, decideRespond } from '../requests/decide.ts'
import { decideBranchGone, decideComplete, decideExpireTasks } from '../tasks/decide.ts'
import { blockedFailure, taskObstacle } from '../tasks/obstacle.ts'
import { decideAssign, decideMove, decideStop } from '../fleet/decide.ts'
import { decideAnswer, decideLanding, decidePropose, decideVerdict } from '../fleet/judge-work.ts'
import { decideMesh } from '../mesh/decide.ts'
import { decidePolicy } from '../policy/decide.ts'
import { keepOut } from '../policy/refuse.ts'
import { ruleOn } from '../policy/rules.ts'
import { idsOfSession, sessionKey, type View } from '../view.ts'
import type { ClaimCommand, Outcome, Refused, SettleCommand } from './command.ts'
import {
  fail,
  nextClaimId,
  nextQueueId,
  type Decision,
  type DecisionContext,
  type Request,
} from './decision.ts'
import { grantFor, tooMany, type Granted } from './grant.ts'
import { decideEnd, decideNarrow, decideRelease, decideRenew, verify } from './life.ts'
import { overClaims, overWaits } from './limits.ts'
import { decideRename } from './rename.ts'
import { tellOutcome } from './tell.ts'

export function decide(request: Request, context: DecisionContext): Decision {
  const { view } = context
  const known = outcomeOf(view.state, request.rid)
  if (known === 'forgotten') return fail('UNCERTAIN', 'the request is too old to be answered again')
  if (known !== null) return { kind: 'answer', outcome: tellOutcome(view, known, []) }
  const { command } = request
  switch (command.kind) {
    case 'claim':
      return decideClaim(request, command, context)
    case 'ask':
      return decideAsk(request, command, context)
    case 'respond':
      return decideRespond(request, command, context)
    case 'cancel':
      return decideCancel(request.rid, command, view)
    case 'end-waits':
      return decideEndWaits(request.rid, command, view)
    case 'release':
      return decideRelease(request.rid, command, view)
    case 'end':
      return decideEnd(request.rid, command, view)
    case 'renew':
      return decideRenew(request.rid, command, view)
    case 'narrow':
      return decideNarrow(request, command, context)
    case 'rename':
      return decideRename(request, command, context)
    case 'complete':
      return decideComplete(request.rid, command, view)
    case 'expire-tasks':
      return decideExpireTasks(request.rid, command, view)
    case 'branch-gone':
      return decideBranchGone(request.rid, command, view)
    case 'verify':
      return { kind: 'answer', outcome: verify(command, view) }
    case 'settle':
      return decideSettle(request, command, view)
    case 'set-policy':
    case 'answer-approval':
    case 'promote':
    case 'demote':
      return decidePolicy(request.rid, command, context)
    case 'assign':
      return decideAssign(request, command, context, judgeClaim)
    case 'move-assignment':
      return decideMove(request.rid, command, view)
    case 'stop-assignment':
      return decideStop(request.rid, command, view)
    case 'answer-assignment':
      return decideAnswer(request.rid, command, view)
    case 'judge-assignment':
      return decideVerdict(request.rid, command, view)
    case 'land-assignment':
      return decideLanding(request.rid, command, view)
    case 'propose':
      return decidePropose(request.rid, command)
    default:
      return decideMesh(request.rid, command, context)
  }
}

/** Who founded the ledger in the place of a lost one may hand in what others held there. */
function decideSettle(request: Request, command: SettleCommand, { state }: View): Decision {
  const { peer, claims } = command
  const isOwn = claims.every(({ party }) => party.peer === peer) || state.founder === peer
  if (parseRequestId(request.rid).peer !== peer || !isOwn)
    return fail('CLAIM_NOT_YOURS', 'a machine settles its own provisional claims only')
  return { kind: 'collect', request: { ...request, command } }
}

function decideClaim(request: Request, asked: ClaimCommand, context: DecisionContext): Decision {
  const { view, wallMs } = context
  const repeated = repeatKey(asked, view)
  if (repeated !== null) return repeated
  const ruling = ruleOn(view, asked.party, asked.scopes, wallMs)
  const command = ruling.kind === 'free' ? { ...asked, scopes: ruling.scopes } : asked
  const held = alreadyHeld(command, asked, view)
  if (held !== null) return renewHeld(request, command, held)
  const waiting = alreadyWaiting(command, asked, view)
  if (waiting !== null) return { kind: 'answer', outcome: waiting }
  if (ruling.kind === 'free') return judgeClaim(request, command, context)
  const { party, terms } = command
  return keepOut(request, { party, description: terms.description }, ruling, context)
}

function judgeClaim(request: Request, command: ClaimCommand, context: DecisionContext): Decision {
  const { view, waits, delays, now } = context
  const { party, scopes, terms } = command
  const obstacle = taskObstacle(command, view, context.wallMs)
  if (obstacle !== null) return { kind: 'fail', failure: obstacle }
  const over = overClaims(command, view, context.wallMs)
  if (over !== null) return over
  const rank = { level: levelOf(command.urgency, 0), index: Infinity }
  const standing = standingOf(waits, view, { party, scopes, rank, terms }, delays, now, false)
  if (standing.kind === 'behind') return waitOrRefuse(request, command, context, standing)
  const { partners } = standing.judgement
  const crowded = tooMany(partners)
  if (crowded !== null) return crowded
  const body = grantFor(askedBy(request, command, context), partners, null)
  return { kind: 'append', bodies: [body], warnings: [] }
}

function waitOrRefuse(
  request: Request,
  command: ClaimCommand,
  context: DecisionContext,
  standing: Extract<Standing, { kind: 'behind' }>,
): Decision {
  const { conflicts, more } = standing.judgement
  const refused = { kind: 'refused', conflicts, more, ahead: standing.ahead, circle: [] } as const
  if (command.waitSeconds === 0) {
    const isBlockedOnly = conflicts.length === 0 && standing.ahead.length === 0
    if (!isBlockedOnly) return refuse(request, command, refused)
    return { kind: 'fail', failure: blockedFailure(taskIn(command), standing.unmet) }
  }
  const blockers = partiesIn(standing)
  const circle = findCircle(context.view, command.party, blockers, inTheWay(context))
  if (circle !== null) {
    return refuse(request, command, { ...refused, circle: circle.map(({ agent }) => agent) })
  }
  const over = overWaits(command, context.view)
  if (over !== null) return over
  const { rid, ...asked } = askedBy(request, command, context)
  const { urgency, waitSeconds } = command
  const entry = { ...asked, id: nextQueueId(request, context.wallMs), urgency, waitSeconds }
  const met = conflicts.map(({ scope }) => scope)
  return { kind: 'append', bodies: [{ kind: 'push', rid, entry }], warnings: [], met }
}

/** A refusal is a record only when its call must be answered alike again. */
function refuse(request: Request, command: ClaimCommand, refused: Refused): Decision {
  const { key, party } = command
  if (key === null) return { kind: 'answer', outcome: refused }
  const denied = refused.conflicts.map(({ scope, claim }) => ({ scope, claim: claim.id }))
  const closed = refused.circle.length > 0 ? { circle: refused.circle } : {}
  const body: RecordBody = {
    ...{ kind: 'deny', rid: request.rid, party, conflicts: denied, key },
    ...closed,
  }
  return { kind: 'append', bodies: [body], warnings: [], told: refused }
}

function askedBy(request: Request, command: ClaimCommand, context: DecisionContext): Granted {
  const { party, scopes, terms, stamp, key } = command
  const claimIds = scopes.map((_, at) => nextClaimId(request, context.wallMs, at))
  return { rid: request.rid, party, scopes, claimIds, terms, stamp, key }
}

function repeatKey(command: ClaimCommand, view: View): Decision | null {
  if (command.key === null) return null
  const name = keyName(command.party.peer, command.party.session, command.key.key)
  const known = view.state.keys.get(name)
  if (known === undefined) return null
  if (known.digest !== command.key.digest) {
    return fail(
      'INPUT_KEY_REUSED',
      `the idempotency key '${command.key.key}' came before with another body`,
    )
  }
  return { kind: 'answer', outcome: tellOutcome(view, known.outcome, []) }
}

/**
 * The session's own live claims, one for each asked scope, when it asks again for exactly what it holds: in the modes of now,
 * or as it was asked, from before the pattern was shared.
 */
function alreadyHeld(command: ClaimCommand, asked: ClaimCommand, view: View): LedgerClaim[] | null {
  const { party, scopes } = command
  const held: LedgerClaim[] = []
  for (const [at, scope] of scopes.entries()) {
    const before = asked.scopes[at] ?? scope
    const same = ownClaimOf(view, party, scope) ?? ownClaimOf(view, party, before)
    if (same === null) return null
    held.push(same)
  }
  return held
}

/** The session's own place for exactly the asked scopes, in either mode: asking again goes on waiting there. */
function alreadyWaiting(
  { party, scopes, waitSeconds }: ClaimCommand,
  asked: ClaimCommand,
  view: View,
): Outcome | null {
  if (waitSeconds === 0) return null
  const wanted = scopes.map((scope, at) => [scopeKey(scope), scopeKey(asked.scopes[at] ?? scope)])
  for (const id of view.waiting.get(sessionKey(party.peer, party.session)) ?? []) {
    const entry = view.state.queue.get(id)
    const isSame =
      entry?.scopes.length === wanted.length &&
      entry.scopes.every((scope, at) => wanted[at]?.includes(scopeKey(scope)))
    if (isSame) return { kind: 'queued', entry, ahead: [], conflicts: [] }
  }
  return null
}

function ownClaimOf(view: View, party: ClaimCommand['party'], scope: Scope): LedgerClaim | null {
  const wanted = scopeKey(scope)
  for (const id of idsOfSession(view, party.peer, party.session)) {
    const claim = view.state.claims.get(id)
    if (claim?.pattern === scope.pattern && scopeKey(claim) === wanted) return claim
  }
  return null
}

/** Two scopes with one key are the same. */
export function scopeKey(scope: Scope): string {
  return JSON.stringify([scope.kind, scope.pattern, [...scope.symbols].sort(), scope.mode])
}

function renewHeld(
  request: Request,
  command: ClaimCommand,
  held: readonly LedgerClaim[],
): Decision {
  const ids = held.map((claim) => claim.id)
  const { ttlSeconds } = command.terms
  const { rid } = request
  const body: RecordBody = {
    kind: 'renew',
    rid,
    ids,
    ttlSeconds,
    stamp: command.stamp,
    key: keyOf(command),
    ...branchOf(command),
  }
  return {
    kind: 'append',
    bodies: [body],
    warnings: ['this session held it already: renewed, same fence'],
  }
}

/** A task goes on where its session is now; other claims keep the branch that they were asked for. */
function branchOf({ party, scopes }: ClaimCommand): Pick<Renew, 'branch'> {
  const isTask = scopes.every(({ kind }) => kind === 'task')
  return isTask && party.branch !== null ? { branch: party.branch } : {}
}

function taskIn({ scopes }: ClaimCommand): string {
  return scopes.find(({ kind }) => kind === 'task')?.pattern ?? ''
}

function keyOf(command: ClaimCommand): Renew['key'] {
  if (command.key === null) return null
  return { ...command.key, peer: command.party.peer, session: command.party.session }
}
