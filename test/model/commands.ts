// What callers, daemons and time do to a ledger, as commands for fast-check: each says what the model expects, does it to
// the engine, and compares.
import assert from 'node:assert/strict'
import type fc from 'fast-check'
import type { Outcome, Part, ResponseTerms, WaitLimits } from '../../daemon/core/claims/command.ts'
import {
  asClaimId,
  asQueueId,
  asRequestedId,
  type ClaimMode,
  type LedgerClaim,
  type Scope,
  type Urgency,
} from '../../protocol/index.ts'
import type { Model, ModelClaim } from './model.ts'
import { said, type System } from './system.ts'
import {
  agentOf,
  isInside,
  isSameParty,
  type PatternName,
  type SessionName,
  type Want,
} from './world.ts'

export abstract class Step implements fc.Command<Model, System> {
  abstract act(model: Model, system: System): void

  check(): boolean {
    return true
  }

  run(model: Model, system: System): void {
    this.act(model, system)
    system.settle(model)
  }

  toString(): string {
    return `${this.constructor.name} ${JSON.stringify(this)}`
  }
}

/** A number names the same thing in both: what is there is counted round. */
function pick<T>(items: readonly T[], number: number): T | undefined {
  return items[number % Math.max(1, items.length)]
}

const STAMP = { wallMs: 0, boot: 'b', uptimeMs: 0 }

export class ClaimStep extends Step {
  readonly session: SessionName
  readonly wants: readonly Want[]
  readonly urgency: Urgency
  readonly isWaiting: boolean
  readonly key: string | null
  readonly limits: WaitLimits | null

  constructor(
    session: SessionName,
    patterns: readonly PatternName[],
    mode: ClaimMode,
    urgency: Urgency,
    isWaiting: boolean,
    key: string | null,
    limits: WaitLimits | null = null,
  ) {
    super()
    this.limits = limits
    this.session = session
    this.wants = patterns.map((pattern) => ({ pattern, mode }))
    this.urgency = urgency
    this.isWaiting = isWaiting
    this.key = key
  }

  act(model: Model, system: System): void {
    const outcome = this.#ask(system)
    const expected = this.#expect(model)
    assert.equal(said(outcome), expected)
    if (this.#repeats(model) !== null) return
    if (outcome.kind === 'queued' && !model.queue.some(({ id }) => id === outcome.entry.id)) {
      const { id, claimIds } = outcome.entry
      const { session, wants, urgency } = this
      model.queue.push({
        ...{ id, session, wants, claimIds, urgency, key: this.#keyName() },
        since: model.now,
      })
      this.#remember(model, `queued ${id}`)
    } else if (outcome.kind === 'granted') {
      const ids = outcome.claims.map(({ claim }) => claim.id)
      this.wants.forEach((want, at) => {
        model.grant({ ...want, id: ids[at] ?? '', session: this.session })
      })
      this.#remember(model, 'granted')
    } else if (outcome.kind !== 'failed' && outcome.kind !== 'queued') {
      this.#remember(model, said(outcome))
    }
  }

  #ask(system: System): Outcome {
    const scopes = this.wants.map(({ pattern, mode }): Scope => {
      return { kind: 'file', pattern, symbols: [], mode }
    })
    return system.ledger.run({
      kind: 'claim',
      party: system.partyOf(this.session),
      scopes,
      terms: {
        description: '',
        narrowable: true,
        ttlSeconds: null,
        ttlDefaultSeconds: 14_400,
        ttlSharedSeconds: 14_400,
        claimsPerAgent: 0,
      },
      stamp: STAMP,
      key: this.key === null ? null : { key: this.key, digest: this.#digest() },
      urgency: this.urgency,
      waitSeconds: this.isWaiting ? 600 : 0,
      ...(this.limits === null ? {} : { waitLimits: this.limits }),
    })
  }

  #expect(model: Model): string {
    const repeated = this.#repeats(model)
    if (repeated !== null) return repeated
    const { session, wants } = this
    const own = [...model.claims.values()].filter((claim) => claim.session === session)
    const isSame = (a: Want, b: Want): boolean => a.pattern === b.pattern && a.mode === b.mode
    if (wants.every((want) => own.some((claim) => isSame(claim, want)))) return 'renewed'
    const waits = model.queue.filter((wait) => wait.session === session)
    const isHere = (wait: { readonly wants: readonly Want[] }): boolean =>
      JSON.stringify(wait.wants) === JSON.stringify(wants)
    if (this.isWaiting && waits.some(isHere)) return 'queued'
    const level = model.levelOf(this.urgency, model.now)
    const blockers = model.blockersOf({ session, wants, level, place: Infinity })
    if (blockers.claims.length + blockers.waits.length === 0 && !blockers.isDelayed)
      return 'granted'
    if (!this.isWaiting) return 'refused'
    if (model.isCircle(session, blockers)) return 'circle'
    return this.#overLimit(model) ?? 'queued'
  }

  #overLimit(model: Model): string | null {
    const { perAgent, inRepo } = this.limits ?? { perAgent: 0, inRepo: 0 }
    const name = (session: SessionName): string => agentOf(session) ?? session
    const own = model.queue.filter((wait) => name(wait.session) === name(this.session))
    if (perAgent > 0 && own.length >= perAgent) return 'LIMIT_WAITS'
    return inRepo > 0 && model.queue.length >= inRepo ? 'LIMIT_QUEUE' : null
  }

