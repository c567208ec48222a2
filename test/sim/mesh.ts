// Who is in the simulated mesh, and which of it each machine has heard of: machines join with an empty log, are made voters
// and learners, and are removed, which cuts them off. What follows for the ledger's voters is up to its leader.
import { LEDGER_VERSION, type PeerId } from '../../protocol/index.ts'
import type { EngineInput } from '../../daemon/core/engine.ts'
import type { Machine } from './machine.ts'
import type { MeshPlan } from './plan.ts'
import { check } from './violation.ts'
import type { World } from './world.ts'

type Role = 'voter' | 'learner'

/** Numbers of machines with their roles, in the order in which they joined. */
type Members = ReadonlyMap<number, Role>

type Change = 'join' | 'promote' | 'demote' | 'swap' | 'grow' | 'shrink' | 'remove'

const CHANGES: readonly (readonly [Change, number])[] = [
  ['join', 4],
  ['promote', 3],
  ['demote', 2],
  ['swap', 3],
  ['grow', 2],
  ['shrink', 1],
  ['remove', 3],
]

export class Mesh {
  readonly #world: World
  readonly #plan: MeshPlan
  /** Each state that it was in, by version. */
  readonly #history: Members[]
  /** The version that each machine knows; those that have not joined know none. */
  readonly #known: (number | undefined)[] = []
  /** The last version that somebody was removed in: whoever knew of that may not trust the removed one again. */
  #removedAt = 0
  changes = 0

  constructor(world: World, plan: MeshPlan) {
    this.#world = world
    this.#plan = plan
    const first = new Map<number, Role>()
    for (let i = 0; i < plan.founders; i++) {
      first.set(i, i < world.plan.voters ? 'voter' : 'learner')
      this.#known[i] = 0
    }
    this.#history = [first]
  }

  isMember({ number }: Machine): boolean {
    return this.#present().has(number)
  }

  /** Each side lets the other in, by what it knows. */
  mayTalk(from: Machine, to: Machine): boolean {
    return this.#viewOf(from).has(to.number) && this.#viewOf(to).has(from.number)
  }

