// One run: machines, network and clients on one virtual clock. Everything that happens is an event of the heap; after each
// step of an engine its effects are carried out in the order of the contract, and the checker looks.
import {
  asPeerId,
  createArrayDocument,
  createYjsDocument,
  encodeRecord,
  type LedgerRecord,
  type PeerId,
  type RequestId,
} from '../../protocol/index.ts'
import type { Outcome } from '../../daemon/core/claims/command.ts'
import { isLeading, stepEngine, type EngineInput } from '../../daemon/core/engine.ts'
import type { Addressed, PeerMessage } from '../../daemon/core/messages.ts'
import { lapsedClaims } from '../../daemon/core/renewals.ts'
import { Checker } from './checker.ts'
import { holderElapsed, SimClock } from './clock.ts'
import { EventHeap } from './heap.ts'
import { FrameKeys, Machine, type Ledger } from './machine.ts'
import { Mesh } from './mesh.ts'
import { Network } from './network.ts'
import type { Plan } from './plan.ts'
import type { Prng } from './prng.ts'
import { Clients } from './clients.ts'
import type { SpecClaim } from './spec.ts'
import { check, Violation } from './violation.ts'

const RATE_ERROR = 0.02

export class World {
  readonly plan: Plan
  readonly prng: Prng
  readonly machines: Machine[] = []
  readonly network: Network
  readonly checker: Checker
  readonly clients: Clients
  /** Null when it stays as it is. */
  readonly mesh: Mesh | null
  readonly names: readonly PeerId[]
  readonly #heap = new EventHeap()
  readonly #say: ((line: string) => void) | null
  now = 0
  steps = 0
  crashes = 0
  cuts = 0
  isCalm = false
  #hash = 0x811c9dc5

  constructor(plan: Plan, say: ((line: string) => void) | null) {
    this.plan = plan
    this.prng = plan.prng
    this.#say = say
    this.names = Array.from({ length: plan.machines }, (_, i) => asPeerId(`m${String(i)}`))
    const keys = new FrameKeys()
    const ledger = found(plan, this.names, keys)
    this.checker = new Checker(
      ledger.genesis,
      (number) => this.names[number],
      {
        opOf: (rid) => this.clients.ops.get(rid),
        isGivenUp: (id) => this.clients.provisionals.isGivenUp(id),
        checkBelief: (claim, trueMs, what) => {
          this.#checkBelief(claim, trueMs, what)
        },
        hasWallSteps: plan.hasWallSteps,
        tickMs: plan.tickMs,
      },
      () => this.now,
    )
    for (let i = 0; i < plan.machines; i++) {
      const rate = 1 + this.prng.between(-plan.rateError, plan.rateError)
      const clock = new SimClock(rate, this.prng.chance(0.3), this.prng.between(1_000, 1_000_000))
      this.machines.push(new Machine(i, plan, ledger, clock, this.checker, keys))
    }
    this.network = new Network(this)
    this.clients = new Clients(this)
    this.mesh = plan.mesh === null ? null : new Mesh(this, plan.mesh)
  }