  #repeats(model: Model): string | null {
    const name = this.#keyName()
    const known = name === null ? undefined : model.keys.get(name)
    if (known === undefined) return null
    if (known.digest !== this.#digest()) return 'INPUT_KEY_REUSED'
    return known.outcome.split(' ')[0] ?? null
  }

  #remember(model: Model, outcome: string): void {
    const name = this.#keyName()
    if (name !== null) model.keys.set(name, { digest: this.#digest(), outcome })
  }

  #keyName(): string | null {
    return this.key === null ? null : `${this.session} ${this.key}`
  }

  #digest(): string {
    return JSON.stringify([this.wants, this.isWaiting])
  }
}

export class ReleaseStep extends Step {
  readonly session: SessionName
  /** Which claim; null: all of the session. */
  readonly number: number | null
  readonly isForced: boolean

  constructor(session: SessionName, number: number | null, isForced: boolean) {
    super()
    this.session = session
    this.number = number
    this.isForced = isForced
  }

  act(model: Model, system: System): void {
    const { session, number, isForced } = this
    const found = number === null ? undefined : pick([...model.claims.values()], number)
    if (number !== null && found === undefined) return
    const outcome = system.ledger.run({
      kind: 'release',
      party: system.partyOf(session),
      target:
        found === undefined ? { by: 'this-session' } : { by: 'ids', ids: [asClaimId(found.id)] },
      force: isForced && found !== undefined ? 'must go' : null,
    })
    const own = [...model.claims.values()].filter((claim) => claim.session === session)
    const ending = found === undefined ? own : [found]
    const isForeign = ending.some((claim) => !isSameParty(session, claim.session))
    assert.equal(said(outcome), isForeign && !isForced ? 'CLAIM_NOT_YOURS' : 'ended')
    if (outcome.kind === 'ended') for (const claim of ending) model.end(claim, isForeign)
  }
}

export class NarrowStep extends Step {
  readonly session: SessionName
  readonly number: number
  readonly patterns: readonly PatternName[]

  constructor(session: SessionName, number: number, patterns: readonly PatternName[]) {
    super()
    this.session = session
    this.number = number
    this.patterns = patterns
  }

