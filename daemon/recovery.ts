// What is lost for good, as far as this machine can see, and the way on without it: a person's word is needed for each.
import { SkeinError } from '../protocol/index.ts'
import { mayElect, votersKnown, type AbsentMachine } from './absence.ts'
import { heldIn } from './carried.ts'
import { isDetached } from './core/attachment.ts'
import type { HostMachine } from './host-machine.ts'
import type { LedgerHost } from './ledger-host.ts'
import type { Carried } from './mesh/crossing.ts'
import type { Departure } from './mesh/departure.ts'
import type { Mesh } from './mesh/mesh.ts'
import type { Repos } from './repos.ts'

export interface Recovery {
  /**
   * The voters that are missing where no majority of them can be reached; null: one can.
   * @throws SkeinError FORBIDDEN while one was heard of a moment ago.
   */
  missingIn(host: LedgerHost): readonly AbsentMachine[] | null
  /** What a mesh of this machine alone would begin with. */
  carried(): readonly Carried[]
  /** Notes the way out of a mesh without a majority; the daemon has to start again to go it. */
  leaveLost(): void
}

export interface RecoveryOptions {
  readonly machine: HostMachine
  readonly departure: Departure
  readonly mesh: Mesh
  readonly repos: Repos
}

export function createRecovery({ machine, departure, mesh, repos }: RecoveryOptions): Recovery {
  const carried = (): readonly Carried[] =>
    repos.all().map(({ id, host, checkouts }) => ({
      repo: id,
      generation: host?.genesis.generation ?? mesh.state().repos.get(id)?.generation ?? 0,
      checkouts: [...checkouts],
      claims: host === null ? [] : heldIn(host),
      roots: mesh.state().repos.get(id)?.roots ?? [],
    }))
  return {
    carried,
    missingIn({ loop }) {
      const engine = loop.engine()
      const voters = votersKnown(engine)
      if (voters.length > 0 && mayElect(engine, machine.absent)) return null
      if (isDetached(engine)) return machine.absent(voters.filter((peer) => peer !== machine.self))
      throw new SkeinError('FORBIDDEN', 'a majority was heard of a moment ago', {
        hint: 'skein leader, and again in 10 s',
      })
    },
    leaveLost() {
      const atMs = machine.clock.wall()
      departure.begin({ from: mesh.id, to: null, welcome: null, atMs }, carried)
    },
  }
}
