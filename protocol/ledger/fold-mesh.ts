// The mesh ledger: members, and which repositories are enrolled where.
import type { PeerId } from '../ids.ts'
import type { Enrol, Member } from './body.ts'
import type { Change } from './change.ts'
import { remember } from './fold-memory.ts'
import type { LedgerState } from './state.ts'

export function member(state: LedgerState, body: Member): Change[] {
  const { peer, machine, role, addresses } = body
  remember(state, body.rid, { kind: 'done' })
  state.members.set(peer, { peer, machine, role, addresses })
  return [{ kind: 'member', peer }]
}

export function enrol(state: LedgerState, body: Enrol): Change[] {
  const { repo, generation, founder, voters, roots, genesis } = body
  remember(state, body.rid, { kind: 'enrolled', repo })
  state.repos.set(repo, { repo, generation, founder, voters, roots, genesis, machines: [founder] })
  return [{ kind: 'enrolled', body }]
}

export function attach(state: LedgerState, repo: Enrol['repo'], peer: PeerId): void {
  const known = state.repos.get(repo)
  if (known === undefined || known.machines.includes(peer)) return
  state.repos.set(repo, { ...known, machines: [...known.machines, peer] })
}
