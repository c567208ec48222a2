// The mesh ledger's decisions: who is a member, who is invited, and which repository's ledger is the mesh's.
import {
  joinBytes,
  type MemberState,
  type PeerId,
  type RecordBody,
  type RepoState,
  type RequestId,
} from '../../../protocol/index.ts'
import { fail, type Decision } from '../claims/decision.ts'
import type { Outcome } from '../claims/command.ts'
import type { Signer } from '../consensus/types.ts'
import type { View } from '../view.ts'
import type {
  AttachCommand,
  EnrolCommand,
  InviteCommand,
  JoinCommand,
  MemberCommand,
  MeshCommand,
  RemoveMemberCommand,
  RoleCommand,
  UninviteCommand,
} from './command.ts'

export interface MeshContext {
  readonly view: View
  readonly wallMs: number
  readonly signer: Signer
}

/** Of one mesh; more would make every heartbeat dear. */
const MEMBERS_MAX = 1_000
const INVITATIONS_MAX = 256

export function decideMesh(rid: RequestId, command: MeshCommand, context: MeshContext): Decision {
  switch (command.kind) {
    case 'member':
      return decideMember(rid, command, context)
    case 'invite':
      return decideInvite(rid, command, context)
    case 'uninvite':
      return decideUninvite(rid, command, context)
    case 'join':
      return decideJoin(rid, command, context)
    case 'role':
      return decideRole(rid, command, context)
    case 'remove-member':
      return decideRemove(rid, command, context)
    case 'enrol':
      return decideEnrol(rid, command, context)
    case 'attach':
      return decideAttach(rid, command, context)
  }
}

function decideMember(rid: RequestId, command: MemberCommand, { view }: MeshContext): Decision {
  const { peer, machine, addresses, version } = command
  const known = view.state.members.get(peer)
  if (known === undefined && view.state.members.size > 0) return unknownMember(peer)
  const taken = nameTaken(view, peer, machine)
  if (taken !== null) return taken
  if (known !== undefined && isSame(known, command)) return done()
  // Who founds a mesh votes in it.
  const role = known?.role ?? 'voter'
  return append({ kind: 'member', rid, peer, machine, role, addresses, version })
}

function decideInvite(rid: RequestId, command: InviteCommand, context: MeshContext): Decision {
  const { id, key, role, lifeSeconds, by } = command
  const { invitations } = context.view.state
  const over = [...invitations.values()].filter(({ expiresAtMs }) => expiresAtMs <= context.wallMs)
  if (invitations.size - over.length >= INVITATIONS_MAX) {
    return fail('BUSY', `${String(invitations.size)} invitations are open`, {
      hint: 'skein invitations, and: skein invite revoke ID',
    })
  }
  const expiresAtMs = context.wallMs + lifeSeconds * 1000
  const bodies: RecordBody[] = [
    { kind: 'invite', rid, invitation: { id, key, role, expiresAtMs, by } },
  ]
  const ids = over.map((invitation) => invitation.id)
  if (ids.length > 0) bodies.push({ kind: 'uninvite', rid: null, ids, reason: 'expired' })
  return { kind: 'append', bodies, warnings: [] }
}

function decideUninvite(rid: RequestId, command: UninviteCommand, { view }: MeshContext): Decision {
  const unknown = command.ids.filter((id) => !view.state.invitations.has(id))
  if (unknown.length > 0) {
    return fail('NOT_FOUND', `no open invitation ${unknown.join(', ')}`, {
      hint: 'skein invitations',
    })
  }
  return append({ kind: 'uninvite', rid, ids: command.ids, reason: 'revoked' })
}

function decideJoin(rid: RequestId, command: JoinCommand, context: MeshContext): Decision {
  const { view, wallMs, signer } = context
  const { invitation: id, peer, machine, addresses, version, signature } = command
  const invitation = view.state.invitations.get(id)
  const member = view.state.members.get(peer)
  // Asked again after a lost answer: the invitation went with the first one.
  if (invitation === undefined && member?.machine === machine) return done()
  if (invitation === undefined || invitation.expiresAtMs <= wallMs) {
    return fail('INVITATION_ENDED', `the invitation ${id} was used, revoked, or has expired`)
  }
  const bytes = joinBytes(view.state.mesh, id, peer, machine)
  if (!signer.verify(invitation.key, bytes, signature)) {
    return fail('INVITATION_ENDED', `the invitation ${id} was not signed by its key`)
  }
  const taken = nameTaken(view, peer, machine)
  if (taken !== null) return taken
  if (view.state.members.size >= MEMBERS_MAX) {
    return fail('BUSY', `the mesh has ${String(view.state.members.size)} members, its limit`)
  }
  const older = tooOld([...view.state.members.values()], version)
  if (older !== null) return older
  const { role } = invitation
  return append({ kind: 'member', rid, peer, machine, role, addresses, version, invitation: id })
}

