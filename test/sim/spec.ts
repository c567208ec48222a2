// The sequential specification: what the committed records mean, one after the other, and which answers they allow.
// Shares no code with the judge, the fold or the leases.
import type {
  ClaimId,
  ClaimMode,
  Key,
  LedgerRecord,
  Party,
  PeerId,
  QueueId,
  RecordBody,
  RequestId,
  Settlement,
} from '../../protocol/index.ts'
import { FleetSpec } from './fleet.ts'
import { isSamePartyOutside, type Op } from './op.ts'
import { PolicySpec } from './policy.ts'
import { URGENCIES } from '../../protocol/index.ts'
import { LANDING, maskOf } from './universe.ts'
import { check } from './violation.ts'

export interface SpecClaim {
  readonly id: ClaimId
  readonly party: Party
  readonly rid: RequestId | null
  readonly mode: ClaimMode
  readonly fence: number
  readonly term: number
  readonly from: number
  /** Coverage from each index on. */
  readonly masks: { readonly from: number; readonly mask: number }[]
  to: number
  endReason: string
  endedBornAt: number
  touchedBornAt: number
  /** The request that renewed it last. */
  renewedBy: RequestId | null
  ttlMs: number
}

export interface SpecWait {
  readonly id: QueueId
  readonly party: Party
  readonly rid: RequestId | null
  readonly urgency: number
  readonly scopes: readonly {
    readonly pattern: string
    readonly mask: number
    /** As it was asked; `policy.modeNow` says what it means by now. */
    readonly mode: ClaimMode
  }[]
  readonly from: number
  readonly bornAt: number
  to: number
}

export interface SpecWorld {
  opOf(rid: RequestId): Op | undefined
  /** True time at which a record was appended. */
  bornAt(record: LedgerRecord): number
  /** Throws if the claim's holder still believes in it at this time. */
  checkBelief(claim: SpecClaim, trueMs: number, what: string): void
  /** A provisional claim that its holder, or its call, gave up. */
  isGivenUp(id: ClaimId): boolean
  readonly hasWallSteps: boolean
  readonly tickMs: number
}

/** 10 s by a leader's clock that may be 2 % fast; it counts from tick to tick. */
const LOCK_DELAY_TRUE_MS = 9_800

type Body<Kind extends RecordBody['kind']> = Extract<RecordBody, { kind: Kind }>

export class Spec {
  readonly claims = new Map<ClaimId, SpecClaim>()
  /** Live ones. */
  readonly live = new Map<ClaimId, SpecClaim>()
  readonly waits = new Map<QueueId, SpecWait>()
  /** Those still in the queue. */
  readonly queue = new Map<QueueId, SpecWait>()
  /** Ended by force, for the lock-delay. */
  readonly forced: SpecClaim[] = []
  /** The record that decided a request. */
  readonly decided = new Map<RequestId, LedgerRecord>()
  readonly keys = new Map<string, RequestId>()
  /** What records said of provisional claims. */
  readonly settled = new Map<ClaimId, 'promoted' | 'rejected' | 'ended'>()
  readonly policy = new PolicySpec()
  readonly fleet: FleetSpec
  readonly #answered = new Set<RequestId>()
  readonly #world: SpecWorld
  #fence = 0
  #termStartedAt = 0
  decisions = 0

  constructor(world: SpecWorld) {
    this.#world = world
    this.fleet = new FleetSpec({
      opOf: (rid) => world.opOf(rid),
      isLive: (id) => this.live.has(id),
      grant: (record, { grant }) => this.#grantTask(record, grant),
      end: (record, id, reason) => {
        this.#end(record, id, reason)
      },
      landingFence: (peer) => this.landingFence(peer),
    })
  }

  landingFence(peer: PeerId): number | null {
    const mask = maskOf(LANDING)
    const claim = [...this.live.values()].find(
      (one) => one.party.peer === peer && this.maskAt(one, Infinity) === mask,
    )
    return claim?.fence ?? null
  }

