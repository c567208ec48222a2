// Links between machines: delay, loss, duplication, reordering, one-way cuts. Connections break when a process dies.
import type { Machine } from './machine.ts'
import type { World } from './world.ts'

export class Network {
  readonly #world: World
  /** True time until which a direction is cut; by from * 8 + to. */
  readonly #cutUntil = new Map<number, number>()

  constructor(world: World) {
    this.#world = world
  }

  isCut(from: Machine, to: Machine): boolean {
    return (this.#cutUntil.get(from.number * 8 + to.number) ?? 0) > this.#world.now
  }

  cut(from: Machine, to: Machine, forMs: number): void {
    this.#cutUntil.set(from.number * 8 + to.number, this.#world.now + forMs)
  }

  heal(): void {
    this.#cutUntil.clear()
  }

  /** Carries something to another machine, or not. */
  carry(from: Machine, to: Machine, arrive: () => void): void {
    const { prng, plan, isCalm } = this.#world
    if (from === to) {
      arrive()
      return
    }
    if (this.isCut(from, to) || !this.#mayTalk(from, to)) return
    if (!isCalm && prng.chance(plan.loss)) return
    this.#deliver(from, to, arrive)
    if (!isCalm && prng.chance(plan.duplication)) this.#deliver(from, to, arrive)
  }

  /** The others see its connections reset. */
  onCrash(machine: Machine): void {
    const { prng, machines } = this.#world
    for (const other of machines) {
      if (other === machine || !other.isUp() || this.isCut(machine, other)) continue
      if (!prng.chance(0.5)) continue
      this.#world.planFor(other, this.#delay(), () => {
        this.#world.give(other, [{ kind: 'unreachable', peer: machine.name }])
      })
    }
  }

  #mayTalk(from: Machine, to: Machine): boolean {
    return this.#world.mesh?.mayTalk(from, to) ?? true
  }

  #deliver(from: Machine, to: Machine, arrive: () => void): void {
    const world = this.#world
    world.planIn(this.#delay(), () => {
      // What was under way may also reach the process that comes next.
      if (this.isCut(from, to) || !to.isUp() || !this.#mayTalk(from, to)) return
      if (to.suspendedUntil > world.now) {
        // What reached the host waits in its buffers, or was lost with the connection.
        if (world.prng.chance(0.5))
          world.planFor(to, 0, () => {
            if (this.#mayTalk(from, to)) arrive()
          })
        return
      }
      arrive()
    })
  }

  #delay(): number {
    const { prng, plan, isCalm } = this.#world
    const usual = (isCalm ? Math.min(5, plan.latencyMs) : plan.latencyMs) * prng.between(0.5, 1.5)
    if (isCalm || !prng.chance(plan.reorder)) return usual
    return usual + prng.exponential(20 * plan.latencyMs)
  }
}
