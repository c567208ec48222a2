// What the groups share: the ground, the program under test, and the line-up of servers for the figures beside etcd and
// Redis.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { etcd, redis, type Anchor, type Server } from './anchors/servers.ts'
import { ROOT, type Ground } from './ground.ts'
import type { Target } from './load/caller.ts'
import { Driver } from './load/driver.ts'
import type { Order, Outcome } from './load/order.ts'
import type { Options } from './options.ts'
import { Daemon, makeCheckout, type Checkout, type Member } from './skein.ts'
import { median } from './stats.ts'

export type System = Target['system']
export type Measured = Outcome & {
  /** Processor time of the server for each question, releases included, in microseconds. */
  readonly processorMicroseconds: number
}
export type Runs = Readonly<Partial<Record<System, readonly Measured[]>>>

export interface LineUp {
  readonly daemon: Daemon
  readonly anchors: readonly Server[]
  readonly driver: Driver
  readonly servers: readonly Contender[]
}

/** A system whose turn comes, and the processes that do its work. */
export interface Contender {
  readonly target: Target
  readonly also?: readonly Target[]
  readonly pids: readonly number[]
}

/** Linux counts processor time in hundredths of a second. */
const TICK_MICROSECONDS = 10_000

export class Bench {
  readonly ground: Ground
  readonly options: Options
  #checkout: Checkout | null = null
  #lineUp: Promise<LineUp> | null = null

  constructor(ground: Ground, options: Options) {
    this.ground = ground
    this.options = options
  }

  get runs(): number {
    return this.options.runs
  }

  /** A count for a full run, or the small one. */
  count(full: number, quick: number): number {
    return this.options.isQuick ? quick : full
  }

  say(text: string): void {
    process.stderr.write(`${text}\n`)
  }

  checkout(): Checkout {
    this.#checkout ??= makeCheckout(this.ground)
    return this.#checkout
  }

  get program(): string {
    return path.resolve(ROOT, this.options.program)
  }

  newDaemon(checkout = this.checkout(), member?: Member): Daemon {
    const { nodeFlags } = this.options
    return new Daemon(this.ground, { file: this.program, nodeFlags }, checkout, member)
  }

  lineUp(): Promise<LineUp> {
    this.#lineUp ??= this.#assemble()
    return this.#lineUp
  }

  /** Stops the servers of the line-up, if they run. */
  async dismiss(): Promise<void> {
    const lineUp = await this.#lineUp
    this.#lineUp = null
    if (lineUp === null) return
    await lineUp.driver.stop()
    await lineUp.daemon.stop()
    for (const anchor of lineUp.anchors) await this.ground.stop(anchor.process)
  }

  async #assemble(): Promise<LineUp> {
    const daemon = this.newDaemon()
    await daemon.start()
    await daemon.enrol()
    const installed = [etcd, redis].filter((anchor: Anchor) => anchor.version !== null)
    const anchors = await Promise.all(installed.map((anchor) => anchor.start(this.ground)))
    const servers = [
      { target: daemon.target, pids: [daemon.pid] },
      ...anchors.map(({ target, process }) => ({ target, pids: [process.pid] })),
    ]
    return { daemon, anchors, driver: new Driver(this.ground), servers }
  }

  /** The same order for every system in turn, as often as there are runs, after one that does not count. */
  async alternate(order: Omit<Order, 'target'>): Promise<Runs> {
    const { driver, servers } = await this.lineUp()
    return this.alternateAmong(driver, servers, order)
  }

  async alternateAmong(
    driver: Driver,
    servers: readonly Contender[],
    order: Omit<Order, 'target'>,
  ): Promise<Runs> {
    const runs: Partial<Record<System, Measured[]>> = {}
    for (let run = -1; run < this.runs; run++) {
      for (const { target, also = [], pids } of servers) {
        const before = processorMicroseconds(pids)
        const outcome = await driver.run({ ...order, target, also })
        if (run < 0) continue
        const spent = (processorMicroseconds(pids) - before) / outcome.count
        ;(runs[target.system] ??= []).push({ ...outcome, processorMicroseconds: spent })
      }
    }
    return runs
  }
}

/** The median over the runs; NaN for a system that is not here. */
export function middle(
  runs: readonly Measured[] | undefined,
  figure: Exclude<keyof Measured, 'count'>,
): number {
  return median((runs ?? []).map((run) => run[figure]))
}

/** Of two systems run by run, so that what disturbed the machine then disturbs both. */
export function ratio(
  runs: Runs,
  figure: Exclude<keyof Measured, 'count'>,
  over: System = 'etcd',
): number {
  const others = runs[over] ?? []
  return median((runs.skein ?? []).map((run, at) => run[figure] / (others[at]?.[figure] ?? NaN)))
}

/** User and system time that these processes have had. */
export function processorMicroseconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return sum + (Number(fields[11]) + Number(fields[12])) * TICK_MICROSECONDS
  }, 0)
}