  /** What a machine that starts knows: after a crash it may be less than before it. */
  atBoot(machine: Machine): EngineInput {
    const { prng } = this.#plan
    const known = this.#known[machine.number] ?? this.#last()
    const joined = this.#history.findIndex((members) => members.has(machine.number))
    const older = prng.chance(0.3)
      ? Math.max(joined, known - 1 - prng.int(2), this.#removedAt)
      : known
    this.#known[machine.number] = older
    this.#tell(machine)
    for (const other of this.#world.machines) if (other !== machine) this.#connect(machine, other)
    return this.#inputFor(machine)
  }

  start(): void {
    const { prng, everyMs } = this.#plan
    const next = (): void => {
      if (this.#world.isCalm) return
      this.#change(prng.weighted(CHANGES))
      this.#world.planIn(prng.exponential(everyMs), next)
    }
    this.#world.planIn(prng.exponential(everyMs), next)
  }

  /** From here on everybody who is in it knows everything. */
  heal(): void {
    for (const machine of this.#world.machines) {
      if (!this.isMember(machine)) continue
      this.#known[machine.number] ??= this.#last()
      this.#learn(machine, this.#last())
      for (const other of this.#world.machines) if (other !== machine) this.#connect(machine, other)
    }
  }

  /** The voters are as many of the willing as can be, and an odd number. */
  isSettled(): boolean {
    const voters = this.#world.checker.votersInForce()
    const willing = this.#willing(this.#present())
    const odd = willing.length % 2 === 1 ? willing.length : willing.length - 1
    return voters.length === Math.min(5, odd) && voters.every((voter) => willing.includes(voter))
  }

  checkSettled(withinMs: number, what: string): void {
    check(
      this.isSettled(),
      'liveness',
      `${what} ${String(withinMs)} ms after the last fault the voters are ${this.#world.checker.votersInForce().join(', ')}, of the willing ${this.#willing(this.#present()).join(', ')}`,
    )
  }

  #change(kind: Change): void {
    const { prng } = this.#plan
    const next = new Map(this.#present())
    const of = (role: Role): number[] => [...next.keys()].filter((n) => next.get(n) === role)
    const [learner] = prng.shuffled(of('learner'))
    const voters = prng.shuffled(of('voter'))
    const [voter] = voters
    if (voter === undefined) return
    switch (kind) {
      case 'join':
        this.#join(next)
        break
      case 'promote':
        if (learner !== undefined) next.set(learner, 'voter')
        break
      case 'demote':
        if (voters.length > 1) next.set(voter, 'learner')
        break
      case 'swap':
        if (learner === undefined) this.#join(next)
        else next.set(learner, 'voter')
        next.set(voter, 'learner')
        if (of('voter').length === 0) next.set(voter, 'voter')
        break
      case 'grow':
        this.#join(next)
        for (const number of next.keys()) next.set(number, 'voter')
        break
      case 'shrink':
        for (const number of voters.slice(1)) next.set(number, 'learner')
        break
      case 'remove':
        this.#remove(next)
        break
    }
    const before = this.#present()
    const isSame = next.size === before.size && [...next].every(([n, r]) => before.get(n) === r)
    if (!isSame) this.#enter(kind, next)
  }

  #enter(kind: Change, next: Members): void {
    const { machines } = this.#world
    const before = this.#present()
    this.#history.push(next)
    this.changes++
    if (next.size < before.size) this.#removedAt = this.#last()
    this.#world.note(`mesh ${kind}`, this.#last(), JSON.stringify([...next]))
    for (const machine of machines) {
      if (next.has(machine.number) && !before.has(machine.number)) this.#welcome(machine)
      else if (next.has(machine.number)) this.#tell(machine)
      else if (before.has(machine.number)) this.#bidFarewell(machine)
    }
  }

  #join(next: Map<number, Role>): void {
    const { prng, founders } = this.#plan
    const newcomer = this.#world.machines.find(
      ({ number }) => number >= founders && this.#known[number] === undefined,
    )
    if (newcomer !== undefined) next.set(newcomer.number, prng.chance(0.7) ? 'voter' : 'learner')
  }

  /** Whoever runs a mesh removes no machine that its ledger cannot go on without. */
  #remove(next: Map<number, Role>): void {
    const { prng } = this.#plan
    const { checker } = this.#world
    const leading = this.#world.leading()
    const isKnown = leading.every(({ number }) => this.#known[number] === this.#last())
    if (!this.isSettled() || !isKnown || leading.length === 0) return
    const [leader] = leading
    const numbers = [...next.keys()]
    const victim = leader !== undefined && prng.chance(0.3) ? leader.number : prng.pick(numbers)
    next.delete(victim)
    const names = new Set([...next.keys()].map((number) => this.#nameOf(number)))
    const goesOn = checker
      .votersAnywhere()
      .every((voters) => voters.filter((name) => names.has(name)).length > voters.length / 2)
    if (!goesOn || this.#willing(next).length === 0) {
      const role = this.#present().get(victim)
      if (role !== undefined) next.set(victim, role)
    }
  }

  #welcome(machine: Machine): void {
    const { prng, learnMs } = this.#plan
    this.#known[machine.number] = this.#last()
    this.#world.planIn(prng.exponential(learnMs), () => {
      if (machine.boot === 0 && !this.#world.isCalm) this.#world.boot(machine)
    })
  }

  /** It may find out, and stops; or it goes on as before, and nobody hears it. */
  #bidFarewell(machine: Machine): void {
    const { prng, learnMs } = this.#plan
    if (!prng.chance(0.4)) return
    this.#world.planIn(prng.exponential(learnMs), () => {
      this.#world.crash(machine, Infinity)
    })
  }

  /** It hears of the present state in its own time. */
  #tell(machine: Machine): void {
    const { prng, learnMs } = this.#plan
    const version = this.#last()
    if (this.#known[machine.number] === version) return
    this.#world.planFor(machine, prng.exponential(learnMs), () => {
      if (this.isMember(machine)) this.#learn(machine, version)
    })
  }

  #learn(machine: Machine, version: number): void {
    const known = this.#known[machine.number] ?? 0
    if (version <= known) return
    const before = this.#viewOf(machine)
    this.#known[machine.number] = version
    const after = this.#viewOf(machine)
    this.#world.note('members', machine.number, version)
    this.#world.give(machine, [this.#inputFor(machine)])
    for (const other of this.#world.machines) {
      if (other === machine || after.has(other.number) === before.has(other.number)) continue
      // Links may have been there before they are of use, and then nobody tells of them.
      if (after.has(other.number)) {
        if (this.#plan.prng.chance(0.5)) this.#connect(machine, other)
      } else this.#give(other, { kind: 'unreachable', peer: machine.name })
    }
  }

  #connect(a: Machine, b: Machine): void {
    const { network } = this.#world
    if (!a.isUp() || !b.isUp() || !this.mayTalk(a, b)) return
    if (network.isCut(a, b) || network.isCut(b, a)) return
    this.#give(a, { kind: 'reachable', peer: b.name })
    this.#give(b, { kind: 'reachable', peer: a.name })
  }

  #give(machine: Machine, input: EngineInput): void {
    if (!machine.isUp()) return
    this.#world.planFor(machine, this.#plan.prng.exponential(this.#world.plan.latencyMs), () => {
      this.#world.give(machine, [input])
    })
  }

  #inputFor(machine: Machine): EngineInput {
    const members = this.#viewOf(machine)
    const copies = [...members.keys()].map((number) => this.#nameOf(number))
    return {
      kind: 'members',
      members: {
        willing: this.#willing(members),
        copies: copies.filter((name) => name !== machine.name),
        isCopy: members.has(machine.number),
        asOf: this.#known[machine.number] ?? 0,
        version: LEDGER_VERSION,
      },
    }
  }

  #willing(members: Members): PeerId[] {
    return [...members].filter(([, role]) => role === 'voter').map(([n]) => this.#nameOf(n))
  }

  #viewOf({ number }: Machine): Members {
    const known = this.#known[number]
    return (known === undefined ? undefined : this.#history[known]) ?? new Map<number, Role>()
  }

  #nameOf(number: number): PeerId {
    const name = this.#world.names[number]
    if (name === undefined) throw new Error('a member without a name')
    return name
  }

  #present(): Members {
    return this.#history.at(-1) ?? new Map<number, Role>()
  }

  #last(): number {
    return this.#history.length - 1
  }
}
