// One seed from its plan to its verdict.
import { drawPlan, type SimOptions } from './plan.ts'
import { planFaults } from './faults.ts'
import { check, Violation } from './violation.ts'
import { World } from './world.ts'

export interface SeedResult {
  readonly seed: number
  readonly voters: number
  readonly commits: number
  readonly decisions: number
  readonly elections: number
  /** Provisional claims that became claims, and those that did not. */
  readonly promoted: number
  readonly rejected: number
  readonly crashes: number
  readonly cuts: number
  /** Changes of the mesh, and of the voters. */
  readonly changes: number
  readonly configs: number
  readonly steps: number
  readonly virtualMs: number
  readonly traceHash: string
  readonly violation: { readonly invariant: string; readonly message: string } | null
}

/** After the faults stop, a claim must succeed within this. */
const LIVENESS_MS = 20_000
const STEPS_MAX = 400_000

export function runSeed(
  seed: number,
  options: SimOptions,
  say: ((line: string) => void) | null = null,
): SeedResult {
  const plan = drawPlan(seed, options)
  const world = new World(plan, say)
  let violation: SeedResult['violation'] = null
  try {
    play(world)
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    violation = { invariant: error.invariant, message: error.message }
  }
  return {
    seed,
    voters: plan.voters,
    commits: world.checker.committed(),
    decisions: world.checker.spec.decisions,
    elections: world.checker.elections,
    promoted: world.checker.spec.countSettled('promoted'),
    rejected: world.checker.spec.countSettled('rejected'),
    crashes: world.crashes,
    cuts: world.cuts,
    changes: world.mesh?.changes ?? 0,
    configs: world.checker.configs,
    steps: world.steps,
    virtualMs: world.now,
    traceHash: world.traceHash(),
    violation,
  }
}

function play(world: World): void {
  const { plan, clients, checker } = world
  for (const machine of world.members())
    world.planIn(world.prng.float() * 300, () => {
      if (machine.boot === 0) world.boot(machine)
    })
  clients.start()
  planFaults(world)
  world.runUntil(plan.faultsUntilMs, STEPS_MAX)
  while (world.steps < plan.stepsMin) world.runUntil(world.now + 5_000, STEPS_MAX)
  heal(world)
  const healedAt = world.now
  clients.askQuietly()
  while (!clients.isQuietGranted()) {
    world.runUntil(world.now + 250, STEPS_MAX)
    check(
      world.now - healedAt <= LIVENESS_MS || clients.isQuietGranted(),
      'liveness',
      `no claim was granted within ${String(LIVENESS_MS)} ms of the last fault; leading: ${world
        .leading()
        .map((machine) => machine.name)
        .join(', ')}`,
    )
  }
  clients.isEnding = true
  while (!clients.provisionals.isSettled()) {
    world.runUntil(world.now + 250, STEPS_MAX)
    check(
      world.now - healedAt <= LIVENESS_MS || clients.provisionals.isSettled(),
      'liveness',
      `provisional claims are not settled within ${String(LIVENESS_MS)} ms of the last fault`,
    )
  }
  while (world.mesh?.isSettled() === false) {
    world.runUntil(world.now + 250, STEPS_MAX)
    if (world.now - healedAt > LIVENESS_MS) world.mesh.checkSettled(LIVENESS_MS, 'still')
  }
  world.runUntil(world.now + plan.settleMs, STEPS_MAX)
  world.mesh?.checkSettled(world.now - healedAt, 'as late as')
  clients.provisionals.checkSettled()
  clients.checkAbandoned()
  clients.checkAssignments()
  clients.checkQueue(healedAt)
  checkAgreement(world)
  checker.checkDurable()
}

/** Everything works from here on. */
function heal(world: World): void {
  world.note('calm', 0)
  world.isCalm = true
  world.network.heal()
  const wakes = Math.max(world.now, ...world.machines.map((machine) => machine.suspendedUntil))
  world.runUntil(wakes + 1, STEPS_MAX)
  for (const machine of world.members()) {
    machine.slowDiskUntil = 0
    if (!machine.isUp()) world.boot(machine)
  }
  world.mesh?.heal()
}

/** In the end all machines have the same path and the same state. */
function checkAgreement(world: World): void {
  for (const machine of world.members()) {
    const { engine } = machine
    check(engine !== null, 'liveness', `machine ${String(machine.number)} is down`)
    const { applied } = engine.committed.state
    check(
      world.checker.committed() - applied.index <= 2,
      'liveness',
      `machine ${String(machine.number)} has applied ${String(applied.index)} of ${String(world.checker.committed())}`,
    )
    world.checker.checkFold(machine.number, engine)
  }
}
