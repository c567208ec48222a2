// A command against a leader's state: the records that decide it, or an answer that changes nothing. Pure; the engine
// appends the records and tells the outcome once they are committed.
import {
  DEFAULTS,
  keyName,
  LIMITS,
  outcomeOf,
  type Grant,
  type GrantedClaim,
  type LedgerClaim,
  type RecordBody,
  type Renew,
  type RequestId,
  type Scope,
} from '../../../protocol/index.ts'
import { idsOfSession, type View } from '../view.ts'
import type { ClaimCommand, EnrolCommand, MemberCommand, Outcome } from './command.ts'
import { fail, nextClaimId, type Decision, type DecisionContext, type Request } from './decision.ts'
import { judgeScopes } from './judge.ts'
import { decideEnd, decideNarrow, decideRelease, decideRenew, verify } from './life.ts'
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
    case 'release':
      return decideRelease(request.rid, command, view)
    case 'end':
      return decideEnd(request.rid, command, view)
    case 'renew':
      return decideRenew(request.rid, command, view)
    case 'narrow':
      return decideNarrow(request, command, context)
    case 'verify':
      return { kind: 'answer', outcome: verify(command, view) }
    case 'enrol':
      return decideEnrol(request.rid, command, view)
    case 'member':
      return decideMember(request.rid, command, view)
  }
}

function decideClaim(request: Request, command: ClaimCommand, context: DecisionContext): Decision {
  const repeated = repeatKey(command, context.view)
  if (repeated !== null) return repeated
  const held = alreadyHeld(command, context.view)
  if (held !== null) return renewHeld(request, command, held)
  const judgement = judgeScopes(context.view, command.party, command.scopes, context.delays)
  if (judgement.conflicts.length > 0) {
    const { conflicts, more } = judgement
    const outcome: Outcome = { kind: 'refused', conflicts, more }
    if (command.key === null) return { kind: 'answer', outcome }
    const denied = conflicts.map(({ scope, claim }) => ({ scope, claim: claim.id }))
    const { party, key } = command
    const body: RecordBody = { kind: 'deny', rid: request.rid, party, conflicts: denied, key }
    return { kind: 'append', bodies: [body], warnings: [] }
  }
  const over = overLimit(command, context.view)
  if (over !== null) return over
  return {
    kind: 'append',
    bodies: [grantOf(request, command, context, judgement.partners)],
    warnings: [],
  }
}

function grantOf(
  request: Request,
  command: ClaimCommand,
  context: DecisionContext,
  partners: readonly { id: LedgerClaim['id']; scope: number; narrows: boolean }[],
): Grant {
  const claims = command.scopes.map((scope, at): GrantedClaim => {
    const coexistsWith = partners.filter((partner) => partner.scope === at).map(({ id }) => id)
    return {
      ...scope,
      id: nextClaimId(request, context.wallMs, at),
      description: command.description,
      narrowable: isNarrowable(command, scope),
      ttlSeconds: ttlOf(command, scope),
      stamp: command.stamp,
      coexistsWith: [...new Set(coexistsWith)],
    }
  })
  const narrows = [...new Set(partners.filter((partner) => partner.narrows).map(({ id }) => id))]
  return {
    kind: 'grant',
    rid: request.rid,
    party: command.party,
    claims,
    narrows,
    key: command.key,
  }
}

/** Only exclusive claims of whole files make room for symbols. */
function isNarrowable(command: ClaimCommand, scope: Scope): boolean {
  return command.narrowable && scope.kind === 'file' && scope.mode === 'exclusive'
}

