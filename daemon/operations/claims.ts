// The operations on live claims: list, renew, narrow, release, verify.
import {
  asClaimId,
  asPeerId,
  asSessionId,
  formatRequestId,
  isSameParty,
  SkeinError,
  type Claim,
  type LedgerClaim,
  type OperationInput,
  type OperationResult,
  type Party,
  type ProvisionalClaim,
  claimJson,
  exceptOf,
  iso,
  stateOf,
} from '../../protocol/index.ts'
import { clean, type Place } from '../callers.ts'
import type { CallContext } from '../client/operations.ts'
import type { ClaimNow, ReleaseCommand, ReleaseTarget } from '../core/claims/command.ts'
import { decideRelease } from '../core/claims/life.ts'
import { asLedgerClaim, knownProvisionals } from '../core/provisional/note.ts'
import { ownProvisionals } from '../core/provisional/own.ts'
import { failureError } from '../failure.ts'
import type { LedgerHost } from '../ledger-host.ts'
import { claimNowJson } from '../json.ts'
import { hostOf } from '../repos.ts'
import { submit } from '../submit.ts'
import {
  asOf,
  claimContext,
  machineOf,
  requirePerson,
  stampNow,
  type Handler,
  type Parts,
} from './context.ts'
import { statesNow } from './live.ts'
import { namedIn, readParts } from './scopes.ts'
import { requireSymbols } from './symbols.ts'

export const claims: Handler<OperationInput<'claims'>> = async (parts, input, context) => {
  const party = parts.callers.asker(input, context)
  const places: Pick<Place, 'repo'>[] =
    input.all_repos === true
      ? parts.repos
          .all()
          .filter(({ host }) => host !== null)
          .map((repo) => ({ repo }))
      : [await parts.callers.place(input, context)]
  const found = places.flatMap((place) => liveClaims(parts, place, input, party))
  const limit = input.limit ?? 10_000
  const [first] = places
  const known = first === undefined ? { term: 0, index: 0 } : asOf(first.repo)
  return {
    claims: found.slice(0, limit),
    more: Math.max(0, found.length - limit),
    recent: input.recent === true ? places.flatMap((place) => recentlyEnded(parts, place)) : [],
    as_of: { ...known, age_ms: Math.max(0, ...places.map(({ repo }) => asOf(repo).age_ms)) },
  }
}

export const renew: Handler<OperationInput<'renew'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const party = await parts.callers.party(input, context, place)
  await parts.releasing.handIn(place.repo.id, hostOf(place.repo))
  const outcome = await submit(hostOf(place.repo), {
    kind: 'renew',
    party,
    ids: (input.ids ?? []).map(asClaimId),
    ttlSeconds: input.ttl_s ?? null,
    stamp: stampNow(parts),
  })
  if (outcome.kind !== 'renewed') throw unexpected('renew', outcome.kind)
  return { claims: toJson(parts, place, outcome.claims) }
}

export const narrow: Handler<OperationInput<'narrow'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const party = await parts.callers.party(input, context, place)
  const kept = await readParts(input, place)
  if (kept.length === 0) {
    throw new SkeinError('INPUT_USAGE', 'a narrowing says what stays: patterns or symbols', {
      hint: 'skein narrow ID PATTERN… | --symbol FILE:NAME',
    })
  }
  await requireSymbols(parts, place, { scopes: namedIn(kept), party, context })
  await parts.releasing.handIn(place.repo.id, hostOf(place.repo))
  const outcome = await submit(hostOf(place.repo), {
    kind: 'narrow',
    party,
    id: asClaimId(input.id),
    parts: kept,
  })
  if (outcome.kind !== 'narrowed') throw unexpected('narrow', outcome.kind)
  return { claims: toJson(parts, place, outcome.claims) }
}