  /** Digest of everything that happened. */
  traceHash(): string {
    return (this.#hash >>> 0).toString(16)
  }

  note(what: string, machine: number, more: string | number = ''): void {
    let hash = this.#hash
    const text = `${this.now.toFixed(3)} ${what} ${String(machine)} ${String(more)}`
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
    this.#hash = hash
    this.#say?.(text)
  }

  get isTracing(): boolean {
    return this.#say !== null
  }

  planIn(inMs: number, run: () => void): void {
    this.#heap.push(this.now + inMs, run)
  }

  /** For a process of a machine: void once that process is gone. */
  planFor(machine: Machine, inMs: number, run: () => void): void {
    const { boot } = machine
    this.planIn(inMs, () => {
      if (machine.boot !== boot || !machine.isUp()) return
      if (machine.suspendedUntil > this.now) {
        this.planFor(machine, machine.suspendedUntil - this.now + 0.01, run)
        return
      }
      run()
    })
  }

  /** Runs until this true time. */
  runUntil(trueMs: number, stepsMax: number): void {
    for (let next = this.#heap.popUntil(trueMs); next; next = this.#heap.popUntil(trueMs)) {
      this.now = next.at
      next.run()
      this.steps++
      if (this.steps > stepsMax) throw new Violation('liveness', 'the run does not end')
    }
    this.now = trueMs
  }

  boot(machine: Machine): void {
    const engine = machine.start()
    this.note('boot', machine.number, engine.incarnation)
    this.checker.afterRestart(machine.number, engine)
    this.step(machine, this.mesh === null ? [] : [this.mesh.atBoot(machine)])
    this.#tick(machine)
  }

  crash(machine: Machine, downMs: number): void {
    if (!machine.isUp()) return
    this.crashes++
    this.note('crash', machine.number)
    machine.kill(this.prng)
    this.checker.checkDurable()
    this.clients.onCrash(machine)
    this.network.onCrash(machine)
    const { boot } = machine
    const wakesIn = Math.max(0, machine.suspendedUntil - this.now)
    this.planIn(Math.max(downMs, wakesIn), () => {
      if (machine.boot === boot && !machine.isUp()) this.boot(machine)
    })
  }

  /** Hands an input to a machine's engine, alone or with others that come about now. */
  give(machine: Machine, inputs: readonly EngineInput[]): void {
    if (!machine.isUp()) return
    const { batchMs } = this.plan
    if (batchMs === 0 && machine.suspendedUntil <= this.now) {
      this.step(machine, inputs)
      return
    }
    machine.inbox.push(...inputs)
    if (machine.inbox.length !== inputs.length) return
    this.planFor(machine, this.prng.float() * batchMs, () => {
      this.step(machine, machine.inbox.splice(0))
    })
  }

  step(machine: Machine, inputs: readonly EngineInput[]): void {
    const { engine } = machine
    if (engine === null) return
    const ready = this.#guard(machine, () => stepEngine(engine, inputs))
    machine.disk.write(ready.persist)
    this.clients.onInner(machine)
    this.checker.afterStep(machine.number, engine)
    for (const envelope of ready.send) this.#send(machine, envelope)
    if (ready.changes.length > 0 && this.isTracing) {
      const last = ready.changes.at(-1)?.record
      this.note('apply', machine.number, `${String(last?.term)}.${String(last?.index)}`)
    }
    this.clients.onChanges(machine, ready.changes)
    this.clients.provisionals.onSettled(machine, ready.settled)
    for (const { rid, outcome } of ready.replies) this.#reply(machine, rid, outcome)
    for (const rid of ready.abandoned) this.clients.onAbandoned(machine, rid)
    this.#sync(machine)
  }

  leading(): Machine[] {
    return this.machines.filter(
      (machine) =>
        machine.engine !== null && machine.suspendedUntil <= this.now && isLeading(machine.engine),
    )
  }

  /** Machines that belong to the mesh now. */
  members(): Machine[] {
    return this.machines.filter((machine) => this.mesh?.isMember(machine) ?? true)
  }

  #reply(machine: Machine, rid: RequestId, outcome: Outcome): void {
    this.note('reply', machine.number, `${rid} ${outcome.kind}`)
    this.clients.onReply(machine, rid, outcome)
  }

