// What a seed draws before its run: the mesh, its timings, and how often each fault comes (swarm testing: most seeds have
// some faults off and others often).
import { DEFAULT_TIMING, type Rotation, type Timing } from '../../daemon/core/consensus/types.ts'
import { Prng } from './prng.ts'

export interface SimOptions {
  /** The real document on every k-th seed; 0 never, 1 always. */
  readonly yjsEvery: number
  readonly voters: 1 | 3 | 5 | null
}

export const DEFAULT_OPTIONS: SimOptions = { yjsEvery: 10, voters: null }

export type FaultKind =
  | 'crash'
  | 'crash-leader'
  | 'crash-all'
  | 'cut'
  | 'partition'
  | 'chain'
  | 'isolate-leader'
  | 'suspend'
  | 'wall-step'
  | 'slow-disk'
  | 'rewrite-log'
  | 'transfer'
  | 'campaign'
  | 'hand-over'
  | 'silence'

export interface MeshPlan {
  readonly prng: Prng
  /** Machines of the first state; the others have yet to join. */
  readonly founders: number
  readonly everyMs: number
  /** How long a machine takes to hear of a change. */
  readonly learnMs: number
}

export interface Plan {
  readonly seed: number
  readonly prng: Prng
  readonly machines: number
  readonly voters: number
  /** How the mesh changes; null: it stays as it is. */
  readonly mesh: MeshPlan | null
  readonly isYjs: boolean
  readonly isByteDisk: boolean
  readonly timing: Timing
  readonly leaseMs: number
  readonly checkpointRecords: number
  readonly rotateAbove: Rotation
  readonly tickMs: number
  /** How long inputs wait for company; 0: each alone. */
  readonly batchMs: number
  readonly faultsUntilMs: number
  /** Time after the last fault for all to agree, and to take back what was given up. */
  readonly settleMs: number
  readonly stepsMin: number
  readonly faultEveryMs: number
  readonly faults: readonly (readonly [FaultKind, number])[]
  readonly hasWallSteps: boolean
  readonly latencyMs: number
  readonly loss: number
  readonly duplication: number
  readonly reorder: number
  readonly gossipEveryMs: number
  readonly syncMs: number
  readonly syncFailure: number
  readonly suspendMs: number
  readonly downMs: number
  readonly cutMs: number
  readonly sessions: number
  readonly thinkMs: number
  readonly callMs: number
  /** Share of claims that wait in the queue. */
  readonly queueing: number
  readonly keyed: number
  readonly rateError: number
  /** Share of acts that ask provisionally although there is a leader. */
  readonly provisional: number
  /** People change what the repository wants. */
  readonly hasPolicies: boolean
  /** Tasks are given to workers, and land. */
  readonly hasFleet: boolean
}

const MACHINES_MAX = 7
const NOTHING: readonly number[] = [0, 0, 1, 3]

