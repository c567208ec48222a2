// Is what was read a record's body? Asked before anything is known of who wrote it.
import type { RecordBody } from './body.ts'

/**
 * Has the value the shape of a body, of whatever kind? The kinds that decide which records count are looked at in full: they
 * are read before anything is known of who wrote them.
 */
export function isBody(value: unknown): value is RecordBody {
  if (!isObject(value) || typeof value['kind'] !== 'string') return false
  switch (value['kind']) {
    case 'genesis':
    case 'config':
      return isVoters(value['voters'])
    case 'term-start':
      return isTermStart(value)
    case 'checkpoint':
      return isCheckpoint(value)
    default:
      return true
  }
}

function isTermStart({ voters, leader, votes, head }: Fields): boolean {
  const hasVotes =
    Array.isArray(votes) &&
    votes.every(
      (vote) =>
        isObject(vote) &&
        typeof vote['voter'] === 'string' &&
        typeof vote['signature'] === 'string',
    )
  const hasHead =
    isObject(head) && Number.isInteger(head['term']) && Number.isInteger(head['index'])
  return isVoters(voters) && typeof leader === 'string' && hasVotes && hasHead
}

function isCheckpoint({ voters, leader, part, parts, data }: Fields): boolean {
  const isPart =
    typeof part === 'number' && typeof parts === 'number' && Number.isInteger(part) && part >= 1
  const isLed = leader === null || typeof leader === 'string'
  return isPart && part <= parts && isVoters(voters) && isLed && typeof data === 'string'
}

function isVoters(value: unknown): boolean {
  return (
    Array.isArray(value) && value.length > 0 && value.every((voter) => typeof voter === 'string')
  )
}

type Fields = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
