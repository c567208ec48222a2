// What the ledger promises, as a sequential program without records, indexes or watching: everything is looked at anew each
// time. It shares no code with the core. Times are milliseconds of the leader's own elapsed time.
import assert from 'node:assert/strict'
import type { Urgency } from '../../protocol/index.ts'
import {
  isConflict,
  isSameParty,
  URGENCY_LEVELS,
  type PatternName,
  type SessionName,
  type Want,
} from './world.ts'

export interface ModelClaim extends Want {
  readonly id: string
  readonly session: SessionName
  /** Requests that shorten its life. */
  readonly clamps: ReadonlySet<string>
}

export interface ModelWait {
  readonly id: string
  readonly session: SessionName
  readonly wants: readonly Want[]
  readonly claimIds: readonly string[]
  readonly urgency: Urgency
  readonly key: string | null
  since: number
}

export interface ModelRequest {
  readonly id: string
  readonly claim: string
  readonly holder: SessionName
  readonly requester: SessionName
  readonly waitSeconds: number
  since: number
}

interface Delay {
  readonly claim: ModelClaim
  until: number
}

export interface Asking {
  readonly session: SessionName
  readonly wants: readonly Want[]
  /** Of a waiter its place; of a claim asked for now behind everybody of its level. */
  readonly level: number
  readonly place: number
}

export interface Blockers {
  readonly claims: readonly ModelClaim[]
  readonly waits: readonly ModelWait[]
  readonly isDelayed: boolean
}

const LEVEL_MS = 60_000
const LEVEL_MAX = 3
const LOCK_DELAY_MS = 10_000
/** 300 s to answer, 2 % for the clock's rate, 5 s of grace. */
const ANSWER_MS = 311_000
const SWEEP_MS = 1_000
const FAIR_EVERY = 10
const FORCED_REMEMBERED = 500

export class Model {
  now = 0
  readonly claims = new Map<string, ModelClaim>()
  /** In the order in which they joined. */
  queue: ModelWait[] = []
  readonly requests = new Map<string, ModelRequest>()
  readonly answered = new Set<string>()
  /** What an idempotency key stands for. */
  readonly keys = new Map<string, { readonly digest: string; outcome: string }>()
  readonly grantedTo = new Set<SessionName>()
  #delays: Delay[] = []
  /** Ended by force, and nobody else got anything of it since; and at which time of the ledger's life. */
  #forced: { readonly claim: ModelClaim; readonly at: number }[] = []
  /** All leaders' time together. */
  #lived = 0
  #pops = 0
  #sweptAt = 0