  apply(record: LedgerRecord): void {
    const { body } = record
    this.policy.apply(record)
    if ('rid' in body && body.rid !== null) this.#decide(record, body.rid)
    switch (body.kind) {
      case 'grant':
        this.#grant(record, body)
        break
      case 'deny':
        this.#deny(record, body)
        break
      case 'push':
        this.#push(record, body)
        break
      case 'drop':
        this.#drop(record, body)
        break
      case 'release':
        this.#release(record, body)
        break
      case 'revoke':
        this.#revoke(record, body)
        break
      case 'expire':
        this.#expire(record, body)
        break
      case 'renew':
        this.#renew(record, body)
        break
      case 'narrow':
        this.#narrow(record, body)
        break
      case 'reconcile':
        this.#reconcile(record, body)
        break
      case 'term-start':
        this.#termStartedAt = this.#world.bornAt(record)
        return
      case 'task':
        for (const id of body.ids) this.#end(record, id, 'released')
        break
      case 'assign':
      case 'assignment-move':
      case 'assignment-stop':
      case 'assignment-answer':
      case 'assignment-verdict':
      case 'assignment-landing':
      case 'propose':
        this.fleet.apply(record)
        break
      default:
        return
    }
    this.decisions++
  }

  countSettled(how: 'promoted' | 'rejected'): number {
    return [...this.settled.values()].filter((kind) => kind === how).length
  }

  isLiveAt(id: ClaimId, index: number): boolean {
    const claim = this.claims.get(id)
    return claim !== undefined && claim.from <= index && index < claim.to
  }

  maskAt(claim: SpecClaim, index: number): number {
    return claim.masks.findLast((part) => part.from <= index)?.mask ?? 0
  }

