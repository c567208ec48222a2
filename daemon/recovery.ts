// What is lost for good, as far as this machine can see, and the way on without it: a person's word is needed for each.
import { SkeinError, type RepoId } from '../protocol/index.ts'
import { mayElect, votersKnown, type AbsentMachine } from './absence.ts'
import { heldIn } from './carried.ts'
import { isDetached } from './core/attachment.ts'
import { ledgerAtRemotes, type KnownLedger } from './fence/generation.ts'
import { noteGeneration } from './generations.ts'
import type { HostMachine } from './host-machine.ts'
import type { LedgerHost } from './ledger-host.ts'
import type { Carried } from './mesh/crossing.ts'
import type { Departure } from './mesh/departure.ts'
import type { Mesh } from './mesh/mesh.ts'
import type { Repo, Repos } from './repos.ts'

export interface Recovery {
  /**
   * The voters that are missing where no majority of them can be reached; null: one can.
   * @throws SkeinError FORBIDDEN while one was heard of a moment ago.
   */
  missingIn(host: LedgerHost): readonly AbsentMachine[] | null
  /** What the remotes of these repositories' clones were told of. */
  askRemotes(repos: readonly Pick<Repo, 'id' | 'checkouts'>[]): Promise<Outranking>
  /** From now on a ledger that is begun anew takes a generation above these. */
  noteGenerations(outranking: Outranking): void
  /** What a mesh of this machine alone would begin with. */
  carried(): readonly Carried[]
  /** Notes the way out of a mesh without a majority; the daemon has to start again to go it. */
  leaveLost(): void
}

export interface Outranking {
  readonly ledgers: ReadonlyMap<RepoId, KnownLedger>
  /** Names of remotes that could not be asked. */
  readonly unread: readonly string[]
}

export interface RecoveryOptions {
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly machine: HostMachine
  readonly departure: Departure
  readonly mesh: Mesh
  readonly repos: Repos
}

export function createRecovery(options: RecoveryOptions): Recovery {
  const { machine, departure, mesh, repos } = options
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
    async askRemotes(asked) {
      const found = await Promise.all(
        asked.map(async ({ id, checkouts }) => ({
          id,
          ...(await ledgerAtRemotes(checkouts, options.env)),
        })),
      )
      return {
        ledgers: new Map(
          found.flatMap(({ id, ledger }) => (ledger === null ? [] : [[id, ledger] as const])),
        ),
        unread: [...new Set(found.flatMap(({ unread }) => unread))],
      }
    },
    noteGenerations({ ledgers }) {
      for (const [repo, { generation }] of ledgers) noteGeneration(options.home, repo, generation)
    },
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