function ttlOf(command: ClaimCommand, scope: Scope): number {
  const { limits, ttlSeconds } = command
  const otherwise = scope.mode === 'shared' ? limits.ttlSharedSeconds : limits.ttlDefaultSeconds
  return Math.min(ttlSeconds ?? otherwise, DEFAULTS.ttlSecondsMax)
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

/** The session's own live claims, one for each asked scope, when it asks again for exactly what it holds. */
function alreadyHeld(command: ClaimCommand, view: View): LedgerClaim[] | null {
  const { party, scopes } = command
  const held: LedgerClaim[] = []
  for (const scope of scopes) {
    const same = ownClaimOf(view, party, scope)
    if (same === null) return null
    held.push(same)
  }
  return held
}

function ownClaimOf(view: View, party: ClaimCommand['party'], scope: Scope): LedgerClaim | null {
  const wanted = scopeKey(scope)
  for (const id of idsOfSession(view, party.peer, party.session)) {
    const claim = view.state.claims.get(id)
    if (claim !== undefined && scopeKey(claim) === wanted) return claim
  }
  return null
}

function scopeKey(scope: Scope): string {
  return JSON.stringify([scope.kind, scope.pattern, [...scope.symbols].sort(), scope.mode])
}

function renewHeld(
  request: Request,
  command: ClaimCommand,
  held: readonly LedgerClaim[],
): Decision {
  const ids = held.map((claim) => claim.id)
  const first = held[0]
  const ttlSeconds = first === undefined ? DEFAULTS.ttlSeconds : ttlOf(command, first)
  const { rid } = request
  const body: RecordBody = {
    kind: 'renew',
    rid,
    ids,
    ttlSeconds,
    stamp: command.stamp,
    key: keyOf(command),
  }
  return {
    kind: 'append',
    bodies: [body],
    warnings: ['this session held it already: renewed, same fence'],
  }
}

function keyOf(command: ClaimCommand): Renew['key'] {
  if (command.key === null) return null
  return { ...command.key, peer: command.party.peer, session: command.party.session }
}

function overLimit(command: ClaimCommand, view: View): Decision | null {
  const { claimsPerAgent } = command.limits
  const asked = command.scopes.length
  if (view.state.claims.size + asked > LIMITS.liveClaimsMax) {
    return fail(
      'BUSY',
      `the repository holds ${String(view.state.claims.size)} live claims, its limit`,
    )
  }
  if (claimsPerAgent === 0) return null
  const held = [...view.state.claims.values()].filter(
    (claim) => claim.agent === command.party.agent,
  ).length
  if (held + asked <= claimsPerAgent) return null
  return fail(
    'LIMIT_CLAIMS',
    `${command.party.agent} holds ${String(held)} of ${String(claimsPerAgent)} claims and asks for ${String(asked)} more`,
    {
      data: { scope: 'claims', held, limit: claimsPerAgent, retry_after: 60 },
    },
  )
}

function decideEnrol(rid: RequestId, command: EnrolCommand, view: View): Decision {
  const { repo, peer, roots, generation, genesis } = command
  const known = view.state.repos.get(repo)
  if (known !== undefined && known.generation >= generation) {
    if (known.machines.includes(peer)) {
      const outcome: Outcome = { kind: 'enrolled', generation: known.generation, isNew: false }
      return { kind: 'answer', outcome }
    }
    return { kind: 'append', bodies: [{ kind: 'attach', rid, repo, peer }], warnings: [] }
  }
  const voters = [peer]
  const body: RecordBody = {
    kind: 'enrol',
    rid,
    repo,
    generation,
    founder: peer,
    voters,
    roots,
    genesis,
  }
  return { kind: 'append', bodies: [body], warnings: [] }
}

function decideMember(rid: RequestId, command: MemberCommand, view: View): Decision {
  const { peer, machine } = command
  const known = view.state.members.get(peer)
  if (known?.machine === machine) return { kind: 'answer', outcome: { kind: 'done' } }
  const role = known?.role ?? 'voter'
  const addresses = known?.addresses ?? []
  const body: RecordBody = { kind: 'member', rid, peer, machine, role, addresses }
  return { kind: 'append', bodies: [body], warnings: [] }
}