  /**
   * A leader starts: its timers begin anew. Of delays that are over the ledger may have forgotten any, of others none.
   * @param remembered claims whose delay it counts again
   */
  restart(remembered: ReadonlySet<string>): void {
    for (const { claim, at } of this.#forced) {
      const isOver = this.#lived - at >= LOCK_DELAY_MS
      if (!remembered.has(claim.id)) assert.ok(isOver, `the delay of ${claim.id} is forgotten`)
    }
    this.#forced = this.#forced.filter(({ claim }) => remembered.has(claim.id))
    assert.equal(this.#forced.length, remembered.size, 'delays that nobody is owed')
    this.now = 0
    this.#sweptAt = 0
    for (const wait of this.queue) wait.since = 0
    for (const request of this.requests.values()) request.since = 0
    this.#delays = this.#forced.map(({ claim }) => ({ claim, until: LOCK_DELAY_MS }))
  }

  pass(ms: number): void {
    this.now += ms
    this.#lived += ms
    this.sweep()
  }

  sweep(): void {
    if (this.now - this.#sweptAt < SWEEP_MS) return
    this.#sweptAt = this.now
    const late = [...this.requests.values()].filter(({ since }) => this.now - since > ANSWER_MS)
    const ids = new Set(late.map(({ id }) => id))
    for (const claim of [...this.claims.values()]) {
      if ([...claim.clamps].some((id) => ids.has(id))) this.end(claim, true)
    }
    for (const id of ids) this.closeRequest(id)
  }

  grant(claim: Omit<ModelClaim, 'clamps'>): void {
    this.#forced = this.#forced.filter(
      ({ claim: ended }) => isSameParty(ended.session, claim.session) || !isConflict(ended, claim),
    )
    this.claims.set(claim.id, { ...claim, clamps: new Set() })
    this.grantedTo.add(claim.session)
  }

  end(claim: ModelClaim, isForced: boolean): void {
    this.claims.delete(claim.id)
    if (isForced && claim.mode === 'exclusive') {
      this.#forced.push({ claim, at: this.#lived })
      if (this.#forced.length > FORCED_REMEMBERED) this.#forced.shift()
      this.#delays.push({ claim, until: this.now + LOCK_DELAY_MS })
    }
    for (const request of [...this.requests.values()]) {
      if (request.claim === claim.id) this.closeRequest(request.id)
    }
  }

  closeRequest(id: string): void {
    if (!this.requests.delete(id)) return
    this.answered.add(id)
    for (const claim of [...this.claims.values()]) {
      if (!claim.clamps.has(id)) continue
      this.claims.set(claim.id, { ...claim, clamps: without(claim.clamps, id) })
    }
  }

  ask(request: ModelRequest): void {
    this.requests.set(request.id, request)
    const claim = this.claims.get(request.claim)
    if (claim === undefined) return
    this.claims.set(claim.id, { ...claim, clamps: new Set([...claim.clamps, request.id]) })
  }

  /** Keeps the id for the first pattern; each further one is a claim of its own. */
  narrow(claim: ModelClaim, patterns: readonly PatternName[], newIds: readonly string[]): void {
    patterns.forEach((pattern, at) => {
      const id = at === 0 ? claim.id : (newIds[at - 1] ?? '')
      this.claims.set(id, { ...claim, id, pattern })
      if (at > 0) this.grantedTo.add(claim.session)
    })
  }

  leave(wait: ModelWait): void {
    this.queue = this.queue.filter((other) => other !== wait)
  }

  levelOf(urgency: Urgency, since: number): number {
    const aged = Math.floor((this.now - since) / LEVEL_MS)
    return Math.min(LEVEL_MAX, URGENCY_LEVELS[urgency] + aged)
  }

  /** @param byAge only older waiters count, whatever their urgency. */
  blockersOf(asking: Asking, byAge = false): Blockers {
    const { session, wants, level, place } = asking
    const meets = (others: readonly Want[]): boolean =>
      others.some((other) => wants.some((want) => isConflict(want, other)))
    const goesFirst = (wait: ModelWait, at: number): boolean => {
      if (byAge) return at < place
      const theirs = this.levelOf(wait.urgency, wait.since)
      return theirs > level || (theirs === level && at < place)
    }
    return {
      claims: [...this.claims.values()].filter(
        (claim) => !isSameParty(session, claim.session) && meets([claim]),
      ),
      waits: this.queue.filter(
        (wait, at) =>
          !isSameParty(session, wait.session) && goesFirst(wait, at) && meets(wait.wants),
      ),
      isDelayed: this.#delays.some(
        ({ claim, until }) =>
          until > this.now && !isSameParty(session, claim.session) && meets([claim]),
      ),
    }
  }

  asWaiting(wait: ModelWait): Asking {
    const { session, wants, urgency, since } = wait
    const level = this.levelOf(urgency, since)
    return { session, wants, level, place: this.queue.indexOf(wait) }
  }

  /** Grants every waiter that fits, in order. */
  moveQueue(): void {
    for (let next = this.#nextToGo(); next !== null; next = this.#nextToGo()) {
      const { id, session, wants, claimIds, key } = next
      this.leave(next)
      this.#pops++
      wants.forEach((want, at) => {
        this.grant({ ...want, id: claimIds[at] ?? '', session })
      })
      if (key !== null) this.settleKey(key, id, 'granted')
    }
  }

  /** A place in the queue ended: that is what its key stands for from now on. */
  settleKey(key: string, place: string, outcome: string): void {
    const known = this.keys.get(key)
    if (known?.outcome === `queued ${place}`) known.outcome = outcome
  }

  /** A wait of a session that was granted more, and now stands in the way of those that it waits for. */
  waitOnCircle(): ModelWait | undefined {
    return [...this.grantedTo]
      .flatMap((session) => this.queue.filter((wait) => wait.session === session))
      .find((wait) => this.isCircle(wait.session, this.blockersOf(this.asWaiting(wait))))
  }

  /** Sessions that stand in the way of a session, by everything that it waits for. */
  #neighbours(session: SessionName): readonly SessionName[] {
    const waits = this.queue.filter((wait) => wait.session === session)
    const awaited = [...this.requests.values()].filter(
      ({ requester, waitSeconds, since }) =>
        requester === session && this.now - since < waitSeconds * 1000,
    )
    return [
      ...waits.flatMap((wait) => sessionsIn(this.blockersOf(this.asWaiting(wait)))),
      ...awaited.map(({ holder }) => holder),
    ]
  }

  /** Do these blockers wait, at the end of whatever they wait for, for this session? */
  isCircle(session: SessionName, blockers: Blockers): boolean {
    const reached = new Set<SessionName>()
    const ahead = [...sessionsIn(blockers)]
    for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
      if (next === session) return true
      if (reached.has(next)) continue
      reached.add(next)
      ahead.push(...this.#neighbours(next))
    }
    return false
  }

  #nextToGo(): ModelWait | null {
    const isFree = (wait: ModelWait, byAge: boolean): boolean => {
      const { claims, waits, isDelayed } = this.blockersOf(this.asWaiting(wait), byAge)
      return claims.length + waits.length === 0 && !isDelayed
    }
    const isFairTurn = this.#pops % FAIR_EVERY === FAIR_EVERY - 1
    const fair = isFairTurn ? this.queue.find((wait) => isFree(wait, true)) : undefined
    const level = (wait: ModelWait): number => this.levelOf(wait.urgency, wait.since)
    const byRank = [...this.queue].sort((a, b) => level(b) - level(a))
    return fair ?? byRank.find((wait) => isFree(wait, false)) ?? null
  }
}

function sessionsIn({ claims, waits }: Blockers): readonly SessionName[] {
  return [...claims, ...waits].map(({ session }) => session)
}

function without(set: ReadonlySet<string>, id: string): ReadonlySet<string> {
  return new Set([...set].filter((other) => other !== id))
}