  #decide(record: LedgerRecord, rid: RequestId): void {
    const before = this.decided.get(rid)
    // A place in the queue is a decision that a grant takes further.
    const isNext = before?.body.kind === 'push' && record.body.kind === 'grant'
    check(
      before === undefined || (isNext && record.body.from === before.body.entry.id),
      'decided once',
      `${rid} at ${at(record)} and at ${before === undefined ? '' : at(before)}`,
    )
    this.decided.set(rid, record)
    const op = this.#world.opOf(rid)
    check(op !== undefined, 'decided once', `${rid} was never asked`)
    check(
      record.index > op.floor,
      'real time',
      `${rid}, asked after index ${String(op.floor)} was committed, is decided at ${at(record)}`,
    )
  }

  #op(rid: RequestId | null): Op {
    const op = rid === null ? undefined : this.#world.opOf(rid)
    check(op !== undefined, 'decided once', `a decision for nobody: ${String(rid)}`)
    return op
  }

  #grant(record: LedgerRecord, body: Body<'grant'>): void {
    if (body.provisional !== undefined) {
      this.#promote(record, body, body.provisional.rid)
      return
    }
    const { command } = this.#op(body.rid)
    check(command.kind === 'claim', 'reply', `a grant for a ${command.kind}`)
    check(
      body.claims.length === command.scopes.length,
      'reply',
      `${at(record)} grants ${String(body.claims.length)} of ${String(command.scopes.length)} scopes`,
    )
    const fence = this.#nextFence(record)
    this.#checkKey(record, body)
    const granted = body.claims.map((claim, i): SpecClaim => {
      const scope = command.scopes[i]
      check(
        scope?.pattern === claim.pattern &&
          (scope.mode === claim.mode || this.#isMadeShared(claim, body, i)),
        'reply',
        `${at(record)} grants another scope than asked`,
      )
      this.policy.check(claim, body.party, record.atMs, at(record))
      return this.#claimOf(record, body, claim, fence, body.rid)
    })
    if (body.from !== null) this.#leave(record, body.from)
    for (const claim of granted) this.#checkExclusion(record, claim)
    this.#checkTurn(record, body)
    for (const claim of granted) {
      this.claims.set(claim.id, claim)
      this.live.set(claim.id, claim)
    }
  }

  /** A worker's task: claimed for its session by the assignment's own record. */
  #grantTask(record: LedgerRecord, grant: Body<'grant'>): ClaimId {
    const [claim, more] = grant.claims
    check(claim !== undefined && more === undefined, 'reply', `${at(record)} grants no one task`)
    const granted = this.#claimOf(record, grant, claim, this.#nextFence(record), null)
    this.#checkExclusion(record, granted)
    this.claims.set(granted.id, granted)
    this.live.set(granted.id, granted)
    return granted.id
  }

  /** By the rules of this moment; what was made shared when it came to wait stays so. */
  #isMadeShared(
    { pattern, mode }: { pattern: string; mode: ClaimMode },
    { from }: Body<'grant'>,
    at: number,
  ): boolean {
    const asked = from === null ? undefined : this.queue.get(from)?.scopes[at]
    return mode === 'shared' && (asked?.mode === 'shared' || this.policy.isShared(pattern))
  }

  #nextFence(record: LedgerRecord): number {
    const fence = record.generation * 2 ** 32 + record.index
    check(fence > this.#fence, 'I8 fences rise', `${String(fence)} after ${String(this.#fence)}`)
    this.#fence = fence
    return fence
  }

  #claimOf(
    record: LedgerRecord,
    { party }: Body<'grant'>,
    claim: Body<'grant'>['claims'][number],
    fence: number,
    rid: RequestId | null,
  ): SpecClaim {
    check(!this.claims.has(claim.id), 'I8 fences rise', `the id ${claim.id} came twice`)
    return {
      id: claim.id,
      party,
      rid,
      mode: claim.mode,
      fence,
      term: record.term,
      from: record.index,
      masks: [{ from: record.index, mask: maskOf(claim.pattern) }],
      to: Infinity,
      endReason: '',
      renewedBy: null,
      endedBornAt: 0,
      touchedBornAt: this.#world.bornAt(record),
      ttlMs: claim.ttlSeconds * 1000,
    }
  }

  /** A provisional claim becomes one: as it was asked for, once, and overlapping nothing. */
  #promote(record: LedgerRecord, body: Body<'grant'>, rid: RequestId | null): void {
    const { command, isProvisional, isRefused } = this.#op(rid)
    const [claim] = body.claims
    check(
      claim !== undefined && isProvisional && !isRefused && command.kind === 'claim',
      'provisional',
      `${at(record)} promotes what was never noted`,
    )
    const isAsked = command.scopes.some(
      ({ pattern, mode }) =>
        pattern === claim.pattern &&
        (mode === claim.mode || (claim.mode === 'shared' && this.policy.mayBeShared(claim))),
    )
    check(
      isAsked && body.party.session === command.party.session && body.claims.length === 1,
      'provisional',
      `${at(record)} promotes another scope, or for another session`,
    )
    check(!this.settled.has(claim.id), 'provisional', `${claim.id} is promoted when it is settled`)
    this.policy.check(claim, body.party, record.atMs, at(record))
    const promoted = this.#claimOf(record, body, claim, this.#nextFence(record), rid)
    this.#checkExclusion(record, promoted)
    this.claims.set(claim.id, promoted)
    this.live.set(claim.id, promoted)
  }

  #reconcile(record: LedgerRecord, body: Body<'reconcile'>): void {
    for (const rid of body.rids) {
      check(!this.#answered.has(rid), 'decided once', `${rid} is answered again at ${at(record)}`)
      this.#answered.add(rid)
    }
    const judged = body.outcomes.filter(({ kind }) => kind !== 'ended')
    judged.forEach((outcome, i) => {
      const before = judged[i - 1]
      check(
        before === undefined || isBefore(before, outcome),
        'provisional order',
        `${at(record)} settles ${before?.id ?? ''} before ${outcome.id}`,
      )
    })
    for (const outcome of body.outcomes) this.#settle(record, body, outcome)
  }

  #settle(record: LedgerRecord, body: Body<'reconcile'>, outcome: Settlement): void {
    const { id, kind } = outcome
    const before = this.settled.get(id)
    const isAgain = kind === 'ended' && before === 'promoted'
    check(
      before === undefined || isAgain,
      'provisional',
      `${id} is ${kind} at ${at(record)} and was ${before ?? ''} before`,
    )
    this.settled.set(id, kind)
    if (kind === 'promoted') {
      check(this.claims.has(id), 'provisional', `${id} is promoted without a grant`)
      return
    }
    check(!this.live.has(id), 'provisional', `${id} is ${kind} and lives`)
    if (kind === 'ended') {
      check(this.#world.isGivenUp(id), 'provisional', `${id} ended, and nobody gave it up`)
      return
    }
    const { claim, conflicts } = outcome
    check(
      conflicts.length > 0 || this.policy.mayKeepOut(claim.scope, claim.party, record.atMs),
      'provisional',
      `${id} is rejected because of nothing`,
    )
    for (const met of conflicts) {
      this.#checkConflict(claim.party, claim.scope, met, record.index, `which rejects ${id}`)
      // One that a lost leader promoted is confirmed, whatever its place.
      const isOfBatch = this.claims.get(met)?.term === record.term
      const winner = isOfBatch ? body.outcomes.find((other) => other.id === met) : undefined
      check(
        winner === undefined || isBefore(winner, outcome),
        'provisional order',
        `${id} is rejected because of ${met}, which comes after it`,
      )
    }
  }

  #push(record: LedgerRecord, body: Body<'push'>): void {
    const { command } = this.#op(body.rid)
    const { entry } = body
    check(
      command.kind === 'claim' && command.waitSeconds > 0,
      'reply',
      `${at(record)} queues what does not wait`,
    )
    check(!this.waits.has(entry.id), 'decided once', `the place ${entry.id} came twice`)
    const wait: SpecWait = {
      id: entry.id,
      party: entry.party,
      rid: body.rid,
      urgency: URGENCIES.indexOf(entry.urgency),
      scopes: entry.scopes.map(({ pattern, mode }) => {
        return { pattern, mask: maskOf(pattern), mode }
      }),
      from: record.index,
      bornAt: this.#world.bornAt(record),
      to: Infinity,
    }
    this.waits.set(wait.id, wait)
    this.queue.set(wait.id, wait)
  }

  #drop(record: LedgerRecord, body: Body<'drop'>): void {
    const op = body.rid === null ? null : this.#op(body.rid)
    for (const id of body.ids) {
      const wait = this.#leave(record, id)
      if (op?.command.kind !== 'cancel') continue
      check(isSamePartyOutside(op.command.party, wait.party), 'reply', `${id} dropped by another`)
    }
  }

  #leave(record: LedgerRecord, id: QueueId): SpecWait {
    const wait = this.queue.get(id)
    check(wait !== undefined, 'decided once', `${at(record)} takes ${id} from the queue twice`)
    wait.to = record.index
    this.queue.delete(id)
    return wait
  }

  /** No older waiter of the same or a higher urgency is overtaken by what conflicts with it. */
  #checkTurn(record: LedgerRecord, body: Body<'grant'>): void {
    const { command } = this.#op(body.rid)
    if (command.kind !== 'claim') return
    const own = body.from === null ? undefined : this.waits.get(body.from)
    const urgency = URGENCIES.indexOf(command.urgency)
    for (const wait of this.queue.values()) {
      if (wait.from > (own?.from ?? Infinity) || wait.urgency < urgency) continue
      if (isSamePartyOutside(wait.party, body.party)) continue
      const isOvertaken = body.claims.some(({ pattern, mode }) =>
        wait.scopes.some(
          (scope) =>
            (scope.mask & maskOf(pattern)) !== 0 &&
            (mode !== 'shared' || this.policy.modeNow(scope) !== 'shared'),
        ),
      )
      check(
        !isOvertaken,
        'queue order',
        `${at(record)} overtakes ${wait.id} of ${String(wait.from)}`,
      )
    }
  }

  /** Waiters that nothing stands in the way of. */
  stuckWaiters(nowMs: number, patienceMs: number, awakeSinceMs: number): SpecWait[] {
    return [...this.queue.values()].filter((wait) => {
      if (nowMs - wait.bornAt < patienceMs) return false
      const blocks = (party: Party, mask: number, mode: ClaimMode): boolean =>
        !isSamePartyOutside(party, wait.party) &&
        wait.scopes.some(
          (scope) =>
            (scope.mask & mask) !== 0 &&
            (mode !== 'shared' || this.policy.modeNow(scope) !== 'shared'),
        )
      for (const claim of this.live.values())
        if (blocks(claim.party, this.maskAt(claim, Infinity), claim.mode)) return false
      for (const claim of this.claims.values()) {
        // A term that starts gives each lock-delay its full time again, and a leader asleep counts nothing.
        const delayedAt = Math.max(claim.endedBornAt, this.#termStartedAt, awakeSinceMs)
        const isLate = isForced(claim.endReason) && nowMs - delayedAt < patienceMs
        if (isLate && blocks(claim.party, this.maskAt(claim, claim.to), claim.mode)) return false
      }
      for (const other of this.waits.values()) {
        if (other === wait || (other.to !== Infinity && other.bornAt < nowMs - patienceMs)) continue
        const isBefore = other.scopes.some((scope) =>
          blocks(other.party, scope.mask, this.policy.modeNow(scope)),
        )
        if (isBefore) return false
      }
      return true
    })
  }

  #checkKey(record: LedgerRecord, body: Body<'grant'>): void {
    if (body.key === null || this.#world.hasWallSteps) return
    const name = keyName(body.party, body.key)
    const before = this.keys.get(name)
    this.keys.set(name, body.rid ?? ('' as RequestId))
    if (before === undefined) return
    const earlier = [...this.claims.values()].filter((claim) => claim.rid === before)
    check(
      earlier.length > 0 && earlier.every((claim) => claim.endReason === 'abandoned'),
      'decided once',
      `the key ${name} granted by ${before} grants again at ${at(record)}`,
    )
  }

  #checkExclusion(record: LedgerRecord, claim: SpecClaim): void {
    const mask = this.maskAt(claim, record.index)
    for (const other of this.live.values()) {
      if (isSamePartyOutside(other.party, claim.party)) continue
      if (other.mode === 'shared' && claim.mode === 'shared') continue
      check(
        (this.maskAt(other, record.index) & mask) === 0,
        'I7 exclusion',
        `${claim.id} granted at ${at(record)} overlaps ${other.id} of ${String(other.from)}`,
      )
    }
    const bornAt = this.#world.bornAt(record)
    for (const ended of this.forced) {
      if (isSamePartyOutside(ended.party, claim.party)) continue
      if ((this.maskAt(ended, ended.to) & mask) === 0) continue
      check(
        bornAt - ended.endedBornAt >= LOCK_DELAY_TRUE_MS - 1.25 * this.#world.tickMs,
        'lock-delay',
        `${claim.id} granted at ${at(record)} ${(bornAt - ended.endedBornAt).toFixed(0)} ms after ${ended.id} ended by ${ended.endReason}`,
      )
    }
  }

  #deny(record: LedgerRecord, body: Body<'deny'>): void {
    const { command } = this.#op(body.rid)
    check(command.kind === 'claim', 'reply', `a refusal of a ${command.kind}`)
    for (const { scope, claim } of body.conflicts) {
      this.#checkConflict(command.party, scope, claim, record.index, 'in a Deny record')
    }
  }

  /** Is this claim in the way of this scope at this index, alive or within its delay? */
  conflicts(party: Party, scope: { pattern: string; mode: ClaimMode }, id: ClaimId, index: number) {
    const claim = this.claims.get(id)
    if (claim === undefined || isSamePartyOutside(claim.party, party)) return false
    if (claim.mode === 'shared' && scope.mode === 'shared') return false
    if ((this.maskAt(claim, Math.min(index, claim.to)) & maskOf(scope.pattern)) === 0) return false
    if (this.isLiveAt(id, index)) return true
    return claim.from <= index && claim.mode === 'exclusive' && isForced(claim.endReason)
  }

  #checkConflict(
    party: Party,
    scope: { pattern: string; mode: ClaimMode },
    id: ClaimId,
    index: number,
    where: string,
  ): void {
    check(
      this.conflicts(party, scope, id, index),
      'reply',
      `${id} does not stand in the way of '${scope.pattern}' at ${String(index)}, ${where}`,
    )
  }

  #release(record: LedgerRecord, body: Body<'release'>): void {
    for (const id of body.ids) {
      // Its own daemon gave it up, for whatever reason: no delay.
      const claim = this.#end(record, id, isForced(body.reason) ? 'released' : body.reason)
      if (claim === null) continue
      if (body.reason === 'abandoned') {
        const op = claim.rid === null ? undefined : this.#world.opOf(claim.rid)
        check(
          op !== undefined && (op.state !== 'answered' || !op.told.includes(id)),
          'acknowledged grant lost',
          `${id} was told as granted and is taken back at ${at(record)}`,
        )
        continue
      }
      if (body.rid === null) {
        check(
          this.settled.get(id) === 'promoted' && this.#world.isGivenUp(id),
          'provisional',
          `${id} is given back at ${at(record)}, and nobody gave it up`,
        )
        continue
      }
      const { command } = this.#op(body.rid)
      if (command.kind === 'end') {
        check(command.ids.includes(id), 'reply', `${id} ended at ${at(record)} and not asked for`)
      } else {
        check(command.kind === 'release', 'reply', `a release for a ${command.kind}`)
        check(
          isSamePartyOutside(command.party, claim.party),
          'reply',
          `${id} released at ${at(record)} by another party`,
        )
      }
    }
  }

  #revoke(record: LedgerRecord, body: Body<'revoke'>): void {
    const { command } = this.#op(body.rid)
    check(
      command.kind === 'release' && command.force !== null,
      'reply',
      `${at(record)} revokes without force`,
    )
    for (const id of body.ids) this.#end(record, id, 'revoked')
  }

  #expire(record: LedgerRecord, body: Body<'expire'>): void {
    const bornAt = this.#world.bornAt(record)
    for (const id of body.ids) {
      const claim = this.#end(record, id, body.reason)
      if (claim === null) continue
      if (body.reason === 'lease') {
        this.#world.checkBelief(claim, bornAt, `${at(record)} expires it`)
      } else {
        check(
          bornAt - claim.touchedBornAt >= claim.ttlMs,
          'ttl',
          `${id} expires at ${at(record)} ${String(bornAt - claim.touchedBornAt)} ms into ${String(claim.ttlMs)}`,
        )
      }
    }
  }

  #end(record: LedgerRecord, id: ClaimId, reason: string): SpecClaim | null {
    const claim = this.live.get(id)
    check(claim !== undefined, 'decided once', `${at(record)} ends ${id}, which is not live`)
    this.live.delete(id)
    claim.to = record.index
    claim.endReason = reason
    claim.endedBornAt = this.#world.bornAt(record)
    if (isForced(reason) && claim.mode === 'exclusive') this.forced.push(claim)
    return claim
  }

  #renew(record: LedgerRecord, body: Body<'renew'>): void {
    const { command } = this.#op(body.rid)
    check(
      command.kind === 'renew' || command.kind === 'claim',
      'reply',
      `a renewal for a ${command.kind}`,
    )
    for (const id of body.ids) {
      const claim = this.live.get(id)
      check(claim !== undefined, 'decided once', `${at(record)} renews ${id}, which is not live`)
      check(isSamePartyOutside(command.party, claim.party), 'reply', `${id} renewed by another`)
      claim.touchedBornAt = this.#world.bornAt(record)
      claim.renewedBy = body.rid
      if (body.ttlSeconds !== null) claim.ttlMs = body.ttlSeconds * 1000
    }
  }

  #narrow(record: LedgerRecord, body: Body<'narrow'>): void {
    const { command } = this.#op(body.rid)
    check(command.kind === 'narrow' && command.id === body.id, 'reply', 'a narrowing of another')
    const claim = this.live.get(body.id)
    check(
      claim !== undefined,
      'decided once',
      `${at(record)} narrows ${body.id}, which is not live`,
    )
    check(isSamePartyOutside(command.party, claim.party), 'reply', `${body.id} narrowed by another`)
    const outer = this.maskAt(claim, record.index)
    for (const part of [{ id: body.id, scope: body.scope }, ...body.more]) {
      const mask = maskOf(part.scope.pattern)
      check((mask & ~outer) === 0, 'I7 exclusion', `${body.id} grows at ${at(record)}`)
      if (part.id === body.id) claim.masks.push({ from: record.index, mask })
      else {
        check(!this.claims.has(part.id), 'I8 fences rise', `the id ${part.id} came twice`)
        const split: SpecClaim = {
          ...claim,
          id: part.id,
          from: record.index,
          masks: [{ from: record.index, mask }],
        }
        this.claims.set(split.id, split)
        this.live.set(split.id, split)
      }
    }
  }
}

/** In the order in which provisional claims are settled. */
function isBefore(a: Settlement, b: Settlement): boolean {
  if (a.lamport !== b.lamport) return a.lamport < b.lamport
  return a.peer === b.peer ? a.n < b.n : a.peer < b.peer
}

export function isForced(reason: string): boolean {
  return reason === 'lease' || reason === 'ttl' || reason === 'revoked'
}

export function keyName(party: Party, key: Key): string {
  return `${party.peer}/${party.session}/${key.key}`
}

export function at(record: LedgerRecord): string {
  return `${String(record.term)}.${String(record.index)} (${record.body.kind})`
}