  #send(machine: Machine, { to, message }: Addressed): void {
    const target = this.machines.find((other) => other.name === to)
    if (target === undefined) throw new Error(`a message to nobody: ${to}`)
    this.network.carry(machine, target, () => {
      if (this.isTracing) this.note('receive', target.number, describe(machine, message))
      this.give(target, [{ kind: 'receive', from: machine.name, message }])
    })
  }

  #sync(machine: Machine): void {
    if (machine.isSyncPlanned || !machine.disk.needsSync()) return
    machine.isSyncPlanned = true
    machine.disk.startSync()
    const slow = machine.slowDiskUntil > this.now ? this.prng.between(20, 600) : 0
    this.planFor(
      machine,
      this.prng.exponential(this.isCalm ? Math.min(3, this.plan.syncMs) : this.plan.syncMs) + slow,
      () => {
        machine.isSyncPlanned = false
        if (!this.isCalm && this.prng.chance(this.plan.syncFailure)) {
          this.crash(machine, this.prng.exponential(this.plan.downMs))
          return
        }
        const position = machine.disk.finishSync()
        if (!machine.isNumbering) machine.isNumbering = true
        this.note('durable', machine.number, position)
        this.give(machine, [{ kind: 'durable', position }])
        this.#sync(machine)
      },
    )
  }

  #tick(machine: Machine): void {
    const { monotonicMs, uptimeMs, wallMs } = machine.clock.at(this.now)
    this.step(machine, [{ kind: 'tick', now: monotonicMs, uptimeMs, wallMs }])
    this.planFor(machine, this.plan.tickMs * this.prng.between(0.8, 1.2), () => {
      this.#tick(machine)
    })
  }

  #guard<T>(machine: Machine, act: () => T): T {
    try {
      return act()
    } catch (error) {
      if (error instanceof Violation) throw error
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      throw new Violation('no crash of its own', `machine ${String(machine.number)}: ${text}`)
    }
  }

  /** By its own machine's count, unless that knows of the end already. */
  #checkLapsed({ id, party }: SpecClaim, trueMs: number, what: string): void {
    const holder = this.machines.find(({ name }) => name === party.peer)
    const engine = holder?.engine ?? null
    if (holder === undefined || engine?.committed.state.claims.has(id) !== true) return
    const lapsed = lapsedClaims(engine, holder.clock.at(trueMs))
    check(
      lapsed.some((claim) => claim.id === id),
      'lease',
      `${id}: ${what} while its machine takes it for held`,
    )
  }

  #checkBelief(claim: SpecClaim, trueMs: number, what: string): void {
    this.#checkLapsed(claim, trueMs, what)
    const belief = this.clients.beliefOf(claim)
    if (belief === undefined) return
    const holder = this.machines[belief.home]
    if (holder === undefined) return
    const elapsed = holderElapsed(belief.since, holder.clock.at(trueMs))
    check(
      elapsed >= this.plan.leaseMs * (1 - RATE_ERROR),
      'lease',
      `${claim.id}: ${what} while its holder counts ${elapsed.toFixed(0)} of ${String(this.plan.leaseMs)} ms`,
    )
  }
}

function found(plan: Plan, names: readonly PeerId[], keys: FrameKeys): Ledger {
  const voters = names.slice(0, plan.voters)
  const genesis: LedgerRecord = encodeRecord({
    generation: 1,
    term: 0,
    index: 0,
    parent: null,
    atMs: 1_750_000_000_000,
    body: {
      kind: 'genesis',
      ledger: 'repo',
      mesh: 'mesh',
      name: 'owner/name',
      founder: voters[0] ?? asPeerId('m0'),
      voters,
      version: 1,
    },
  })
  const document = plan.isYjs ? createYjsDocument(plan.prng.uint32()) : createArrayDocument()
  const update = keys.note(document.append(0, [genesis.bytes]), [genesis.bytes])
  const { term, index, hash, generation } = genesis
  return {
    genesis,
    names,
    firstFrames: [{ kind: 'update', bytes: update }],
    joinFrames: [{ kind: 'meta', value: { genesis: { term, index, hash, generation } } }],
  }
}

function describe(from: Machine, message: PeerMessage): string {
  const parts: string[] = [`${message.kind} from ${String(from.number)}`]
  if ('term' in message) parts.push(`term ${String(message.term)}`)
  if (message.kind === 'append') {
    parts.push(
      `upto ${String(message.upto.term)}.${String(message.upto.index)}`,
      `commit ${message.commit === null ? '-' : `${String(message.commit.term)}.${String(message.commit.index)}`}`,
      `update ${String(message.update.length)}`,
    )
  }
  if (message.kind === 'append-response') {
    parts.push(
      `promised ${String(message.promised)}`,
      `ack ${message.ack === null ? '-' : `${String(message.ack.term)}.${String(message.ack.index)}`}`,
      message.stateVector === null ? '' : 'lacks records',
    )
  }
  if (message.kind === 'request') parts.push(message.request.rid)
  if (message.kind === 'reply') parts.push(message.rid, message.outcome.kind)
  if ('granted' in message) parts.push(message.granted ? 'yes' : 'no')
  return parts.join(' ')
}