export const release: Handler<OperationInput<'release'>> = async (parts, input, context) => {
  const target = targetOf(input)
  if (input.force === true) requireForce(parts, input, context)
  const place = await parts.callers.place(input, context)
  const party = await parts.callers.party(input, context, place)
  const force = input.force === true ? clean(input.reason ?? '') : null
  const noted = releaseProvisionals(hostOf(place.repo), party, target)
  const told = claimContext(parts, place)
  const given = noted.map((claim) => claimJson(told, asLedgerClaim(claim), 'released'))
  const left = withoutThese(target, noted)
  if (left === null) return { state: 'released', released: given, already: [] }
  const request = { party, target: left, force }
  const ended = await releaseOrNote(parts, place, request)
  return { ...ended, released: [...given, ...ended.released] }
}

type Released = OperationResult<'release'>

/** A record of the ledger; without a majority a note of this machine, for what its own sessions hold. */
async function releaseOrNote(
  parts: Parts,
  place: Place,
  request: Omit<ReleaseCommand, 'kind'>,
): Promise<Released> {
  try {
    const outcome = await submit(hostOf(place.repo), { kind: 'release', ...request })
    if (outcome.kind !== 'ended') throw unexpected('release', outcome.kind)
    const already = new Set<string>(outcome.already)
    const released = toJson(parts, place, outcome.claims).filter(({ id }) => !already.has(id))
    return { state: 'released', released, already: [...already] }
  } catch (error) {
    const isAway = error instanceof SkeinError && error.code === 'NO_QUORUM'
    if (!isAway || request.force !== null) throw error
    return noteRelease(parts, place, request)
  }
}

/** Judged by what this machine knows; claims of the same agent on other machines are not its to give up. */
function noteRelease(parts: Parts, place: Place, request: Omit<ReleaseCommand, 'kind'>): Released {
  const { repo } = place
  const view = hostOf(repo).loop.view()
  const here = parts.about.peer
  const judged = decideRelease(NO_REQUEST, { kind: 'release', ...request }, view)
  if (judged.kind === 'fail') throw failureError(judged.failure)
  const [body] = judged.kind === 'append' ? judged.bodies : []
  const named = body?.kind === 'release' ? body.ids : []
  const claims = named.flatMap((id) => view.state.claims.get(id) ?? [])
  const own = claims.filter(({ peer }) => peer === here)
  parts.releasing.note(
    repo.id,
    own.map(({ id }) => id),
  )
  const told = claimContext(parts, place)
  const live = new Set<string>(named)
  const asked = request.target.by === 'ids' ? request.target.ids : []
  return {
    state: 'releasing',
    released: own.map((claim) => claimJson(told, claim, 'releasing')),
    already: asked.filter((id) => !live.has(id)),
  }
}

/** Of a judgement that nobody hears of. */
const NO_REQUEST = formatRequestId({ peer: asPeerId('none'), incarnation: 0, sequence: 0 })

/** Provisional claims of this machine need nobody else's word to end. */
function releaseProvisionals(
  { loop }: LedgerHost,
  party: Party,
  target: ReleaseTarget,
): readonly ProvisionalClaim[] {
  const found = ownProvisionals(loop.engine()).filter((claim) => {
    if (!isSameParty(party, claim.party)) return false
    switch (target.by) {
      case 'ids':
        return target.ids.includes(claim.id)
      case 'this-session':
      case 'mine':
        return target.by === 'mine' || claim.party.session === party.session
      case 'session':
        return claim.party.session === target.session
      case 'agent':
        return claim.party.agent === target.agent
    }
  })
  if (found.length > 0)
    loop.endProvisional(
      found.map(({ id }) => id),
      'released',
    )
  return found
}

/** What is left to release once these are; null: nothing. */
function withoutThese(
  target: ReleaseTarget,
  noted: readonly ProvisionalClaim[],
): ReleaseTarget | null {
  if (target.by !== 'ids' || noted.length === 0) return target
  const ids = target.ids.filter((id) => !noted.some((claim) => claim.id === id))
  return ids.length === 0 ? null : { by: 'ids', ids }
}

