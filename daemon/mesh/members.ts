// What the mesh ledger says about the ledgers of repositories, and about its own.
import { LEDGER_VERSION, type LedgerState, type RepoId } from '../../protocol/index.ts'
import type { LedgerMembers } from '../core/engine-state.ts'

/** Who may vote in a ledger and who has a copy, as the mesh ledger has it. */
export function membersOf(state: LedgerState, repo: RepoId | null): Omit<LedgerMembers, 'isCopy'> {
  const all = [...state.members.values()]
  const known = repo === null ? undefined : state.repos.get(repo)
  const machines = repo === null ? null : (known?.machines ?? [])
  const having = all.filter(({ peer }) => machines === null || machines.includes(peer))
  return {
    willing: having.filter(({ role }) => role === 'voter').map(({ peer }) => peer),
    copies: having.map(({ peer }) => peer),
    gone: state.removed,
    asOf: Math.max(state.membersAt, known?.machinesAt ?? 0),
    version: Math.min(LEDGER_VERSION, ...having.map(({ version }) => version)),
  }
}
