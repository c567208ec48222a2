// A repository's ledger begun anew, one generation higher, in the place of one whose majority is lost. It is written beside the
// old one and takes its place once the mesh ledger names it: a crash at any point, or another machine that was first, leaves
// exactly the ledger that the mesh knows.
import {
  assert,
  makeId,
  type AuditEventInput,
  type LedgerClaim,
  type RepoId,
  type RepoState,
  iso,
} from '../protocol/index.ts'
import { carriedClaim } from './carried.ts'
import { generationSeen } from './generations.ts'
import type { HostMachine, LedgerFolder } from './host-machine.ts'
import { beginLedger, placeOf, type BeginOptions } from './ledger-begin.ts'
import { foundLedger, genesisOf, type LedgerHost } from './ledger-host.ts'
import type { Carried } from './mesh/crossing.ts'
import { submit } from './submit.ts'

export interface Anew {
  readonly generation: number
  /** False: another machine was first, and its ledger is the mesh's. */
  readonly isMine: boolean
}

/** Founds the next ledger beside the one that is lost, and asks the mesh for its place. The old one goes on being served. */
export async function beginAnew(
  { home, machine, mesh }: BeginOptions,
  { repo, roots, generation: lost, genesis: replaces }: RepoState,
  claims: readonly LedgerClaim[],
): Promise<Anew> {
  const next = nextPlaceOf(repo)
  const left = await genesisOf(machine, next)
  // One that was founded before, and may have been entered since the caller lost its patience.
  if (left !== null && left.generation <= lost) machine.storage.setAside(next.folder)
  const { hash: genesis, generation } = await foundLedger(machine, next, {
    ...{ ledger: 'repo', mesh: mesh.id, name: repo },
    generation: Math.max(lost, generationSeen(home, repo)) + 1,
    carried: claims.map(carriedClaim),
  })
  const peer = machine.self
  const command = { kind: 'enrol', repo, peer, roots, generation, genesis, replaces } as const
  const outcome = await submit(mesh.host, command)
  assert(outcome.kind === 'enrolled', 'an enrolment is answered as one')
  return { generation: outcome.generation, isMine: outcome.genesis === genesis }
}

/** Founds in a mesh of this machine alone what it had in the one whose majority is lost; may be repeated. */
export async function foundCarried(
  options: BeginOptions,
  carried: readonly Carried[],
): Promise<void> {
  for (const { repo, generation, claims, roots = [] } of carried) {
    await beginLedger(options, repo, roots, generation, claims)
  }
}

/**
 * Puts the next ledger in the place of the old one, if it is the one that the mesh knows; both are closed.
 * @returns where the old one is kept; null: nothing was moved.
 */
export async function takePlace(
  machine: HostMachine,
  { repo, genesis }: Pick<RepoState, 'repo' | 'genesis'>,
): Promise<string | null> {
  const next = nextPlaceOf(repo)
  if ((await genesisOf(machine, next))?.hash !== genesis) return null
  const keptAt = await archiveOld(machine, repo)
  machine.storage.rename(next.folder, placeOf(repo).folder)
  return keptAt
}

/** Moves a ledger away that another one has come in the place of, with its audit log. @returns where it is kept */
export async function archiveOld(machine: HostMachine, repo: RepoId): Promise<string> {
  const place = placeOf(repo)
  const old = await genesisOf(machine, place)
  const whose = old === null ? 'lost' : `g${String(old.generation)}-${old.hash.slice(0, 8)}`
  return machine.storage.archive(place.folder, whose)
}

/** Tells in a ledger's audit log that it was begun anew. */
export function noteRecovered(
  machine: HostMachine,
  host: LedgerHost,
  repo: RepoId,
  claims: readonly LedgerClaim[],
): void {
  const atMs = machine.clock.wall()
  const name = machine.machineOf(machine.self)
  const { term, index } = host.loop.view().state.applied
  const event: AuditEventInput = {
    id: makeId('evt', atMs, machine.random(16)),
    at: iso(atMs),
    ...{ repo, kind: 'ledger.recovered', term, index, actor: name, machine: name },
    data: { generation: host.genesis.generation, claims: claims.map(({ id }) => id) },
  }
  host.audit.append(event)
}

/** No id of a repository has this sign in its folder's name. */
function nextPlaceOf(repo: RepoId): LedgerFolder {
  return { name: repo, folder: `${placeOf(repo).folder}@next` }
}