export const verify: Handler<OperationInput<'verify'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const host = hostOf(place.repo)
  const outcome = await submit(host, {
    kind: 'verify',
    party: await parts.callers.party(input, context, place),
    ids: (input.ids ?? []).map(asClaimId),
    fences: input.fences ?? {},
  })
  if (outcome.kind !== 'verified') throw unexpected('verify', outcome.kind)
  const { state } = host.loop.view()
  const told = claimContext(parts, place)
  const givenUp = parts.releasing.of(place.repo.id)
  const verified = outcome.claims.map((one) => ({ ...one, live: one.live && !givenUp.has(one.id) }))
  const leader = state.leader === null ? null : machineOf(parts, state.leader)
  const result: OperationResult<'verify'> = {
    ok: verified.every((found) => found.live),
    claims: verified.map((found) => {
      const claim = found.live ? state.claims.get(found.id) : undefined
      return { ...found, except: claim === undefined ? [] : exceptOf(told, claim) }
    }),
    leader,
    term: state.applied.term,
    commit_index: state.applied.index,
    as_of: iso(parts.clock.wall()),
  }
  return result
}

function targetOf(input: OperationInput<'release'>): ReleaseTarget {
  const named = [
    input.ids !== undefined && input.ids.length > 0,
    input.mine === true,
    input.this_session === true,
    input.of_session !== undefined,
    input.of_agent !== undefined,
  ].filter(Boolean).length
  if (named !== 1) {
    throw new SkeinError('INPUT_USAGE', 'a release names claims in exactly one way', {
      hint: 'skein release ID… | --mine | --of-session S | --of-agent A',
    })
  }
  if (input.mine === true) return { by: 'mine' }
  if (input.this_session === true) return { by: 'this-session' }
  if (input.of_session !== undefined)
    return { by: 'session', session: asSessionId(clean(input.of_session)) }
  if (input.of_agent !== undefined) return { by: 'agent', agent: clean(input.of_agent) }
  return { by: 'ids', ids: (input.ids ?? []).map(asClaimId) }
}

/** Ending another's claim is a person's act, and its holder is told why. */
function requireForce(parts: Parts, input: OperationInput<'release'>, context: CallContext): void {
  if (input.reason === undefined) {
    throw new SkeinError(
      'INPUT_USAGE',
      "ending another's claim needs a reason, which its holder is told",
      {
        hint: 'skein release ID --force --reason TEXT',
      },
    )
  }
  requirePerson(parts, input, context)
}

function liveClaims(
  parts: Parts,
  place: Pick<Place, 'repo'>,
  input: OperationInput<'claims'>,
  party: Party,
): Claim[] {
  const { loop } = hostOf(place.repo)
  const isWanted = (found: LedgerClaim): boolean => {
    if (input.of_agent !== undefined && found.agent !== clean(input.of_agent)) return false
    if (input.of_session !== undefined && found.session !== clean(input.of_session)) return false
    return input.mine !== true || isSameParty(party, found)
  }
  const context = claimContext(parts, place)
  const noted = knownProvisionals(loop.engine()).map(asLedgerClaim)
  const states = statesNow(parts, place)
  return [
    ...[...loop.view().state.claims.values()]
      .filter(isWanted)
      .map((one) => claimJson(context, one, states.get(one.id))),
    ...noted.filter(isWanted).map((one) => claimJson(context, one, 'provisional')),
  ]
}

function recentlyEnded(
  parts: Parts,
  place: Pick<Place, 'repo'>,
): { claim: Claim; reason: string; by: string; at: string }[] {
  const context = claimContext(parts, place)
  const { ended, rejected } = hostOf(place.repo).loop.view().state
  const lost = rejected.map(({ claim, atMs }) => {
    const reason = 'superseded' as const
    return { claim: asLedgerClaim(claim), reason, by: 'leader', atMs }
  })
  const all = [...ended, ...lost].sort((a, b) => b.atMs - a.atMs)
  return all.map(({ claim: found, reason, by, atMs }) => ({
    claim: claimJson(context, found, stateOf(reason)),
    reason,
    by,
    at: iso(atMs),
  }))
}

function toJson(parts: Parts, place: Place, found: readonly ClaimNow[]): Claim[] {
  const context = claimContext(parts, place)
  return found.map((now) => claimNowJson(context, now))
}

function unexpected(operation: string, kind: string): SkeinError {
  return new SkeinError('INTERNAL', `${operation} ended as ${kind}`)
}
