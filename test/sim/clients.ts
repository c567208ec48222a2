// The callers: sessions of agents, and what their daemons do for them: hand their requests to the engine, give up for them,
// and say that they live.
import {
  asSessionId,
  isAssignmentOver,
  outcomeOf,
  URGENCIES,
  type ClaimId,
  type Key,
  type LedgerClaim,
  type Party,
  type ProvisionalClaim,
  type QueueEntry,
  type RequestId,
  type Scope,
  type Stamp,
} from '../../protocol/index.ts'
import type { ClaimCommand, Command, Outcome } from '../../daemon/core/claims/command.ts'
import { isLeading, type EngineInput } from '../../daemon/core/engine.ts'
import { leaderOf } from '../../daemon/core/forwarding.ts'
import { nextRequestId } from '../../daemon/core/provisional/ask.ts'
import type { AppliedChange } from '../../daemon/core/view.ts'
import { answerProblem } from './answers.ts'
import type { Instant } from './clock.ts'
import { bootOf, type Machine } from './machine.ts'
import { drawPolicyCommand } from './policy.ts'
import { Provisionals } from './provisionals.ts'
import { drawFleetCommand, LANDING_SCOPE } from './fleet.ts'
import type { Op } from './op.ts'
import type { SpecClaim } from './spec.ts'
import { insideOf, PATTERNS, QUIET } from './universe.ts'
import { check } from './violation.ts'
import type { World } from './world.ts'

interface Session {
  readonly number: number
  readonly home: number
  readonly party: Party
  op: Op | null
  /** Silent: alive for nobody, its leases run out. */
  silentUntil: number
  held: Map<ClaimId, string>
  keys: number
}

/** A holder's own count of its lease. */
export interface Belief {
  readonly home: number
  readonly since: Instant
}

const SCOPES_MAX = 3

export class Clients {
  readonly ops = new Map<RequestId, Op>()
  readonly sessions: Session[]
  readonly provisionals: Provisionals
  readonly #world: World
  readonly #beliefs = new Map<ClaimId, Belief>()
  granted = 0
  refused = 0
  abandoned = 0
  lost = 0
  #isQuietGranted = false
  isEnding = false

  constructor(world: World) {
    this.#world = world
    this.provisionals = new Provisionals(world)
    const { plan, prng, names } = world
    const shared = prng.chance(0.3)
    this.sessions = Array.from({ length: plan.sessions }, (_, number): Session => {
      const home = prng.int(plan.machines)
      const peer = names[home]
      if (peer === undefined) throw new Error('a session without a home')
      return {
        number,
        home,
        party: {
          agent: shared && number < 2 ? 'ada' : `agent${String(number)}`,
          agentGiven: shared && number < 2,
          session: asSessionId(`s${String(number)}`),
          peer,
          machine: `m${String(home)}`,
          branch: null,
        },
        op: null,
        silentUntil: 0,
        held: new Map(),
        keys: 0,
      }
    })
  }

