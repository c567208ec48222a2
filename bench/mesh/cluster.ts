// Three machines with one repository that all have and in which all vote, each with a home and a clone of its own.
import type { Bench } from '../bench.ts'
import type { Target } from '../load/caller.ts'
import { openParty, type Party } from '../load/skein-caller.ts'
import { cloneCheckout, type Checkout, type Daemon } from '../skein.ts'

export const REPO = 'bench/repo'
const WHOLE_MS_MAX = 60_000

/** A ledger as one machine sees it. */
interface Seen {
  readonly ledger: string
  /** Its machine's name. */
  readonly leader: string | null
  readonly commit_index: number
  readonly voters: readonly string[]
  readonly quiet: boolean
}

export interface Machine {
  readonly name: string
  readonly daemon: Daemon
}

export class Cluster {
  readonly #bench: Bench
  readonly machines: Machine[] = []

  constructor(bench: Bench) {
    this.#bench = bench
  }

  static async start(bench: Bench): Promise<Cluster> {
    const cluster = new Cluster(bench)
    await cluster.#begin()
    for (const name of ['two', 'three']) await cluster.add(name, true)
    await cluster.becomeWhole()
    return cluster
  }

  /** A further machine, in the mesh and without the repository yet. */
  async join(name: string): Promise<Machine> {
    const checkout = cloneCheckout(this.#bench.ground, this.#bench.checkout())
    const daemon = this.#bench.newDaemon(checkout, { machine: name })
    await daemon.start()
    const { token } = await this.first.daemon.call('invite', { yes: true })
    await daemon.call('join', { token, yes: true })
    await this.#until(
      `${name} is in the mesh`,
      async () => (await this.seenBy(daemon, 'mesh'))?.voters.includes('one') === true,
    )
    await daemon.becomeReady()
    return { name, daemon }
  }

  /** A further machine with the repository. */
  async add(name: string, isVoter: boolean): Promise<Machine> {
    const machine = await this.join(name)
    await this.#until(`${name} has the repository`, () => this.attach(machine))
    if (isVoter) await this.first.daemon.call('member/promote', { machine: name, yes: true })
    this.machines.push(machine)
    return machine
  }

  /** Any word in a clone attaches it. */
  async attach({ daemon }: Machine, checkout: Checkout = daemon.checkout): Promise<boolean> {
    return daemon.call('claims', { cwd: checkout.root }).then(
      () => true,
      () => false,
    )
  }

  get first(): Machine {
    return this.#at(0)
  }

  async leader(): Promise<Machine> {
    const named = await this.seenBy(this.first.daemon, REPO)
    const found = this.machines.find(({ name }) => name === named?.leader)
    if (found === undefined) throw new Error('nobody leads')
    return found
  }

  async followers(): Promise<readonly Machine[]> {
    const leader = await this.leader()
    return this.machines.filter((machine) => machine !== leader)
  }

  async seenBy(daemon: Daemon, ledger: string): Promise<Seen | null> {
    const all = (await this.ledgersOf(daemon)) ?? []
    return all.find((one) => one.ledger === ledger) ?? null
  }

  /** Null while it does not answer. */
  async ledgersOf(daemon: Daemon): Promise<readonly Seen[] | null> {
    const answer = await daemon.call('leader', {}).catch(() => null)
    return answer === null ? null : (answer['ledgers'] as readonly Seen[])
  }

  /** Resolves when every machine votes, follows the same leader and has all that is committed. */
  async becomeWhole(): Promise<void> {
    await this.#until('the three decide together', async () => {
      const seen = await Promise.all(this.machines.map(({ daemon }) => this.seenBy(daemon, REPO)))
      const [first] = seen
      if (first?.leader == null || first.voters.length !== this.machines.length) return false
      return seen.every(
        (one) => one?.leader === first.leader && one.commit_index === first.commit_index,
      )
    })
  }

  party({ daemon }: Machine, name: string): Promise<Party> {
    return openParty({ socket: daemon.socket, checkout: daemon.checkout.root, name })
  }

  target({ daemon }: Machine): Target {
    return daemon.target
  }

  socketTarget({ daemon }: Machine): Target {
    const mcp = daemon.socket.replace(/api\.sock$/, 'mcp.sock')
    return { system: 'skein', mcp, checkout: daemon.checkout.root }
  }

  async stop(): Promise<void> {
    for (const { daemon } of this.machines) await daemon.stop()
  }

  async #begin(): Promise<void> {
    const daemon = this.#bench.newDaemon(this.#bench.checkout(), { machine: 'one' })
    await daemon.start()
    await daemon.enrol()
    this.machines.push({ name: 'one', daemon })
  }

  async #until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + WHOLE_MS_MAX
    while (!(await holds())) {
      if (performance.now() > deadline) throw new Error(`in vain waited until ${what}`)
      await this.#bench.ground.sleep(20)
    }
  }

  #at(place: number): Machine {
    const machine = this.machines[place]
    if (machine === undefined) throw new Error('no such machine')
    return machine
  }
}
