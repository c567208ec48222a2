// The operations about machines.
import {
  asInvitationId,
  DEFAULTS,
  isAtWork,
  makeId,
  SkeinError,
  type MemberState,
  type OperationInput,
  type OperationResult,
  type PeerId,
  iso,
} from '../../protocol/index.ts'
import { isDetached } from '../core/attachment.ts'
import { createInvitationKey, encodeInvitation } from '../invitation.ts'
import type { LedgerHost } from '../ledger-host.ts'
import { adviseVoters } from '../mesh/advice.ts'
import { requireLeavable, requireReplaceable } from '../mesh/leavable.ts'
import { submit } from '../submit.ts'
import { machineOf, requirePerson, type Handler, type Parts } from './context.ts'

export const invite: Handler<OperationInput<'invite'>> = async (parts, input, context) => {
  requirePerson(parts, input, context)
  if (input.voter === true && input.learner === true) {
    throw new SkeinError('INPUT_USAGE', 'a machine either votes or learns', {
      hint: 'Leave one of --voter and --learner out.',
    })
  }
  const { mesh, about, clock, random } = parts
  const { addresses, missing } = await mesh.open(input.addresses ?? [])
  if (addresses.length === 0) {
    throw new SkeinError('INPUT_USAGE', 'this machine listens at no address', {
      hint: 'Name one of this machine with --address, or in `listen` of config.yml.',
    })
  }
  const id = asInvitationId(makeId('inv', clock.wall(), random(16)))
  const role = input.voter === true ? 'voter' : 'learner'
  const lifeSeconds = input.ttl_s ?? DEFAULTS.invitationSeconds
  const { seed: secret, key } = createInvitationKey()
  await submit(mesh.host, { kind: 'invite', id, key, role, lifeSeconds, by: about.machine })
  const expiresAtMs =
    mesh.state().invitations.get(id)?.expiresAtMs ?? clock.wall() + lifeSeconds * 1000
  const token = encodeInvitation({
    ...{ mesh: mesh.id, id, peer: mesh.self, machine: about.machine, addresses },
    ...{ networkKey: mesh.keyRotation.keys.present().bytes, secret, role, expiresAtMs },
  })
  const result: OperationResult<'invite'> = {
    token,
    id,
    role,
    expires_at: iso(expiresAtMs),
    addresses,
    foreign: missing,
  }
  return result
}

export const inviteRevoke: Handler<OperationInput<'invite/revoke'>> = async (
  parts,
  input,
  context,
) => {
  requirePerson(parts, input, context)
  await submit(parts.mesh.host, { kind: 'uninvite', ids: input.ids.map(asInvitationId) })
  return { revoked: input.ids }
}

export const invitations: Handler<OperationInput<'invitations'>> = ({ mesh, clock }) => {
  const open = [...mesh.state().invitations.values()].filter(
    ({ expiresAtMs }) => expiresAtMs > clock.wall(),
  )
  const result: OperationResult<'invitations'> = {
    invitations: open.map(({ id, role, expiresAtMs, by }) => ({
      ...{ id, role, by },
      expires_at: iso(expiresAtMs),
    })),
  }
  return Promise.resolve(result)
}

export const join: Handler<OperationInput<'join'>> = async (parts, input, { signal, door }) => {
  if (door === 'mcp') throw new SkeinError('FORBIDDEN_PERSON', 'only a person may do this')
  const joined = await parts.joining.join(input.token, input.addresses ?? [], signal)
  parts.startAgain()
  const result: OperationResult<'join'> = {
    ...{ mesh: joined.mesh, role: joined.role, by: joined.by, members: joined.members },
    carried: joined.carried.map(({ repo, claims }) => ({ repo, claims: claims.length })),
  }
  return result
}

export const leave: Handler<OperationInput<'leave'>> = async (parts, input, context) => {
  requirePerson(parts, input, context)
  const { id } = parts.mesh
  await parts.joining.leave()
  parts.startAgain()
  return { mesh: id }
}

