// A claim for which there is no quorum: judged against the last that is known of the ledger, and against the provisional
// claims known here, its own machine's and those of others on its side. The earlier one wins, but advises only: what counts
// is said by the Reconcile.
import {
  emptyState,
  LIMITS,
  settledOf,
  type CarriedClaim,
  type ClaimId,
  type LedgerClaim,
  type Position,
  type ProvisionalClaim,
  type RequestId,
} from '../../../protocol/index.ts'
import type { ClaimCommand, Conflict, Outcome } from '../claims/command.ts'
import { scopeKey } from '../claims/decide.ts'
import { nextClaimId, type ProvisionalRequest } from '../claims/decision.ts'
import { termsFor } from '../claims/grant.ts'
import { judgeScopes } from '../claims/judge.ts'
import type { Engine } from '../engine-state.ts'
import { failureOf } from '../policy/refuse.ts'
import { ruleOn } from '../policy/rules.ts'
import { taskObstacle } from '../tasks/obstacle.ts'
import { createView, viewOfPath, type View } from '../view.ts'
import { foreignClaims } from './foreign.ts'
import { keep } from './own.ts'

export function takeProvisional(engine: Engine, asked: ProvisionalRequest): void {
  const { rid } = asked
  if (engine.abandoned.has(rid) || isWaiting(engine, asked)) return
  const { party, scopes } = asked.command
  const ruling = ruleOn(knownView(engine), party, scopes, engine.consensus.wallMs)
  if (ruling.kind !== 'free') {
    engine.out.replies.push({ rid, outcome: { kind: 'failed', failure: failureOf(ruling) } })
    return
  }
  const command = { ...asked.command, scopes: ruling.scopes }
  const request = { ...asked, command }
  const held = alreadyNoted(engine, command)
  const refusal = held === null ? refusalOf(engine, command) : null
  if (refusal !== null) {
    engine.out.replies.push({ rid, outcome: refusal })
    return
  }
  const claims = held ?? notesFor(engine, request)
  const position = held === null ? keep(engine, claims) : positionOf(engine, held)
  tellDurable(engine, rid, { kind: 'provisional', claims }, position)
}

/**
 * Claims that were confirmed elsewhere: nothing here is asked first, and they come before all that is provisional. Answered
 * once all of them are in this machine's log, or settled.
 */
export function carry(engine: Engine, rid: RequestId, claims: readonly CarriedClaim[]): void {
  const { state } = engine.committed
  const rejected = new Set(state.rejected.map(({ claim }) => claim.id))
  const fresh = claims.filter(
    ({ id, party }) =>
      party.peer === engine.consensus.self &&
      !engine.ownProvisionals.has(id) &&
      !state.claims.has(id) &&
      !rejected.has(id),
  )
  const { n } = engine.provisionals
  const notes = fresh.map((claim, at) => {
    return { ...claim, rid: null, lamport: 0, n: n + 1 + at, base: null }
  })
  if (notes.length > 0) keep(engine, notes)
  tellDurable(engine, rid, { kind: 'done' }, positionOf(engine, claims))
}

/** All that are known here and not settled: of this machine, and of others as they last said. */
export function knownProvisionals(engine: Engine): ProvisionalClaim[] {
  const { state } = engine.committed
  const others = foreignClaims(engine).filter(
    ({ party: { peer }, n }) => n > settledOf(state, peer),
  )
  return [...liveHere(engine), ...others]
}

/** As a claim of the ledger would be, but for the fence. */
export function asLedgerClaim(claim: ProvisionalClaim): LedgerClaim {
  const { id, scope, party, description, narrowable, ttlSeconds, stamp, task } = claim
  return {
    ...scope,
    ...party,
    id,
    description,
    narrowable,
    ttlSeconds,
    stamp,
    fence: 0,
    grantedAtMs: stamp.wallMs,
    coexistsWith: [],
    narrowedBy: [],
    clamps: [],
    ...(task === undefined ? {} : { task }),
  }
}

function isWaiting({ provisionals }: Engine, { rid }: ProvisionalRequest): boolean {
  return provisionals.waiting.some((waiting) => waiting.rid === rid)
}

