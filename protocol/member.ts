// Machines of a mesh: their roles, how one proves that it was invited, and which of them vote in a ledger.
import type { InvitationId, PeerId } from './ids.ts'

/** A learner has a full copy and no vote. */
export type MemberRole = 'voter' | 'learner'

export interface MemberState {
  readonly peer: PeerId
  readonly machine: string
  /** What the mesh wishes; whether it votes in a ledger, that ledger says. */
  readonly role: MemberRole
  /** Multiaddrs at which it can be dialled, best first. */
  readonly addresses: readonly string[]
  /** The ledger version that it announced last. */
  readonly version: number
}

export interface InvitationState {
  readonly id: InvitationId
  /** The public half of the one-time key in the token, written as a peer id. */
  readonly key: PeerId
  readonly role: MemberRole
  /** Milliseconds since 1970, by the clock of the mesh ledger's leader. */
  readonly expiresAtMs: number
  readonly by: string
}

const VOTERS_MAX = 5

/**
 * Who shall vote in a ledger: 1, 3 or 5 of those that may, the ones that do already first. Those that may are given in
 * the order in which they joined. Nobody may: as it is.
 */
export function chooseVoters(
  willing: readonly PeerId[],
  present: readonly PeerId[],
): readonly PeerId[] {
  const kept = present.filter((peer) => willing.includes(peer))
  const added = willing.filter((peer) => !present.includes(peer))
  const all = [...kept, ...added]
  if (all.length === 0) return present
  const count = Math.min(VOTERS_MAX, all.length - ((all.length + 1) % 2))
  return all.slice(0, count)
}

/** @param address as a multiaddr. Only machines on the same host can dial it. */
export function isLoopback(address: string): boolean {
  return /^\/ip4\/127\.|^\/ip6\/::1\//.test(address)
}
