// What goes wrong, and when: drawn by the seed's own weights.
import { campaign } from '../../daemon/core/consensus/candidate.ts'
import { transferTo } from '../../daemon/core/consensus/leader.ts'
import type { Machine } from './machine.ts'
import type { FaultKind } from './plan.ts'
import type { World } from './world.ts'

const DAY_MS = 86_400_000

export function planFaults(world: World): void {
  const { plan, prng } = world
  const next = (): void => {
    if (world.isCalm) return
    strike(world, prng.weighted(plan.faults))
    world.planIn(prng.exponential(plan.faultEveryMs), next)
  }
  world.planIn(prng.exponential(plan.faultEveryMs), next)
  // Each seed has one of each at least.
  world.planIn(plan.faultsUntilMs * prng.between(0.1, 0.8), () => {
    strike(world, 'crash')
  })
  if (plan.machines > 1) {
    world.planIn(plan.faultsUntilMs * prng.between(0.1, 0.8), () => {
      strike(world, 'cut')
    })
  }
  planGossip(world)
  world.mesh?.start()
}

/** Any two machines exchange what they lack, now and then. */
function planGossip(world: World): void {
  const { plan, prng } = world
  if (plan.gossipEveryMs === 0 || plan.machines === 1) return
  const next = (): void => {
    const [from, to] = prng.shuffled(world.machines)
    const consensus = from?.engine?.consensus
    if (from !== undefined && to !== undefined && consensus !== undefined) {
      const { rotation } = consensus
      const stateVector = consensus.document.stateVector()
      world.network.carry(from, to, () => {
        world.give(to, [
          { kind: 'receive', from: from.name, message: { kind: 'sync', stateVector, rotation } },
        ])
      })
    }
    world.planIn(prng.exponential(plan.gossipEveryMs), next)
  }
  world.planIn(prng.exponential(plan.gossipEveryMs), next)
}

function strike(world: World, kind: FaultKind): void {
  const { prng, plan, machines } = world
  const up = machines.filter((machine) => machine.isUp())
  const [leader] = world.leading()
  const victim = up.length === 0 ? undefined : prng.pick(up)
  if (world.isCalm || victim === undefined) return
  world.note(`fault ${kind}`, victim.number)
  const cutMs = prng.exponential(plan.cutMs)
  switch (kind) {
    case 'crash':
      world.crash(victim, prng.exponential(plan.downMs))
      return
    case 'crash-leader':
      world.crash(leader ?? victim, prng.exponential(plan.downMs))
      return
    case 'crash-all':
      for (const machine of up) world.crash(machine, prng.exponential(plan.downMs))
      return
    case 'cut':
      cutOneWay(world, cutMs)
      return
    case 'partition':
      partition(world, prng.shuffled(machines), 1 + prng.int(machines.length - 1), cutMs)
      return
    case 'isolate-leader':
      partition(
        world,
        [leader ?? victim, ...machines.filter((m) => m !== (leader ?? victim))],
        1,
        cutMs,
      )
      return
    case 'chain':
      chain(world, prng.shuffled(machines), cutMs)
      return
    case 'suspend':
      suspend(world, victim, Math.min(30_000, prng.exponential(plan.suspendMs)))
      return
    case 'wall-step':
      victim.clock.stepWall(prng.pick([-DAY_MS, DAY_MS, -60_000, 60_000, 25_000]))
      return
    case 'slow-disk':
      victim.slowDiskUntil = world.now + prng.exponential(4_000)
      return
    case 'rewrite-log':
      world.give(victim, [{ kind: 'rewrite-log' }])
      return
    case 'transfer':
      transfer(world, leader)
      return
    case 'campaign':
      campaignNow(world)
      return
    case 'hand-over':
      handOver(world, leader)
      return
    case 'silence':
      world.clients.silence()
      return
  }
}

function cutOneWay(world: World, forMs: number): void {
  const [from, to] = world.prng.shuffled(world.machines)
  if (from === undefined || to === undefined) return
  world.cuts++
  world.network.cut(from, to, forMs)
}

function partition(world: World, order: readonly Machine[], size: number, forMs: number): void {
  const inside = order.slice(0, size)
  const outside = order.slice(size)
  world.cuts++
  for (const a of inside) {
    for (const b of outside) {
      world.network.cut(a, b, forMs)
      world.network.cut(b, a, forMs)
    }
  }
}

/** A - B - C: only neighbours hear each other. */
function chain(world: World, order: readonly Machine[], forMs: number): void {
  world.cuts++
  order.forEach((a, i) => {
    order.forEach((b, j) => {
      if (Math.abs(i - j) > 1) world.network.cut(a, b, forMs)
    })
  })
}

function suspend(world: World, machine: Machine, forMs: number): void {
  if (machine.suspendedUntil > world.now) return
  machine.suspendedUntil = world.now + forMs
  machine.clock.sleep(forMs)
}

/** Some voters stand at once, asking nobody first: safety must not need the question. */
function campaignNow(world: World): void {
  const { prng, plan, machines } = world
  const all = world.mesh === null ? machines.slice(0, plan.voters) : machines
  for (const machine of prng.shuffled(all).slice(0, 1 + prng.int(2))) {
    const { engine } = machine
    if (engine === null || machine.suspendedUntil > world.now) continue
    if (engine.consensus.role.kind === 'leader' || engine.consensus.chain.head() === null) continue
    campaign(engine.consensus)
    world.step(machine, [])
  }
}

function transfer(world: World, leader: Machine | undefined): void {
  const engine = leader?.engine
  if (leader === undefined || engine === null || engine === undefined) return
  const voters = world.checker.votersInForce().filter((name) => name !== leader.name)
  if (voters.length === 0) return
  transferTo(engine.consensus, world.prng.pick(voters))
  world.step(leader, [])
}

/** As a daemon that stops does: asks another voter to lead, and waits for it no longer than it likes. */
function handOver(world: World, leader: Machine | undefined): void {
  if (leader === undefined) return
  world.give(leader, [{ kind: 'hand-over' }])
  world.planFor(leader, world.prng.exponential(4 * world.plan.latencyMs), () => {
    if (!world.isCalm) world.crash(leader, world.prng.exponential(world.plan.downMs))
  })
}
