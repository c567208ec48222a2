// Into another mesh, and out of one: what is asked of the others before this machine moves. The move itself is made by the
// next start (crossing.ts), so that a crash in between changes nothing.
import { joinBytes, LEDGER_VERSION, SkeinError, type PeerId } from '../../protocol/index.ts'
import { decodeInvitation, signJoin, type Invitation } from '../invitation.ts'
import type { Clock, Transport } from '../ports.ts'
import type { Repo, Repos } from '../repos.ts'
import { submit } from '../submit.ts'
import type { Carried } from './crossing.ts'
import type { Departure } from './departure.ts'
import { requireLeavable } from './leavable.ts'
import type { Listening } from './listening.ts'
import type { Mesh } from './mesh.ts'
import { encodeValue } from './packets.ts'
import { readWelcome, type Welcome } from './questions.ts'
import type { Ways } from './ways.ts'

export interface Joining {
  /** What would be carried into the other mesh. */
  carried(): readonly Carried[]
  /** Asks to be let in, and notes the way; the daemon has to start again to go it. */
  join(text: string, addresses: readonly string[], signal: AbortSignal): Promise<Joined>
  /** Leaves the mesh; the daemon has to start again, alone. */
  leave(): Promise<void>
}

export interface Joined {
  readonly mesh: string
  readonly role: Invitation['role']
  readonly by: string
  readonly members: readonly string[]
  readonly carried: readonly Carried[]
}

export interface JoiningOptions {
  readonly machine: string
  readonly mesh: Mesh
  readonly repos: Repos
  readonly listening: Listening
  readonly ways: Ways
  readonly departure: Departure
  readonly clock: Clock
  /** A transport of this machine with the other mesh's key, which listens nowhere. */
  readonly knock: (networkKey: Uint8Array) => Promise<Transport>
}

const KNOCK_MS = 10_000

export function createJoining(options: JoiningOptions): Joining {
  return {
    carried: () => carriedBy(options),
    join: (text, addresses, signal) => join(options, decodeInvitation(text), addresses, signal),
    leave: () => leave(options),
  }
}

function carriedBy({ repos, mesh }: Pick<JoiningOptions, 'repos' | 'mesh'>): readonly Carried[] {
  return repos.all().map((repo) => {
    const held = repo.host === null ? [] : [...repo.host.loop.view().state.claims.values()]
    return along(
      mesh,
      repo,
      held.filter(({ peer }) => peer === mesh.self),
    )
  })
}

/** Also of a ledger that is not served: its log is moved out of the way, and its fences are not used again. */
function along(mesh: Mesh, { id, host, checkouts }: Repo, claims: Carried['claims']): Carried {
  const generation = host?.genesis.generation ?? mesh.state().repos.get(id)?.generation ?? 0
  return { repo: id, generation, checkouts: [...checkouts], claims }
}

async function join(
  options: JoiningOptions,
  invitation: Invitation,
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<Joined> {
  const { mesh, listening, departure, clock } = options
  requireAlone(mesh)
  if (invitation.mesh === mesh.id) {
    throw new SkeinError('INPUT_USAGE', 'this machine is in that mesh already', {
      hint: 'skein members',
    })
  }
  const welcome = await knockWith(options, invitation, signal)
  listening.add(addresses)
  listening.keep()
  listening.remember(welcome.members)
  listening.noteJoined(welcome.index)
  const way = {
    from: mesh.id,
    to: invitation.mesh,
    welcome: { ...welcome, networkKey: Buffer.from(welcome.networkKey).toString('hex') },
    atMs: clock.wall(),
  }
  const carried = departure.begin(way, () => carriedBy(options))
  const members = welcome.members.map((member) => member.machine)
  return { mesh: invitation.mesh, role: invitation.role, by: invitation.machine, members, carried }
}

function isReachable({ self, board }: Mesh, peer: PeerId): boolean {
  return peer === self || board.isReady(peer)
}

async function leave(options: JoiningOptions): Promise<void> {
  const { mesh, repos, machine: by } = options
  const { members, genesisHash } = mesh.state()
  // Its copy of the mesh ledger has not come, and perhaps never will: there is nobody here to ask.
  if (genesisHash === '') {
    depart(options)
    return
  }
  if (members.size <= 1) {
    throw new SkeinError('INPUT_USAGE', 'this machine is alone in its mesh: nothing to leave', {
      hint: 'skein members',
    })
  }
  const served = repos.all().flatMap(({ id, host }) => (host === null ? [] : [{ name: id, host }]))
  const ledgers = [{ name: 'mesh', host: mesh.host }, ...served]
  requireLeavable(
    { state: mesh.state(), ledgers, isReachable: (peer) => isReachable(mesh, peer) },
    mesh.self,
  )
  const command = { kind: 'remove-member', peer: mesh.self, reason: 'left', by } as const
  await mesh.removedBy(submit(mesh.host, command))
  depart(options)
}

/** Asks to be let in. */
async function knockWith(
  { mesh, machine, ways, knock }: JoiningOptions,
  invitation: Invitation,
  signal: AbortSignal,
): Promise<Welcome> {
  const transport = await knock(invitation.networkKey)
  try {
    const bytes = joinBytes(invitation.mesh, invitation.id, mesh.self, machine)
    const question = encodeValue({
      ...{ kind: 'join', mesh: invitation.mesh, invitation: invitation.id, machine },
      ...{ ledgerVersion: LEDGER_VERSION, addresses: [] },
      signature: signJoin(invitation.secret, bytes),
    })
    const limit = AbortSignal.any([signal, AbortSignal.timeout(KNOCK_MS)])
    return readWelcome(await transport.ask(ways(invitation), question, limit))
  } finally {
    await transport.close()
  }
}

/** The next start archives what belongs to the mesh and founds a new one. */
export function depart({
  departure,
  mesh,
  repos,
  clock,
}: Pick<JoiningOptions, 'departure' | 'mesh' | 'repos' | 'clock'>): void {
  const way = { from: mesh.id, to: null, welcome: null, atMs: clock.wall() }
  departure.begin(way, () => [
    ...repos.all().map((repo) => along(mesh, repo, [])),
    ...begunBy(mesh, repos),
  ])
}

/**
 * A copy that was begun, and that nobody has vouched for yet, looks like a ledger of this machine's own to the mesh that it
 * founds next: it has to go, too. None of its fences was given here.
 */
function begunBy(mesh: Mesh, repos: Repos): readonly Carried[] {
  const served = new Set(repos.all().map(({ id }) => id))
  const others = [...mesh.state().repos.keys()].filter((id) => !served.has(id))
  return others.map((repo) => ({ repo, generation: 0, checkouts: [], claims: [] }))
}

function requireAlone(mesh: Mesh): void {
  const others = [...mesh.state().members.values()].filter(({ peer }) => peer !== mesh.self)
  if (others.length === 0) return
  const names = others.map(({ machine }) => machine)
  throw new SkeinError('MESH_NOT_ALONE', `this machine is in a mesh with ${names.join(', ')}`, {
    data: { mesh: mesh.id, members: names },
  })
}