export const members: Handler<OperationInput<'members'>> = async (parts) => {
  const { mesh, machines } = parts
  await machines.refresh()
  const links = new Map(mesh.board.links().map((found) => [found.link.peer, found]))
  const ledgers = ledgersOf(parts).map(({ name, host }) => ({ name, voters: votersOf(host) }))
  const advised = adviceFor(parts)
  const atWork = workersByPeer(parts)
  const result: OperationResult<'members'> = [...mesh.state().members.values()].map((member) => {
    const { peer, machine, role, addresses } = member
    const found = links.get(peer)
    const isSelf = peer === mesh.self
    return {
      ...{ machine, peer_id: peer, role, addresses },
      online: isSelf || mesh.board.isReady(peer),
      ...{ presence: machines.presence(peer), load: machines.load(peer) },
      workers: { at_work: atWork.get(peer) ?? 0, most: machines.workersMax(peer) },
      rtt_ms: found?.link.rttMs ?? null,
      version: isSelf ? parts.about.version : (found?.hello?.version ?? null),
      votes_in: ledgers.filter(({ voters }) => voters.includes(peer)).map(({ name }) => name),
      advice: advised.get(peer) ?? null,
    }
  })
  return result
}

function workersByPeer({ repos }: Parts): ReadonlyMap<PeerId, number> {
  const counts = new Map<PeerId, number>()
  for (const { host } of repos.all())
    for (const { peer, state } of host?.loop.view().state.assignments.values() ?? [])
      if (isAtWork(state)) counts.set(peer, (counts.get(peer) ?? 0) + 1)
  return counts
}

/** What a person might change about who votes, in words, by machine. */
function adviceFor({ mesh, reach, clock }: Parts): ReadonlyMap<PeerId, string> {
  const { members } = mesh.state()
  const hellos = new Map(mesh.board.links().map(({ link, hello }) => [link.peer, hello]))
  const awayMsOf = (peer: PeerId): number | null => {
    const lastSeenAt = reach.lastSeenAt(peer)
    return lastSeenAt === null ? null : clock.wall() - lastSeenAt
  }
  const advice = adviseVoters([...members.values()], mesh.self, (peer) => ({
    isOnline: mesh.board.isReady(peer),
    minutes: reach.minutes(peer),
    isAlwaysOn: hellos.get(peer)?.alwaysOn === true,
    awayMs: awayMsOf(peer),
  }))
  const nameOf = (peer: PeerId): string => members.get(peer)?.machine ?? peer
  return new Map(
    advice.map((one) => {
      const name = nameOf(one.peer)
      if (one.kind === 'promote')
        return [one.peer, `${name} is there enough to vote: skein member promote ${name}`]
      if (one.kind === 'unreachable')
        return [
          one.peer,
          `${name} votes and can be dialled on its own host alone: there, \`listen: ['ADDRESS:7451']\` in config.yml, skein down, skein up`,
        ]
      const days = String(Math.floor((awayMsOf(one.peer) ?? 0) / DAY_MS))
      const first = one.by === null ? 'invite another' : `skein member promote ${nameOf(one.by)}`
      return [
        one.peer,
        `${name} votes and is away for ${days} days: ${first}, then skein member remove ${name}`,
      ]
    }),
  )
}

const DAY_MS = 24 * 3_600_000

export const memberPromote: Handler<OperationInput<'member/promote'>> = async (
  parts,
  input,
  context,
) => {
  requirePerson(parts, input, context)
  const { peer, machine } = memberNamed(parts, input.machine)
  await submit(parts.mesh.host, { kind: 'role', peer, role: 'voter' })
  return { machine, role: 'voter', note: voteNote(parts) }
}

export const memberDemote: Handler<OperationInput<'member/demote'>> = async (
  parts,
  input,
  context,
) => {
  requirePerson(parts, input, context)
  const { peer, machine } = memberNamed(parts, input.machine)
  requireReplaceable(parts.mesh.state(), peer)
  await submit(parts.mesh.host, { kind: 'role', peer, role: 'learner' })
  return { machine, role: 'learner', note: voteNote(parts) }
}

export const memberRemove: Handler<OperationInput<'member/remove'>> = async (
  parts,
  input,
  context,
) => {
  requirePerson(parts, input, context)
  const { peer, machine } = memberNamed(parts, input.machine)
  if (peer === parts.mesh.self) {
    throw new SkeinError('INPUT_USAGE', 'that is this machine', { hint: 'skein leave' })
  }
  const { mesh } = parts
  const isReachable = (one: PeerId): boolean => one === mesh.self || mesh.board.isReady(one)
  requireLeavable({ state: mesh.state(), ledgers: ledgersOf(parts), isReachable }, peer)
  const by = parts.about.machine
  await submit(parts.mesh.host, { kind: 'remove-member', peer, reason: 'removed', by })
  return { machine }
}

