// Majorities of a configuration of voters.
import type { PeerId } from '../../../protocol/index.ts'

export function majorityOf(voters: readonly PeerId[]): number {
  return Math.floor(voters.length / 2) + 1
}

/** Have a majority of these voters said yes? Others do not count. */
export function isMajority(voters: readonly PeerId[], said: (voter: PeerId) => boolean): boolean {
  return voters.filter(said).length >= majorityOf(voters)
}

/** The greatest number that a majority of the voters has reached. */
export function reachedByMajority(
  voters: readonly PeerId[],
  reached: (voter: PeerId) => number,
): number {
  const sorted = voters.map(reached).sort((a, b) => b - a)
  return sorted[majorityOf(voters) - 1] ?? 0
}
