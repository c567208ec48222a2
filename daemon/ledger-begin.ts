// How a repository's ledger comes to this machine: founded and entered into the mesh, or as a copy of the one that the mesh
// has. Its log is always there before the mesh ledger says so: a ledger that the mesh knows and this machine lacks is a loss.
import {
  asSessionId,
  assert,
  SkeinError,
  type LedgerClaim,
  type RepoId,
  type RepoState,
} from '../protocol/index.ts'
import { carriedClaim } from './carried.ts'
import type { Checkout, Git } from './git.ts'
import { generationSeen } from './generations.ts'
import type { HostMachine, LedgerFolder } from './host-machine.ts'
import { adoptLedger, foundLedger, genesisOf, nextGeneration } from './ledger-host.ts'
import type { Mesh } from './mesh/mesh.ts'
import { submit } from './submit.ts'

export interface BeginOptions {
  readonly home: string
  readonly machine: HostMachine
  readonly mesh: Mesh
  readonly git: Git
  /** Shows a member that has the repository that this checkout has it too; it is a member's copy from then on. */
  readonly attach: (id: RepoId, root: string) => Promise<void>
}

/**
 * Founds the repository's ledger, or gets a copy of the one that the mesh has. Is it new to the mesh?
 * @throws SkeinError NO_QUORUM while this machine does not know what the mesh has, PEER_UNREACHABLE, REPO_FOREIGN.
 */
export async function enterLedger(
  options: BeginOptions,
  id: RepoId,
  checkout: Checkout,
): Promise<boolean> {
  const { mesh, machine, git } = options
  requireKnown(mesh)
  const known = mesh.state().repos.get(id)
  const copies = known?.machines ?? []
  if (known !== undefined && copies.length > 0 && !copies.includes(machine.self)) {
    await requireNeverHad(mesh, id)
    await copyLedger(options, known, checkout)
    return false
  }
  // The only machines that had it have left the mesh: what they held went with them.
  if (known !== undefined && copies.length === 0) await setOlderAside(machine, known)
  const { commits } = await git.rootCommits(checkout)
  const begun = await beginLedger(options, id, commits, known?.generation ?? 0)
  if (begun.isMine) return begun.isNew
  // Another machine enrolled it in the same moment.
  const first = mesh.state().repos.get(id)
  assert(first !== undefined, 'what is enrolled is in the mesh ledger')
  await copyLedger(options, first, checkout)
  return false
}

/** Before the mesh ledger has said that this machine is a member, what it says of a repository may be long past. */
function requireKnown(mesh: Mesh): void {
  const { members, voters } = mesh.state()
  // Whoever founds a mesh is in it from the first moment.
  if (members.has(mesh.self) || (members.size === 0 && voters.includes(mesh.self))) return
  throw new SkeinError('NO_QUORUM', 'the ledger of this mesh has not come here yet', {
    hint: 'skein members',
  })
}

/**
 * After a start a machine's view of the mesh may lag behind what it did itself, and a copy whose log is lost must not pass for one
 * that is to be begun: who promised something in it would have forgotten that. So a majority is asked first.
 */
async function requireNeverHad(mesh: Mesh, id: RepoId): Promise<void> {
  const machine = { peer: mesh.self, machine: mesh.self, branch: null }
  const party = { agent: 'daemon', agentGiven: false, session: asSessionId('daemon'), ...machine }
  await submit(mesh.host, { kind: 'verify', party, ids: [], fences: {} })
  if (mesh.state().repos.get(id)?.machines.includes(mesh.self) !== true) return
  throw new SkeinError('LEDGER_DAMAGED', `the ledger of ${id} was here, and its log is gone`, {
    hint: 'skein member remove with the name of this machine, on another one; then join again',
  })
}

/**
 * Founds a ledger and enters it into the mesh. One that is there already keeps its own generation.
 * @param above a generation that the new one must exceed, beside those that this machine has seen go.
 * @param claims of a ledger in whose place it comes, of all machines.
 */
export async function beginLedger(
  { home, machine, mesh }: BeginOptions,
  id: RepoId,
  roots: readonly string[],
  above: number,
  claims: readonly LedgerClaim[] = [],
): Promise<{ generation: number; isNew: boolean; isMine: boolean }> {
  const place = placeOf(id)
  const seen = Math.max(above, generationSeen(home, id))
  const next = Math.max(seen + 1, await nextGeneration(machine, place))
  const { hash: genesis, generation } = await foundLedger(machine, place, {
    ...{ ledger: 'repo', mesh: mesh.id, name: id, generation: next },
    carried: claims.map(carriedClaim),
  })
  const peer = machine.self
  const outcome = await submit(mesh.host, {
    kind: 'enrol',
    repo: id,
    peer,
    roots,
    generation,
    genesis,
  })
  assert(outcome.kind === 'enrolled', 'an enrolment is answered as one')
  return { generation, isNew: outcome.isNew, isMine: outcome.genesis === genesis }
}

export function placeOf(id: RepoId): LedgerFolder {
  return { name: id, folder: encodeURIComponent(id) }
}

/** A log that is not above the one that the mesh knows cannot come in its place. */
async function setOlderAside(machine: HostMachine, { repo, generation }: RepoState): Promise<void> {
  const there = await genesisOf(machine, placeOf(repo))
  if (there === null || there.generation <= generation)
    machine.storage.setAside(placeOf(repo).folder)
}

/** Begins a copy before the mesh knows of it; one that was begun before, and not let in, is gone on with. */
async function copyLedger(
  { machine, attach }: BeginOptions,
  { repo, generation, genesis }: RepoState,
  checkout: Checkout,
): Promise<void> {
  const there = await genesisOf(machine, placeOf(repo))
  if (there?.hash !== genesis) machine.storage.setAside(placeOf(repo).folder)
  await adoptLedger(machine, placeOf(repo), { term: 0, index: 0, hash: genesis, generation })
  await attach(repo, checkout.root)
}
