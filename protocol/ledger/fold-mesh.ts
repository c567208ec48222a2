// The mesh ledger: members, invitations, and which repositories are enrolled where.
import type { Attach, Enrol, Invite, Member, RemoveMember, Uninvite } from './body.ts'
import type { Change } from './change.ts'
import { remember } from './fold-memory.ts'
import type { LedgerRecord } from './record.ts'
import type { LedgerState } from './state.ts'

/** Machines that were removed, by their latest: so that one of them is told when it comes back. */
const REMOVED_REMEMBERED = 64

export function member(state: LedgerState, { index }: LedgerRecord, body: Member): Change[] {
  const { peer, machine, role, addresses, version = 1, invitation } = body
  remember(state, body.rid, { kind: 'done' })
  const before = state.members.get(peer) ?? null
  if (before?.role !== role) state.membersAt = index
  state.members.set(peer, { peer, machine, role, addresses, version })
  if (invitation !== undefined) state.invitations.delete(invitation)
  state.removed = state.removed.filter((gone) => gone !== peer)
  return [{ kind: 'member', peer, machine, role, isNew: before === null }]
}

export function removeMember(
  state: LedgerState,
  { index }: LedgerRecord,
  body: RemoveMember,
): Change[] {
  const { peer, reason, by } = body
  remember(state, body.rid, { kind: 'done' })
  const machine = state.members.get(peer)?.machine ?? peer
  state.members.delete(peer)
  state.membersAt = index
  state.removedAt = index
  state.removed = [...state.removed.filter((gone) => gone !== peer), peer].slice(
    -REMOVED_REMEMBERED,
  )
  for (const [id, repo] of state.repos) {
    const machines = repo.machines.filter((one) => one !== peer)
    if (machines.length < repo.machines.length) state.repos.set(id, { ...repo, machines })
  }
  return [{ kind: 'member-gone', peer, machine, reason, by }]
}

export function invite(state: LedgerState, { rid, invitation }: Invite): Change[] {
  remember(state, rid, { kind: 'done' })
  state.invitations.set(invitation.id, invitation)
  return []
}

export function uninvite(state: LedgerState, { rid, ids }: Uninvite): Change[] {
  remember(state, rid, { kind: 'done' })
  for (const id of ids) state.invitations.delete(id)
  return []
}

export function enrol(state: LedgerState, { index }: LedgerRecord, body: Enrol): Change[] {
  const { repo, generation, founder, voters, roots, genesis } = body
  remember(state, body.rid, { kind: 'enrolled', repo })
  const had = { machines: [founder], machinesAt: index }
  state.repos.set(repo, { repo, generation, founder, voters, roots, genesis, ...had })
  return [{ kind: 'enrolled', body }]
}

export function attach(
  state: LedgerState,
  { index }: LedgerRecord,
  { repo, peer }: Attach,
): Change[] {
  const known = state.repos.get(repo)
  if (known === undefined || known.machines.includes(peer)) return []
  state.repos.set(repo, {
    ...known,
    machines: [...known.machines, peer],
    machinesAt: index,
  })
  return [{ kind: 'attached', repo, peer }]
}
