// What a mesh of some size does: first with work, then without, until every ledger is quiet.
import { heapNow } from './mesh-state.ts'
import type { ScaleLedger } from './ledger.ts'
import { startWork } from './work.ts'
import { World, type ScaleMachine } from './world.ts'

export interface Shape {
  readonly machines: number
  /** Ledgers that are worked in. */
  readonly active: number
  /** Machines that have each of them. */
  readonly copies: number
  readonly voters: number
  readonly isYjs: boolean
  /** Between two claims in each. */
  readonly everyMs: number
}

export interface Phase {
  /** All machines together, for each second of the world. */
  readonly messages: number
  readonly bytes: number
  /** Milliseconds of this machine's processor. */
  readonly processorMs: number
}

export interface Measured {
  readonly shape: Shape
  readonly granted: number
  readonly busy: Phase
  readonly busyMs: number
  readonly idle: Phase
  readonly isQuiet: boolean
  /** Heap for each copy of a ledger, after the work. */
  readonly heapBytes: number
}

const SETTLE_MS = 15_000
const BUSY_MS = 20_000
const QUIET_MS = 70_000
const IDLE_MS = 30_000

export function measure(shape: Shape): Measured {
  const before = heapNow()
  const world = new World()
  const machines = Array.from({ length: shape.machines }, () => world.addMachine())
  const owners = new Map<ScaleLedger, ScaleMachine>()
  const ledgers = Array.from({ length: shape.active }, (_, number) => {
    const having = machinesOf(machines, number, shape.copies)
    const copies = world.addLedger(
      { name: `team/project-${String(number)}`, voters: shape.voters, isYjs: shape.isYjs },
      having,
    )
    for (const [at, machine] of having.entries()) {
      const copy = copies[at]
      if (copy !== undefined) owners.set(copy, machine)
    }
    for (const [at, one] of having.entries())
      for (const other of having.slice(at + 1)) world.connect(one, other)
    return copies
  })
  world.runFor(SETTLE_MS)
  const ownerOf = (ledger: ScaleLedger): ScaleMachine => {
    const owner = owners.get(ledger)
    if (owner === undefined) throw new Error('a ledger without a machine')
    return owner
  }
  const work = startWork(world, ledgers, ownerOf, shape.everyMs)
  const busy = phase(world, BUSY_MS)
  work.stop()
  world.runFor(QUIET_MS)
  const idle = phase(world, IDLE_MS)
  const all = ledgers.flat()
  return {
    shape,
    granted: work.granted,
    busy,
    busyMs: BUSY_MS,
    idle,
    isQuiet: all.every((ledger) => ledger.isQuiet()),
    heapBytes: (heapNow() - before) / all.length,
  }
}

/** Neighbours on a ring, so that each machine has about as many as the others. */
function machinesOf(
  machines: readonly ScaleMachine[],
  number: number,
  copies: number,
): readonly ScaleMachine[] {
  return Array.from({ length: copies }, (_, at) => {
    const found = machines[(number * 3 + at) % machines.length]
    if (found === undefined) throw new Error('no machines')
    return found
  })
}

function phase(world: World, milliseconds: number): Phase {
  const before = world.traffic()
  const spent = process.cpuUsage()
  world.runFor(milliseconds)
  const { user, system } = process.cpuUsage(spent)
  const after = world.traffic()
  const seconds = milliseconds / 1000
  return {
    messages: (after.messages - before.messages) / seconds,
    bytes: (after.bytes - before.bytes) / seconds,
    processorMs: (user + system) / 1000 / seconds,
  }
}
