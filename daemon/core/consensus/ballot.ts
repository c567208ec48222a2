// A term must be won: what a voter signs, and the test that a TermStart carries the votes of a majority.
import type { LedgerRecord, PeerId, Position } from '../../../protocol/index.ts'
import { isMajority } from './quorum.ts'
import type { Signer } from './types.ts'

const encoder = new TextEncoder()

/** What a vote's signature is over: which ledger, which term, for whom, on top of which head. */
export function ballotBytes(
  genesisHash: string,
  term: number,
  candidate: PeerId,
  head: Position,
): Uint8Array {
  return encoder.encode(
    JSON.stringify(['skein-vote', genesisHash, term, candidate, head.term, head.index]),
  )
}

/**
 * May the record follow its parent? Only a TermStart goes into another term, and only if the voters in force before it gave
 * that term to its leader. A part of a checkpoint follows its own term's records like any other.
 */
export function isTermWon(
  record: LedgerRecord,
  voters: readonly PeerId[],
  genesisHash: string,
  signer: Signer,
): boolean {
  const { body, parent } = record
  if (body.kind !== 'term-start') return parent === null || parent.term === record.term
  if (parent === null || parent.term >= record.term) return false
  if (body.head.term !== parent.term || body.head.index !== parent.index) return false
  const ballot = ballotBytes(genesisHash, record.term, body.leader, body.head)
  const signed = new Map(body.votes.map((vote) => [vote.voter, vote.signature]))
  return isMajority(voters, (voter) => {
    const signature = signed.get(voter)
    return signature !== undefined && signer.verify(voter, ballot, signature)
  })
}