export function drawPlan(seed: number, options: SimOptions): Plan {
  const prng = new Prng(seed)
  const voters =
    options.voters ??
    prng.weighted<1 | 3 | 5>([
      [1, 5],
      [3, 4],
      [5, 1],
    ])
  const isAlone = voters === 1
  const founders = drawMachines(prng, voters)
  // A storm: elections, messages, syncs and faults all take about as long, so that they cross in every way.
  const isStorm = !isAlone && prng.chance(0.6)
  const speed = isStorm
    ? 0.04
    : prng.weighted([
        [1, 1],
        [0.3, 2],
        [0.1, 3],
      ])
  const weight = (): number => prng.pick(NOTHING)
  const changes = drawChanges(seed, founders)
  const machines = founders + changes.newcomers
  const many = machines > 1
  const hasWallSteps = prng.chance(0.4)
  const faults: [FaultKind, number][] = [
    ['crash', 1 + weight()],
    ['crash-leader', weight()],
    ['crash-all', weight() / 3],
    ['cut', many ? 1 + weight() : 0],
    ['partition', many ? weight() : 0],
    ['chain', machines > 2 ? weight() : 0],
    ['isolate-leader', many ? weight() + (isStorm ? 3 : 0) : 0],
    ['suspend', weight()],
    ['wall-step', hasWallSteps ? 2 : 0],
    ['slow-disk', weight()],
    ['rewrite-log', weight()],
    ['transfer', isAlone ? 0 : weight() / 2],
    ['campaign', isAlone ? 0 : isStorm ? 4 + 2 * weight() : weight()],
    ['hand-over', changes.isOn ? 1 : 0],
    ['silence', weight()],
  ]
  const faultsUntilMs = isStorm
    ? prng.between(3_000, 7_000)
    : isAlone
      ? prng.between(8_000, 24_000)
      : prng.between(20_000, 45_000)
  return {
    seed,
    prng,
    machines,
    voters,
    mesh: changes.isOn ? drawMesh(changes.prng, founders, faultsUntilMs, speed) : null,
    isYjs: options.yjsEvery > 0 && seed % options.yjsEvery === 0,
    isByteDisk: founders === 1 && prng.chance(0.3),
    timing: {
      heartbeatMs: DEFAULT_TIMING.heartbeatMs * speed,
      // In a storm a deposed leader may take long to notice.
      quorumCheckMs: DEFAULT_TIMING.quorumCheckMs * speed * (isStorm ? prng.pick([1, 5, 20]) : 1),
      electionMsMin: DEFAULT_TIMING.electionMsMin * speed,
      electionMsMax: DEFAULT_TIMING.electionMsMax * speed,
      quietAfterMs: prng.pick([500, 5_000, 60_000]) * speed,
      detachedAfterMs: DEFAULT_TIMING.detachedAfterMs * speed,
      settleAfterMs: DEFAULT_TIMING.settleAfterMs * speed,
    },
    leaseMs: prng.pick([6_000, 10_000, 20_000]),
    checkpointRecords: isStorm ? prng.pick([5, 12, 1_000, 1_000]) : prng.pick([6, 12, 30, 1_000]),
    rotateAbove: drawRotation(seed),
    tickMs:
      isAlone && !changes.isOn
        ? prng.between(150, 400)
        : Math.max(25, prng.between(150, 300) * speed),
    batchMs: prng.pick([0, 0, 3, 25]),
    faultsUntilMs,
    settleMs: isStorm ? 2_500 : isAlone ? 4_000 : 8_000,
    stepsMin: isAlone ? 0 : 1_200,
    faultEveryMs: isStorm ? prng.between(60, 300) : prng.between(1_000, 6_000),
    faults,
    hasWallSteps,
    latencyMs: isStorm ? prng.between(1, 60) : prng.between(0.5, 25) * (speed < 1 ? 0.5 : 1),
    loss: prng.pick([0, 0, 0.02, 0.15]),
    duplication: prng.pick([0, 0.05, 0.2]),
    reorder: prng.pick([0, 0.1, 0.4]),
    gossipEveryMs: isStorm ? prng.pick([0, 40, 200]) : prng.pick([0, 300, 2_000]),
    syncMs: prng.chance(isStorm ? 0.7 : 0.2) ? prng.between(10, 150) : prng.between(0.2, 8),
    syncFailure: prng.pick([0, 0, 0, 0.005]),
    suspendMs: isStorm ? 400 : 10_000,
    downMs: isStorm ? prng.between(30, 600) : prng.between(500, 5_000),
    cutMs: isStorm ? prng.between(50, 800) : prng.between(500, 8_000),
    sessions: 2 + prng.int(isAlone ? 4 : 6),
    thinkMs: isStorm ? prng.between(30, 200) : prng.between(150, 1_500),
    callMs: isAlone
      ? prng.pick([20, 150, 1_000, 4_000])
      : isStorm
        ? prng.between(200, 1_000)
        : prng.between(1_000, 5_000),
    queueing: prng.pick([0, 0.3, 0.7]),
    keyed: prng.pick([0, 0.3, 0.8]),
    rateError: prng.pick([0, 0.005, 0.02]),
    provisional: prng.pick([0, 0.03, 0.2]),
    // Those without run as they would if there were none anywhere.
    hasPolicies: seed % 3 === 0,
    hasFleet: seed % 5 === 3 && seed % 3 !== 0,
  }
}

function drawMachines(prng: Prng, voters: number): number {
  if (voters === 5) return 5
  if (voters === 3) return prng.pick([3, 3, 4, 5])
  return prng.pick([1, 1, 1, 3, 4])
}

/** From a source of its own: seeds without changes run as they would if there were none anywhere. */
function drawChanges(seed: number, founders: number) {
  const prng = new Prng(seed ^ 0x6d65_7368)
  const isOn = prng.chance(founders >= 3 ? 0.75 : 0.4)
  const least = founders === 1 ? 2 : 0
  return { prng, isOn, newcomers: isOn ? least + prng.int(MACHINES_MAX - founders - least + 1) : 0 }
}

/** From a source of its own, too. At least the arrays of the genesis and of the present term are there. */
function drawRotation(seed: number): Rotation {
  const prng = new Prng(seed ^ 0x726f_7461)
  return { arraysMax: prng.pick([1, 2, 4, 10_000]), bytesMax: prng.pick([500, 20_000, 50_000_000]) }
}

function drawMesh(prng: Prng, founders: number, forMs: number, speed: number): MeshPlan {
  const everyMs = forMs / prng.between(4, 25)
  return { prng, founders, everyMs, learnMs: prng.pick([30, 300, 2_000]) * speed }
}