  act(model: Model, system: System): void {
    const claim = pick([...model.claims.values()], this.number)
    if (claim === undefined) return
    const { session, patterns } = this
    const id = asClaimId(claim.id)
    const outcome = system.ledger.run({
      kind: 'narrow',
      party: system.partyOf(session),
      id,
      parts: patterns.map(wholePart),
    })
    if (!isSameParty(session, claim.session)) assert.equal(said(outcome), 'CLAIM_NOT_YOURS')
    else
      assert.equal(said(outcome), isNarrower(claim, patterns) ? 'narrowed' : 'CLAIM_NOT_NARROWER')
    if (outcome.kind !== 'narrowed') return
    const ids = outcome.claims.map((now) => now.claim.id)
    model.narrow(
      claim,
      patterns,
      ids.filter((other) => other !== id),
    )
  }
}

function wholePart(pattern: PatternName): Part {
  return { pattern, symbols: null }
}

function isNarrower(claim: ModelClaim, patterns: readonly PatternName[]): boolean {
  return patterns.every((pattern) => isInside(claim.pattern, pattern))
}

/** Gives up a place, by whoever waits; or the waiter's daemon does, when its time is over. */
export class LeaveStep extends Step {
  readonly session: SessionName
  readonly number: number
  readonly isDaemon: boolean

  constructor(session: SessionName, number: number, isDaemon: boolean) {
    super()
    this.session = session
    this.number = number
    this.isDaemon = isDaemon
  }

  act(model: Model, system: System): void {
    const wait = pick(model.queue, this.number)
    if (wait === undefined) return
    const ids = [asQueueId(wait.id)]
    const outcome = system.ledger.run(
      this.isDaemon
        ? { kind: 'end-waits', ids, reason: 'expired' }
        : { kind: 'cancel', party: system.partyOf(this.session), ids },
    )
    const isAllowed = this.isDaemon || isSameParty(this.session, wait.session)
    assert.equal(said(outcome), isAllowed ? 'cancelled' : 'QUEUE_NOT_YOURS')
    if (!isAllowed) return
    model.leave(wait)
    if (wait.key !== null) model.settleKey(wait.key, wait.id, 'dropped')
  }
}

export class AskStep extends Step {
  readonly session: SessionName
  readonly number: number
  readonly waitSeconds: number

  constructor(session: SessionName, number: number, waitSeconds: number) {
    super()
    this.session = session
    this.number = number
    this.waitSeconds = waitSeconds
  }

  act(model: Model, system: System): void {
    const claim = pick([...model.claims.values()], this.number)
    if (claim === undefined) return
    const { session, waitSeconds } = this
    const outcome = system.ledger.run({
      ...{ kind: 'ask', party: system.partyOf(session), claim: asClaimId(claim.id) },
      ...{ reason: 'needed', urgency: 'normal', wanted: null, answerSeconds: 300, waitSeconds },
    })
    assert.equal(said(outcome), this.#expect(model, claim))
    if (outcome.kind !== 'asked' || outcome.request === null) return
    const { id } = outcome.request
    const open = [...model.requests.values()].find(
      (request) => request.claim === claim.id && isSameParty(request.requester, session),
    )
    if (open === undefined) {
      const holder = claim.session
      const since = model.now
      model.ask({ id, claim: claim.id, holder, requester: session, waitSeconds, since })
    } else assert.equal(id, open.id)
  }

  #expect(model: Model, claim: ModelClaim): string {
    if (isSameParty(this.session, claim.session)) return 'INPUT_USAGE'
    const blockers = { claims: [claim], waits: [], isDelayed: false }
    const isCircle = this.waitSeconds > 0 && model.isCircle(this.session, blockers)
    return isCircle ? 'CLAIM_DEADLOCK' : 'asked'
  }
}

export type Answer =
  | { readonly decision: 'approved' | 'denied' }
  | { readonly decision: 'narrowed' | 'coexist'; readonly patterns: readonly PatternName[] }

export class RespondStep extends Step {
  readonly session: SessionName
  readonly number: number
  readonly answer: Answer