export const peers: Handler<OperationInput<'peers'>> = ({ mesh, machines }) => {
  const links = new Map(mesh.board.links().map(({ link }) => [link.peer, link]))
  const others = [...mesh.state().members.values()].filter(({ peer }) => peer !== mesh.self)
  const result: OperationResult<'peers'> = {
    listening: mesh.isOpen(),
    peers: others.map(({ peer, machine, addresses }) => {
      const link = links.get(peer)
      return {
        ...{ machine, peer_id: peer, addresses },
        online: mesh.board.isReady(peer),
        presence: machines.presence(peer),
        address: link?.address ?? null,
        rtt_ms: link?.rttMs ?? null,
        last_seen: isoOrNull(link?.lastSeenMs),
        since: isoOrNull(link?.sinceMs),
        sent_bytes: link?.sent.bytes ?? 0,
        received_bytes: link?.received.bytes ?? 0,
        dropped: link?.dropped ?? 0,
        bad_frames: (link?.badFrames ?? 0) + mesh.board.refused(peer),
      }
    }),
  }
  return Promise.resolve(result)
}

export const leader: Handler<OperationInput<'leader'>> = (parts) => {
  const result: OperationResult<'leader'> = {
    ledgers: ledgersOf(parts).map(({ name, host }) => {
      const engine = host.loop.engine()
      const { consensus } = engine
      const { applied } = host.loop.view().state
      const voters = votersOf(host)
      const learners = consensus.learners.filter((peer) => !voters.includes(peer))
      const { role } = consensus
      const head = consensus.chain.head()
      return {
        ledger: name,
        leader: leaderName(parts, host),
        term: applied.term,
        commit_index: applied.index,
        lag: Math.max(0, (head?.index ?? applied.index) - applied.index),
        voters: voters.map((peer) => machineOf(parts, peer)),
        learners: learners.map((peer) => machineOf(parts, peer)),
        attached: !isDetached(engine),
        quiet: (role.kind === 'leader' || role.kind === 'follower') && role.isQuiet,
      }
    }),
  }
  return Promise.resolve(result)
}

/** Who leads as this machine knows it now; null while nobody is known to. */
export function leaderName(parts: Parts, host: LedgerHost): string | null {
  const { role, self } = host.loop.engine().consensus
  if (role.kind === 'leader') return machineOf(parts, self)
  if (role.kind !== 'follower' || role.leader === null) return null
  return machineOf(parts, role.leader)
}

/** Who votes by the last record that this machine knows. */
export function votersOf(host: LedgerHost): readonly PeerId[] {
  const { chain } = host.loop.engine().consensus
  const head = chain.head()
  return head === null ? [] : chain.votersAt(head)
}

function ledgersOf({ repos, mesh }: Parts): readonly { name: string; host: LedgerHost }[] {
  const served = repos.all().flatMap(({ id, host }) => (host === null ? [] : [{ name: id, host }]))
  return [{ name: 'mesh', host: mesh.host }, ...served]
}

export function memberNamed({ mesh }: Pick<Parts, 'mesh'>, name: string): MemberState {
  const all = [...mesh.state().members.values()]
  const found = all.find(({ machine, peer }) => machine === name || peer === name)
  if (found !== undefined) return found
  const known = all.map(({ machine }) => machine)
  throw new SkeinError('MEMBER_UNKNOWN', `no machine of this mesh is called ${name}`, {
    hint: `Members are: ${known.join(', ')}`,
    data: { machine: name, members: known },
  })
}

/** An even number of willing machines leaves one without a vote. */
function voteNote({ mesh }: Parts): string {
  const willing = [...mesh.state().members.values()].filter(({ role }) => role === 'voter').length
  const votes = willing - ((willing + 1) % 2)
  const word = votes === 1 ? 'one decides' : `${String(votes)} decide together`
  const spare = willing > votes ? '; the other follows until there is one more' : ''
  return `of ${String(willing)} machines that may vote, ${word}${spare}`
}

function isoOrNull(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : iso(ms)
}