function refusalOf(engine: Engine, command: ClaimCommand): Outcome | null {
  const { party, scopes } = command
  const views = [knownView(engine), viewOfProvisionals(engine)] as const
  for (const view of views) {
    const failure = taskObstacle(command, view, engine.consensus.wallMs)
    if (failure !== null) return { kind: 'failed', failure }
  }
  if (engine.ownProvisionals.size + scopes.length > LIMITS.provisionalsMax) {
    const message = `this machine has ${String(engine.ownProvisionals.size)} provisional claims`
    return { kind: 'failed', failure: { code: 'BUSY', message } }
  }
  const [confirmed, provisional] = views.map((view) => judgeScopes(view, party, scopes, []))
  const conflicts: Conflict[] = [
    ...(confirmed?.conflicts ?? []),
    ...(provisional?.conflicts ?? []).map((met): Conflict => ({ ...met, provisional: true })),
  ]
  if (conflicts.length === 0) return null
  const listed = conflicts.slice(0, LIMITS.conflictsListedMax)
  const beyond = (confirmed?.more ?? 0) + (provisional?.more ?? 0)
  const more = beyond + conflicts.length - listed.length
  return { kind: 'refused', conflicts: listed, more, ahead: [], circle: [] }
}

/** The session's own, one for each asked scope, when it asks again for exactly those. */
function alreadyNoted(
  engine: Engine,
  { party, scopes }: ClaimCommand,
): readonly ProvisionalClaim[] | null {
  const own = liveHere(engine).filter(({ party: by }) => by.session === party.session)
  const noted = scopes.map((scope) =>
    own.find((claim) => scopeKey(claim.scope) === scopeKey(scope)),
  )
  return noted.every((claim) => claim !== undefined) ? noted : null
}

function notesFor(engine: Engine, request: ProvisionalRequest): readonly ProvisionalClaim[] {
  const { rid, command } = request
  const { party, scopes, terms, stamp } = command
  const { provisionals, consensus } = engine
  const lamport = provisionals.lamport + 1
  const base = basisOf(engine)
  return scopes.map((scope, at) => ({
    ...termsFor(terms, scope),
    id: nextClaimId(request, consensus.wallMs, at),
    rid,
    party,
    scope,
    stamp,
    lamport,
    n: provisionals.n + 1 + at,
    base,
  }))
}

function positionOf(engine: Engine, claims: readonly { readonly id: ClaimId }[]): number {
  return Math.max(0, ...claims.map(({ id }) => engine.ownProvisionals.get(id)?.position ?? 0))
}

function tellDurable(
  { consensus, out, provisionals }: Engine,
  rid: RequestId,
  outcome: Outcome,
  position: number,
): void {
  if (position <= consensus.durable) out.replies.push({ rid, outcome })
  else provisionals.waiting.push({ rid, outcome, position })
}

/** Also those that are on their way to the log. */
function liveHere({ ownProvisionals: own }: Engine): ProvisionalClaim[] {
  return [...own.values()].flatMap(({ claim, ended }) => (ended === null ? [claim] : []))
}

function viewOfProvisionals(engine: Engine): View {
  const state = emptyState()
  for (const claim of knownProvisionals(engine)) state.claims.set(claim.id, asLedgerClaim(claim))
  return createView(engine.options.caseExact, state)
}

/**
 * What is committed, as far as this machine knows. After a start without quorum it knows of no commit: then all that its log
 * holds, for what it held before it went down is more likely true than nothing at all.
 */
function knownView(engine: Engine): View {
  const { consensus, committed, options, provisionals } = engine
  const head = consensus.chain.head()
  if (consensus.commit !== null || head === null) return committed
  if (provisionals.lastKnown?.head.hash === head.hash) return provisionals.lastKnown.view
  const { view } = viewOfPath(options.caseExact, consensus.chain.pathFromBase(head))
  provisionals.lastKnown = { head, view }
  return view
}

function basisOf(engine: Engine): Position {
  const { term, index } = knownView(engine).state.applied
  return { term, index }
}