function decideRole(rid: RequestId, command: RoleCommand, { view }: MeshContext): Decision {
  const member = view.state.members.get(command.peer)
  if (member === undefined) return unknownMember(command.peer)
  if (member.role === command.role) return done()
  if (command.role === 'learner' && isLastVoter(view, command.peer)) return lastVoter(member)
  const { peer, machine, addresses, version } = member
  const { role } = command
  return append({ kind: 'member', rid, peer, machine, role, addresses, version })
}

function decideRemove(
  rid: RequestId,
  { peer, reason, by }: RemoveMemberCommand,
  { view }: MeshContext,
): Decision {
  const member = view.state.members.get(peer)
  if (member === undefined) return view.state.removed.includes(peer) ? done() : unknownMember(peer)
  if (isLastVoter(view, peer)) return lastVoter(member)
  return append({ kind: 'remove-member', rid, peer, reason, by })
}

/** The first one fixes the ledger; another genesis of the same repository is not this mesh's, unless it comes in its place. */
function decideEnrol(rid: RequestId, command: EnrolCommand, { view }: MeshContext): Decision {
  const { repo, peer, roots, generation, genesis } = command
  const known = view.state.repos.get(repo)
  if (known !== undefined && !mayReplace(known, command)) {
    const outcome: Outcome = {
      kind: 'enrolled',
      generation: known.generation,
      genesis: known.genesis,
      isNew: false,
    }
    return { kind: 'answer', outcome }
  }
  if (view.state.members.size > 0 && !view.state.members.has(peer)) return unknownMember(peer)
  const founder = peer
  const voters = [peer]
  return append({ kind: 'enrol', rid, repo, generation, founder, voters, roots, genesis })
}

function decideAttach(
  rid: RequestId,
  { repo, peer }: AttachCommand,
  { view }: MeshContext,
): Decision {
  const known = view.state.repos.get(repo)
  if (known === undefined) return fail('REPO_NOT_ENROLLED', `${repo} is not enrolled in this mesh`)
  const member = view.state.members.get(peer)
  if (member === undefined) return unknownMember(peer)
  const { generation, genesis } = known
  const outcome: Outcome = { kind: 'enrolled', generation, genesis, isNew: false }
  if (known.machines.includes(peer)) return { kind: 'answer', outcome }
  const having = known.machines.flatMap((one) => view.state.members.get(one) ?? [])
  const older = tooOld(having, member.version)
  if (older !== null) return older
  return append({ kind: 'attach', rid, repo, peer })
}

/**
 * A ledger that one machine has may be begun anew by it. One that others have may be by any of them, which have to see that its
 * majority is lost: of two that begin it anew at once only one still names the ledger that is there.
 */
function mayReplace(
  { genesis, generation, machines }: RepoState,
  { peer, replaces, generation: next, genesis: other }: EnrolCommand,
): boolean {
  if (genesis === other || next <= generation) return false
  return machines.every((machine) => machine === peer) || replaces === genesis
}

function isSame(known: MemberState, { machine, addresses, version }: MemberCommand): boolean {
  return (
    known.machine === machine &&
    known.version === version &&
    known.addresses.join() === addresses.join()
  )
}

/** Where all speak a later version there may be records of it already, at which an older machine would have to stop. */
function tooOld(having: readonly MemberState[], version: number): Decision | null {
  const spoken = Math.min(...having.map((member) => member.version))
  if (having.length === 0 || version >= spoken) return null
  const versions = `${String(spoken)}, and this machine version ${String(version)}`
  return fail(
    'MEMBER_OUTDATED',
    `the machines that have the ledger speak its version ${versions}`,
    {
      hint: 'Upgrade skein on the machine that comes, then again.',
    },
  )
}

function nameTaken({ state }: View, peer: PeerId, machine: string): Decision | null {
  const other = [...state.members.values()].find((member) => member.machine === machine)
  if (other === undefined || other.peer === peer) return null
  return fail('MEMBER_NAME_TAKEN', `a machine of this mesh is called ${machine} already`, {
    data: { machine, peer: other.peer },
  })
}

function isLastVoter({ state }: View, peer: PeerId): boolean {
  const voters = [...state.members.values()].filter(({ role }) => role === 'voter')
  return voters.length === 1 && voters[0]?.peer === peer
}

function lastVoter({ machine }: MemberState): Decision {
  return fail('MEMBER_LAST_VOTER', `${machine} is the only voter of the mesh`, {
    data: { machine },
  })
}

function unknownMember(peer: PeerId): Decision {
  return fail('MEMBER_UNKNOWN', `${peer} is no member of this mesh`, { data: { peer } })
}

function append(body: RecordBody): Decision {
  return { kind: 'append', bodies: [body], warnings: [] }
}

function done(): Decision {
  return { kind: 'answer', outcome: { kind: 'done' } }
}