  constructor(session: SessionName, number: number, answer: Answer) {
    super()
    this.session = session
    this.number = number
    this.answer = answer
  }

  act(model: Model, system: System): void {
    const ids = [...model.requests.keys(), ...model.answered]
    const id = pick(ids, this.number)
    if (id === undefined) return
    const outcome = system.ledger.run({
      ...{ kind: 'respond', party: system.partyOf(this.session), id: asRequestedId(id) },
      ...{ answer: this.#terms(), note: '', stamp: STAMP },
    })
    assert.equal(said(outcome), this.#expect(model, id))
    if (said(outcome) !== 'answered' || outcome.kind !== 'answered') return
    const request = model.requests.get(id)
    const claim = model.claims.get(request?.claim ?? '')
    if (request === undefined || claim === undefined) return
    model.closeRequest(id)
    const now = model.claims.get(claim.id) ?? claim
    if (this.answer.decision === 'approved') model.end(now, false)
    if (this.answer.decision === 'narrowed') {
      model.narrow(now, this.answer.patterns, newClaims(model, system, claim.session))
    }
    if (this.answer.decision !== 'coexist') return
    const granted = outcome.answered[0]?.granted ?? []
    this.answer.patterns.forEach((pattern, at) => {
      const { requester: session } = request
      model.grant({ id: granted[at] ?? '', session, pattern, mode: 'exclusive' })
    })
  }

  #terms(): ResponseTerms {
    const { answer } = this
    if (answer.decision === 'narrowed')
      return { decision: 'narrowed', parts: answer.patterns.map(wholePart) }
    if (answer.decision !== 'coexist') return { decision: answer.decision }
    const scopes = answer.patterns.map((pattern): Scope => {
      return { kind: 'file', pattern, symbols: [], mode: 'exclusive' }
    })
    return { decision: 'coexist', scopes }
  }

  #expect(model: Model, id: string): string {
    const { answer, session } = this
    const request = model.requests.get(id)
    if (request === undefined) return 'late'
    if (!isSameParty(session, request.holder)) return 'CLAIM_NOT_YOURS'
    const claim = model.claims.get(request.claim)
    assert.ok(claim !== undefined, 'an open request is about a live claim')
    if (!('patterns' in answer)) return 'answered'
    if (!isNarrower(claim, answer.patterns)) return 'CLAIM_NOT_NARROWER'
    if (answer.decision === 'narrowed') return 'answered'
    const wants = answer.patterns.map((pattern): Want => ({ pattern, mode: 'exclusive' }))
    const asking = { session: request.requester, wants, level: Infinity, place: -1 }
    const { claims, isDelayed } = model.blockersOf(asking)
    const isFree = claims.every((met) => met.id === claim.id) && !isDelayed
    return isFree ? 'answered' : 'CLAIM_CONFLICT'
  }
}

/** Live claims of a session that the model does not know yet, in the order of their grant. */
function newClaims(model: Model, system: System, session: SessionName): string[] {
  return [...system.ledger.engine.committed.state.claims.values()]
    .filter((claim: LedgerClaim) => claim.session === session && !model.claims.has(claim.id))
    .map(({ id }) => id)
}

export class PassStep extends Step {
  readonly ms: number

  constructor(ms: number) {
    super()
    this.ms = ms
  }

  act(model: Model, system: System): void {
    system.renewLeases()
    system.ledger.pass(this.ms)
    model.pass(this.ms)
  }
}

export class RestartStep extends Step {
  readonly isRewriting: boolean

  constructor(isRewriting: boolean) {
    super()
    this.isRewriting = isRewriting
  }

  act(model: Model, system: System): void {
    if (this.isRewriting) system.ledger.rewriteLog()
    system.ledger.restart()
    const { forced } = system.ledger.engine.committed.state
    model.restart(new Set(forced.map(({ id }) => id)))
  }
}
