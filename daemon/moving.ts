// From a repository's ledger to the one that has come in its place, as the mesh ledger says: on the machine that began it
// anew, and on those that have the old one. Both end with the old one archived.
import type { LedgerClaim, PeerId, RepoId, RepoState } from '../protocol/index.ts'
import { heldIn } from './carried.ts'
import { noteGeneration } from './generations.ts'
import type { HostMachine } from './host-machine.ts'
import { archiveOld, takePlace } from './ledger-anew.ts'
import type { LedgerHost } from './ledger-host.ts'
import type { Log } from './log.ts'
import type { Carried } from './mesh/crossing.ts'
import type { Mesh } from './mesh/mesh.ts'

/** A repository as far as moving it goes. */
interface Movable {
  readonly id: RepoId
  readonly host: LedgerHost | null
  readonly checkouts: readonly string[]
}

export interface MovingOptions<Repo extends Movable> {
  readonly home: string
  readonly machine: HostMachine
  readonly mesh: Mesh
  readonly log: Log
  /** What this machine held in a ledger that another one began anew is to be carried there. Durable when it returns. */
  readonly onReplaced: (carried: Carried) => void
  /** It may be carried now. */
  readonly onMoved: () => void
  /** Serves it no more. */
  readonly leave: (repo: Repo) => void
  /** Serves it again, from the log that is there now. */
  readonly enter: (repo: Repo) => Promise<unknown>
}

export interface Moving<Repo extends Movable> {
  /** Moves what has to be moved. */
  look(repos: Iterable<Repo>): void
  has(id: RepoId): boolean
  /** Until this one is moved. @returns where its old ledger is kept; null: nothing is under way */
  done(id: RepoId): Promise<string | null>
  stop(): Promise<void>
}

export function createMoving<Repo extends Movable>(options: MovingOptions<Repo>): Moving<Repo> {
  const under = new Map<RepoId, Promise<string | null>>()
  const { mesh, log } = options
  return {
    look(repos) {
      for (const repo of repos) {
        const state = mesh.state().repos.get(repo.id)
        if (state === undefined || repo.host === null || under.has(repo.id)) continue
        if (repo.host.genesis.hash === state.genesis) continue
        const moved = move(options, repo, repo.host, state).finally(() => under.delete(repo.id))
        moved.catch((error: unknown) => {
          log.error({ repo: repo.id, error: String(error) }, 'a ledger was not moved')
        })
        under.set(repo.id, moved)
      }
    },
    has: (id) => under.has(id),
    done: async (id) => (await under.get(id)) ?? null,
    async stop() {
      await Promise.allSettled(under.values())
    },
  }
}

async function move<Repo extends Movable>(
  options: MovingOptions<Repo>,
  repo: Repo,
  old: LedgerHost,
  state: RepoState,
): Promise<string | null> {
  const { home, machine, mesh, log, onReplaced, onMoved, leave, enter } = options
  const { id: name, checkouts } = repo
  noteGeneration(home, name, state.generation)
  const isMine = state.machines.includes(mesh.self)
  const { generation } = old.genesis
  const claims = ownOf(heldIn(old), mesh.self)
  if (!isMine) onReplaced({ repo: name, generation, checkouts: [...checkouts], claims })
  leave(repo)
  await old.stop()
  log.warn({ repo: name, generation: state.generation }, 'the ledger was begun anew')
  if (isMine) {
    const keptAt = await takePlace(machine, state)
    await enter(repo)
    return keptAt
  }
  const keptAt = await archiveOld(machine, name)
  onMoved()
  return keptAt
}

function ownOf(claims: readonly LedgerClaim[], self: PeerId): readonly LedgerClaim[] {
  return claims.filter(({ peer }) => peer === self)
}