  start(): void {
    const { plan, machines } = this.#world
    for (const session of this.sessions) this.#think(session)
    for (const machine of machines) {
      this.#repeat(plan.leaseMs / 4, () => {
        this.#keepAlive(machine)
      })
    }
  }

  isQuietGranted(): boolean {
    return this.#isQuietGranted
  }

  /** Since the claim's own call, or since the last renewal of its session that a majority confirmed. */
  beliefOf(claim: SpecClaim): Belief | undefined {
    const belief = this.#beliefs.get(claim.id)
    if (belief === undefined) return undefined
    const engine = this.#world.machines[belief.home]?.engine
    // Of a claim that its daemon knows to have ended, a renewal of its session says nothing.
    if (engine?.committed.state.claims.has(claim.id) !== true) return belief
    const renewed = engine.renewals.confirmed.get(claim.party.session)
    if (renewed === undefined || renewed.uptimeMs < belief.since.uptimeMs) return belief
    return { ...belief, since: renewed }
  }

  silence(): void {
    const { prng, now, plan } = this.#world
    prng.pick(this.sessions).silentUntil = now + plan.leaseMs * 2.5
  }

  /** A daemon died: its callers' connections broke, and nobody knows what became of their calls. */
  onCrash(machine: Machine): void {
    for (const op of this.ops.values()) {
      const isOpen = op.state === 'pending' || op.state === 'waiting' || op.state === 'abandoning'
      if (op.home === machine.number && isOpen) {
        op.state = 'lost'
        this.lost++
      }
    }
  }

  onReply(machine: Machine, rid: RequestId, outcome: Outcome): void {
    const op = this.ops.get(rid)
    check(op !== undefined, 'reply', `a reply to nobody: ${rid}`)
    const { checker } = this.#world
    const problem = op.isProvisional
      ? this.provisionals.onReply(machine, op, outcome)
      : answerProblem(checker.spec, op, outcome, checker.committed())
    check(problem === null, 'reply', `${rid} of ${op.command.kind}: ${problem ?? ''}`)
    check(op.home === machine.number, 'reply', `${rid} was answered on another machine`)
    if (op.state === 'pending') this.#told(op, outcome)
  }

  onAbandoned(machine: Machine, rid: RequestId): void {
    const op = this.ops.get(rid)
    if (op?.home !== machine.number || op.state !== 'abandoning') return
    op.state = 'abandoned'
    this.abandoned++
    this.#world.note('gave up', machine.number, rid)
    this.#free(op)
  }

  onChanges(machine: Machine, changes: readonly AppliedChange[]): void {
    const { engine } = machine
    if (engine === null) return
    for (const { change } of changes) {
      if (change.kind === 'granted') this.#endWait(machine, change.rid, change.claim)
      if (change.kind === 'dropped') this.#endWait(machine, change.entry.rid, null)
    }
  }

  /** What its engine asks of itself is a call, too. */
  onInner({ engine, number, clock }: Machine): void {
    for (const rid of engine?.inner ?? []) {
      const request = engine?.own.get(rid)?.request
      if (request === undefined || this.ops.has(rid)) continue
      this.ops.set(rid, {
        ...request,
        home: number,
        session: null,
        isProvisional: false,
        floor: 0,
        sentAt: clock.at(this.#world.now),
        state: 'answered',
        isMarked: false,
        told: [],
        isRefused: false,
        isTakenUp: false,
      })
    }
  }

  /** A provisional claim of a session became a claim. */
  onPromoted({ id, party, scope }: ProvisionalClaim): void {
    const session = this.sessions.find((found) => found.party.session === party.session)
    session?.held.set(id, scope.pattern)
  }

  /** A place was filled or lost; its caller is told by the waiter's own daemon. */
  #endWait(machine: Machine, rid: RequestId | null, claim: LedgerClaim | null): void {
    const op = rid === null ? undefined : this.ops.get(rid)
    if (op?.state !== 'waiting' || op.home !== machine.number) return
    op.state = 'answered'
    const session = op.session === null ? undefined : this.sessions[op.session]
    if (claim !== null) {
      this.granted++
      // The claims of one call come one after the other.
      const { spec } = this.#world.checker
      const ids = [...spec.live.values()].filter((found) => found.rid === rid).map(({ id }) => id)
      op.told = ids
      for (const id of ids) this.#believe(id, op.home, op.sentAt)
      if (op.command.kind === 'claim') {
        const { scopes } = op.command
        ids.forEach((id, at) => session?.held.set(id, scopes[at]?.pattern ?? ''))
      }
    }
    this.#free(op)
  }

  /** Waiters that nothing stands in the way of are granted. */
  checkQueue(awakeSinceMs: number): void {
    const { checker, now } = this.#world
    const stuck = checker.spec
      .stuckWaiters(now, 13_000, awakeSinceMs)
      .filter(({ party }) => this.#isOfMember(party))
    check(
      stuck.length === 0,
      'queue moves',
      `${stuck.map(({ id, from }) => `${id} of ${String(from)}`).join(', ')} waits for nothing`,
    )
  }

  /** No session ends a run holding a claim that it was refused. */
  checkAbandoned(): void {
    const { spec } = this.#world.checker
    for (const wait of spec.queue.values()) {
      if (!this.#isOfMember(wait.party)) continue
      const op = wait.rid === null ? undefined : this.ops.get(wait.rid)
      check(
        op?.state !== 'abandoned',
        'I9 abandoned',
        `${wait.id} of ${wait.rid ?? ''} waits, and its caller was told that it does not`,
      )
    }
    for (const claim of spec.live.values()) {
      const op = claim.rid === null ? undefined : this.ops.get(claim.rid)
      if (!this.#isOfMember(claim.party)) continue
      // Whose machine went down before the answer does not know that it renewed, nor that it did not.
      const renewal = claim.renewedBy === null ? undefined : this.ops.get(claim.renewedBy)
      const mayHold = op === undefined || op.isTakenUp || renewal?.state === 'lost'
      check(
        mayHold || (op.state !== 'abandoned' && !op.isRefused),
        'I9 abandoned',
        `${claim.id} of ${claim.rid ?? ''} lives, and its caller was told that nothing was granted`,
      )
    }
  }

  /** Nor is a task given by a call that was told otherwise. */
  checkAssignments(): void {
    for (const { id, rid } of this.#world.checker.spec.fleet.open()) {
      const op = rid === null ? undefined : this.ops.get(rid)
      // A removed machine gives nothing back.
      const isMember = this.#world.members().some(({ number }) => number === op?.home)
      check(
        !isMember || (op?.state !== 'abandoned' && op?.isRefused !== true),
        'I9 abandoned',
        `${id} of ${rid ?? ''} goes on, and its caller was told that there is none`,
      )
    }
  }

  /** After the faults: a claim that nothing stands in the way of. */
  askQuietly(): void {
    const { prng } = this.#world
    const home = prng.pick(this.#world.members())
    const party: Party = {
      agent: 'last',
      agentGiven: false,
      session: asSessionId('last'),
      peer: home.name,
      machine: home.name,
      branch: null,
    }
    const command = this.#claimCommand(
      party,
      [{ kind: 'file', pattern: QUIET, symbols: [], mode: 'exclusive' }],
      null,
      home,
    )
    const ask = (): void => {
      if (this.#isQuietGranted) return
      if (home.isUp() && home.isNumbering) {
        const op = this.#newOp(home, null, command)
        this.#submit(op)
        this.#world.planIn(1_500, () => {
          if (op.state === 'pending') op.state = 'lost'
          ask()
        })
        return
      }
      this.#world.planIn(100, ask)
    }
    ask()
  }

  /** A removed machine gives nothing back and takes nothing up. */
  #isOfMember({ peer }: Party): boolean {
    return this.#world.members().some(({ name }) => name === peer)
  }

  #repeat(everyMs: number, act: () => void): void {
    const again = (): void => {
      act()
      this.#world.planIn(everyMs * this.#world.prng.between(0.8, 1.2), again)
    }
    this.#world.planIn(everyMs * this.#world.prng.float(), again)
  }

  #think(session: Session): void {
    const { prng, plan } = this.#world
    this.#world.planIn(prng.exponential(plan.thinkMs) + 1, () => {
      this.#act(session)
      this.#think(session)
    })
  }

  #act(session: Session): void {
    const { prng, machines } = this.#world
    const home = machines[session.home]
    if (this.isEnding || home?.isUp() !== true || !home.isNumbering) return
    if (home.suspendedUntil > this.#world.now || session.silentUntil > this.#world.now) return
    const { op } = session
    if (op !== null) {
      if (op.state === 'lost' || (op.state === 'abandoned' && prng.chance(0.1)))
        this.#afterLoss(session, home, op)
      return
    }
    if (this.#endProvisional(session, home)) return
    const isProvisional = this.#asksProvisionally(home)
    const command = this.#drawCommand(session, home)
    if (command === null) return
    const next = this.#newOp(home, session.number, command, isProvisional)
    session.op = next
    if (!next.isProvisional && prng.chance(0.1)) this.#stray(prng.pick(machines), next)
    this.#submit(next)
    this.#watch(next)
  }

  /** Retries what nobody knows the end of: under the same id, under the same key, or not at all. */
  #afterLoss(session: Session, home: Machine, op: Op): void {
    const { prng } = this.#world
    session.op = null
    if (prng.chance(0.3)) return
    const isKeyed = op.command.kind === 'claim' && op.command.key !== null
    const isAnew = op.isMarked || op.isProvisional || (isKeyed && prng.chance(0.7))
    const next = isAnew ? this.#newOp(home, session.number, op.command, op.isProvisional) : op
    next.state = 'pending'
    session.op = next
    this.#submit(next)
    this.#watch(next)
  }

  #endProvisional({ party }: Session, home: Machine): boolean {
    const { prng } = this.#world
    const [id] = this.provisionals.heldBy(party.session)
    if (id === undefined || !prng.chance(0.15)) return false
    this.provisionals.end(home, id)
    return true
  }

  #asksProvisionally({ engine }: Machine): boolean {
    const { prng, plan } = this.#world
    const isDetached = engine !== null && leaderOf(engine) === null && !isLeading(engine)
    return prng.chance(isDetached ? 0.6 : plan.provisional)
  }

  #drawCommand(session: Session, home: Machine): Command | null {
    const { prng, plan, now } = this.#world
    const { party } = session
    const held = [...session.held.keys()]
    const kind = prng.weighted([
      ['claim', 10],
      ['release', held.length > 0 ? 3 + held.length : 1],
      ['renew', held.length > 0 ? 2 : 0.2],
      ['narrow', held.length > 0 ? 2 : 0],
      ['verify', 3],
      ['end', held.length > 0 ? 0.5 : 0],
      ['force', 0.4],
      ['policy', plan.hasPolicies ? 2 : 0],
      ['fleet', plan.hasFleet ? 14 : 0],
    ] as const)
    const stamp = stampOf(home, now)
    switch (kind) {
      case 'claim': {
        const count = prng.weighted([
          [1, 6],
          [2, 2],
          [SCOPES_MAX, 1],
        ])
        const scopes = Array.from({ length: count }, (): Scope => {
          const mode = prng.chance(0.75) ? 'exclusive' : 'shared'
          return { kind: 'file', pattern: prng.pick(PATTERNS), symbols: [], mode }
        })
        const key = prng.chance(plan.keyed) ? this.#key(session, scopes) : null
        return this.#claimCommand(party, distinct(scopes), key, home)
      }
      case 'release': {
        const ids = prng.shuffled(held).slice(0, 1 + prng.int(2))
        for (const id of ids) session.held.delete(id)
        if (ids.length > 0 && prng.chance(0.8)) {
          for (const id of ids) this.#beliefs.delete(id)
          return { kind: 'release', party, target: { by: 'ids', ids }, force: null }
        }
        for (const id of held) this.#beliefs.delete(id)
        session.held.clear()
        const target = prng.chance(0.5)
          ? ({ by: 'mine' } as const)
          : ({ by: 'session', session: party.session } as const)
        return { kind: 'release', party, target, force: null }
      }
      case 'renew': {
        const ids = held.length > 0 && prng.chance(0.5) ? [prng.pick(held)] : []
        return { kind: 'renew', party, ids, ttlSeconds: prng.pick([null, 20, 3_600]), stamp }
      }
      case 'narrow': {
        const id = prng.pick(held)
        const inner = insideOf(session.held.get(id) ?? '')
        if (inner.length === 0) return null
        const kept = prng.shuffled(inner).slice(0, 1 + prng.int(2))
        const parts = kept.map((pattern) => ({ pattern, symbols: null }))
        return { kind: 'narrow', party, id, parts }
      }
      case 'verify':
        return { kind: 'verify', party, ids: prng.chance(0.5) ? held : [], fences: {} }
      case 'end': {
        for (const id of held) this.#beliefs.delete(id)
        session.held.clear()
        return { kind: 'end', ids: held, reason: 'session-ended' }
      }
      case 'fleet':
        return this.#fleetCommand(session, home)
      case 'policy':
        return drawPolicyCommand(prng, party, this.#world.checker.spec.policy)
      case 'force': {
        const others = this.sessions.flatMap((other) => [...other.held.keys()])
        if (others.length === 0) return null
        const id = prng.pick(others)
        // A person ends it and tells the holder.
        this.#beliefs.delete(id)
        return { kind: 'release', party, target: { by: 'ids', ids: [id] }, force: 'must go' }
      }
    }
  }

  #fleetCommand({ party }: Session, home: Machine): Command {
    const { prng, names, now, checker } = this.#world
    const fence = checker.spec.landingFence(party.peer)
    if (fence === null && prng.chance(0.15))
      return this.#claimCommand(party, [LANDING_SCOPE], null, home)
    const stamp = stampOf(home, now)
    const around = { party, peers: names, stamp, fleet: checker.spec.fleet, atMs: now, fence }
    return drawFleetCommand(prng, around)
  }

  #claimCommand(
    party: Party,
    scopes: readonly Scope[],
    key: Key | null,
    home: Machine,
  ): ClaimCommand {
    const { prng, plan, now } = this.#world
    return {
      kind: 'claim',
      party,
      scopes,
      terms: {
        description: '',
        narrowable: true,
        ttlSeconds: prng.pick([null, null, 15, 60]),
        ttlDefaultSeconds: 3_600,
        ttlSharedSeconds: 1_800,
        claimsPerAgent: 0,
      },
      urgency: prng.pick(URGENCIES),
      waitSeconds: prng.chance(plan.queueing) ? prng.pick([2, 8, 60]) : 0,
      stamp: stampOf(home, now),
      key,
    }
  }

  #key(session: Session, scopes: readonly Scope[]): Key {
    session.keys++
    return { key: `k${String(session.keys)}`, digest: JSON.stringify(scopes) }
  }

  #newOp(home: Machine, session: number | null, command: Command, isProvisional = false): Op {
    const { prng, checker, now } = this.#world
    const { engine } = home
    if (engine === null) throw new Error('a call to a machine that is down')
    const rid = nextRequestId(engine)
    const op: Op = {
      rid,
      home: home.number,
      session,
      isProvisional: isProvisional && command.kind === 'claim',
      command,
      entropy: prng.bytes(16),
      floor: checker.committed(),
      sentAt: home.clock.at(now),
      state: 'pending',
      isMarked: false,
      told: [],
      isRefused: false,
      isTakenUp: false,
    }
    check(!this.ops.has(rid), 'request ids', `${rid} names two requests`)
    this.ops.set(rid, op)
    return op
  }

  #submit(op: Op): void {
    const { rid, command, entropy } = op
    const home = this.#home(op)
    if (this.#world.isTracing)
      this.#world.note('request', home.number, `${rid} ${JSON.stringify(command)}`)
    const kind = op.isProvisional ? 'provisional' : 'request'
    this.#world.give(home, [{ kind, request: { rid, command, entropy } } as EngineInput])
  }

  /** A copy of it, to whom it is no business. */
  #stray(target: Machine, op: Op): void {
    const { rid, command, entropy } = op
    const home = this.#home(op)
    const term = home.engine?.consensus.promise.term ?? 0
    this.#world.network.carry(home, target, () => {
      const message = { kind: 'request', term, request: { rid, command, entropy } } as const
      this.#world.give(target, [{ kind: 'receive', from: home.name, message }])
    })
  }

  /** Gives up in time. */
  #watch(op: Op): void {
    const { plan } = this.#world
    const home = this.#home(op)
    this.#world.planFor(home, plan.callMs, () => {
      if (op.state !== 'pending') return
      op.state = 'abandoning'
      op.isMarked = true
      this.#world.note('abandon', home.number, op.rid)
      this.#world.give(home, [{ kind: 'abandon', rid: op.rid }])
    })
  }

  #takeUp(id: ClaimId): void {
    const rid = this.#world.checker.spec.live.get(id)?.rid ?? null
    const origin = rid === null ? undefined : this.ops.get(rid)
    if (origin !== undefined) origin.isTakenUp = true
  }

  #told(op: Op, outcome: Outcome): void {
    if (outcome.kind === 'queued') {
      this.#wait(op, outcome.entry)
      return
    }
    op.state = 'answered'
    const session = op.session === null ? undefined : this.sessions[op.session]
    if (outcome.kind === 'provisional') {
      op.told = outcome.claims.map(({ id }) => id)
    } else if (
      (op.command.kind === 'claim' || op.command.kind === 'assign') &&
      outcome.kind !== 'granted' &&
      outcome.kind !== 'renewed' &&
      outcome.kind !== 'assigned'
    ) {
      // (A wait that was dropped got nothing, either.)
      this.refused++
      op.isRefused = true
    }
    if (outcome.kind === 'granted' || outcome.kind === 'renewed') {
      const live = outcome.claims.filter((now) => now.live)
      op.told = live.map((now) => now.claim.id)
      if (outcome.kind === 'granted') this.granted++
      for (const { claim } of live) {
        // The sharer of an agent's name may renew what another session holds.
        if (outcome.kind === 'renewed') this.#takeUp(claim.id)
        if (claim.session === sessionOf(op).session) this.#believe(claim.id, op.home, op.sentAt)
        if (claim.session === session?.party.session) session.held.set(claim.id, claim.pattern)
        if (claim.pattern === QUIET) this.#isQuietGranted = true
      }
    }
    if (outcome.kind === 'narrowed') {
      for (const { live, claim } of outcome.claims) {
        if (live && session?.party.session === claim.session)
          session.held.set(claim.id, claim.pattern)
      }
    }
    if (outcome.kind === 'verified') {
      for (const { id, live } of outcome.claims) {
        if (!live) {
          this.#beliefs.delete(id)
          session?.held.delete(id)
        }
      }
    }
    this.#free(op)
  }

  /** Keeps the place until it is filled, or for as long as it was asked for. */
  #wait(op: Op, entry: QueueEntry): void {
    const { prng } = this.#world
    const home = this.#home(op)
    op.state = 'waiting'
    const { state } = home.engine?.committed ?? {}
    const now = state === undefined ? null : outcomeOf(state, entry.rid ?? op.rid)
    if (entry.rid !== op.rid || (now !== null && now !== 'forgotten' && now.kind !== 'queued')) {
      // Filled or lost before this was told, or another call's place: the caller asks anew when it likes.
      op.state = 'answered'
      this.#free(op)
      return
    }
    const { waitSeconds } = op.command as ClaimCommand
    this.#world.planFor(home, Math.min(waitSeconds * 1000, prng.exponential(6_000)), () => {
      if (op.state !== 'waiting') return
      op.state = 'answered'
      this.#free(op)
      const ids = [entry.id]
      const command: Command =
        prng.chance(0.5) && 'party' in op.command
          ? { kind: 'cancel', party: op.command.party, ids }
          : { kind: 'end-waits', ids, reason: 'expired' }
      const end = this.#newOp(home, null, command)
      this.#submit(end)
    })
  }

  #believe(id: ClaimId, home: number, since: Instant): void {
    const known = this.#beliefs.get(id)
    if (known !== undefined && known.since.uptimeMs >= since.uptimeMs) return
    if (this.#world.checker.spec.live.has(id)) this.#beliefs.set(id, { home, since })
  }

  #free(op: Op): void {
    const session = op.session === null ? undefined : this.sessions[op.session]
    if (session?.op === op) session.op = null
  }

  /** One message for all live sessions of a machine. */
  #keepAlive(machine: Machine): void {
    const { now } = this.#world
    if (machine.engine === null || !machine.isNumbering || machine.suspendedUntil > now) return
    const alive = this.sessions.filter(
      (session) => session.home === machine.number && session.silentUntil <= now,
    )
    const open = [...machine.engine.committed.state.assignments.values()].filter(
      ({ peer, state }) => peer === machine.name && !isAssignmentOver(state),
    )
    if (alive.length + open.length === 0) return
    const workers = open.map(({ id }) => asSessionId(id))
    const sessions = [...alive.map((session) => session.party.session), ...workers]
    this.#world.give(machine, [{ kind: 'alive', sessions }])
  }

  #home(op: Op): Machine {
    const home = this.#world.machines[op.home]
    if (home === undefined) throw new Error('an op without a home')
    return home
  }
}

function sessionOf(op: Op): { session: string | null } {
  return 'party' in op.command ? { session: op.command.party.session } : { session: null }
}

function stampOf({ clock, name }: Machine, trueMs: number): Stamp {
  const { wallMs, uptimeMs } = clock.at(trueMs)
  return { wallMs, boot: bootOf(name), uptimeMs }
}

function distinct(scopes: readonly Scope[]): Scope[] {
  const seen = new Map(scopes.map((scope) => [`${scope.pattern} ${scope.mode}`, scope]))
  return [...seen.values()]
}
