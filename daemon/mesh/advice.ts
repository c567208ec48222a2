// When a person should change who may vote: nobody else does. Two machines that are there enough make three voters of one, or five
// of three; a voter that stays away for a week is better replaced; and voters have to reach each other.
import { isLoopback, type MemberState, type PeerId } from '../../protocol/index.ts'

/** What is known of a machine's presence. */
export interface Presence {
  readonly isOnline: boolean
  /** Among the last 72 hours. */
  readonly minutes: number
  /** It has no battery, by its own word, and so is not carried away or put to sleep. */
  readonly isAlwaysOn: boolean
  /** Milliseconds; null: not known. */
  readonly awayMs: number | null
}

export type Advice =
  | { readonly kind: 'promote'; readonly peer: PeerId }
  /** `by`: who would take its place. */
  | { readonly kind: 'replace'; readonly peer: PeerId; readonly by: PeerId | null }
  /** It votes, and says loopback alone where others are elsewhere: nobody there can dial it. */
  | { readonly kind: 'unreachable'; readonly peer: PeerId }

/** Of the last 72 hours. */
const STEADY_MINUTES = 24 * 60
const ALWAYS_ON_MINUTES = 10
const AWAY_MS = 7 * 24 * 3_600_000
const VOTERS_MAX = 5

/** @param members in the order in which they joined. */
export function adviseVoters(
  members: readonly MemberState[],
  self: PeerId,
  presenceOf: (peer: PeerId) => Presence,
): readonly Advice[] {
  const learners = members.filter(({ role }) => role === 'learner').map(({ peer }) => peer)
  const voters = members.filter(({ role }) => role === 'voter').map(({ peer }) => peer)
  const steady = learners.filter((peer) => peer === self || isSteady(presenceOf(peer)))
  const gone = voters.filter((peer) => peer !== self && isGone(presenceOf(peer)))
  const spare = [...steady]
  const replaced = gone.map((peer): Advice => ({
    kind: 'replace',
    peer,
    by: spare.shift() ?? null,
  }))
  // An even number would not help: one of them would have no vote.
  const wanted = voters.length % 2 === 1 ? 2 : 1
  const mayGrow = voters.length + wanted <= VOTERS_MAX && spare.length >= wanted
  const promoted = mayGrow ? spare.slice(0, wanted) : []
  return [
    ...replaced,
    ...promoted.map((peer): Advice => ({ kind: 'promote', peer })),
    ...unreachable(members).map((peer): Advice => ({ kind: 'unreachable', peer })),
  ]
}

function unreachable(members: readonly MemberState[]): readonly PeerId[] {
  const isSpread = members.some(({ addresses }) => !addresses.every(isLoopback))
  if (!isSpread) return []
  const hidden = members.filter(
    ({ role, addresses }) => role === 'voter' && addresses.every(isLoopback),
  )
  return hidden.map(({ peer }) => peer)
}

function isSteady({ isOnline, minutes, isAlwaysOn }: Presence): boolean {
  return isOnline && minutes >= (isAlwaysOn ? ALWAYS_ON_MINUTES : STEADY_MINUTES)
}

function isGone({ isOnline, awayMs }: Presence): boolean {
  return !isOnline && awayMs !== null && awayMs >= AWAY_MS
}
