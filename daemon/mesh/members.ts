// What the mesh ledger says about the ledgers of repositories, and about its own.
import type { LedgerState, PeerId, RepoId } from '../../protocol/index.ts'

/** Who may vote in a ledger and who has a copy, as the mesh ledger has it. */
export function membersOf(
  state: LedgerState,
  repo: RepoId | null,
): { readonly willing: readonly PeerId[]; readonly copies: readonly PeerId[] } {
  const all = [...state.members.values()]
  const machines = repo === null ? null : (state.repos.get(repo)?.machines ?? [])
  const having = all.filter(({ peer }) => machines === null || machines.includes(peer))
  return {
    willing: having.filter(({ role }) => role === 'voter').map(({ peer }) => peer),
    copies: having.map(({ peer }) => peer),
  }
}
