// May a machine go? Not where it leaves a ledger without a majority of voters that can be reached: nothing could be decided
// there any more, not even who votes instead.
import { SkeinError, type LedgerState, type PeerId } from '../../protocol/index.ts'
import { votersKnown } from '../absence.ts'
import { majorityOf } from '../core/consensus/quorum.ts'
import type { LedgerHost } from '../ledger-host.ts'
import { membersOf } from './members.ts'

export interface LeavableOptions {
  /** Of the mesh ledger. */
  readonly state: LedgerState
  /** Every ledger that this machine serves. */
  readonly ledgers: readonly { readonly name: string; readonly host: LedgerHost }[]
  /** This machine itself can. */
  readonly isReachable: (peer: PeerId) => boolean
}

/** @throws SkeinError MEMBER_LAST_VOTER, MEMBER_NEEDED */
export function requireLeavable(options: LeavableOptions, peer: PeerId): void {
  requireReplaceable(options.state, peer)
  requireServed(options, peer)
  for (const { name, host } of options.ledgers) requireMajority(options, peer, name, host)
}

/** No ledger may be left to machines that may not decide in it. */
export function requireReplaceable(state: LedgerState, peer: PeerId): void {
  for (const repo of state.repos.values()) {
    const { willing, copies } = membersOf(state, repo.repo)
    const isOnly = willing.length === 1 && willing[0] === peer && copies.length > 1
    if (!isOnly) continue
    const others = copies
      .filter((one) => one !== peer)
      .map((one) => state.members.get(one)?.machine ?? one)
    throw new SkeinError(
      'MEMBER_LAST_VOTER',
      `it alone decides in ${repo.repo}, which ${others.join(', ')} has too`,
      {
        hint: `skein member promote ${others[0] ?? 'MACHINE'}`,
        data: { repo: repo.repo, machines: others },
      },
    )
  }
}

/** Who votes in a ledger that is not served here is not known here. */
function requireServed({ state, ledgers }: LeavableOptions, peer: PeerId): void {
  for (const { repo } of state.repos.values()) {
    if (ledgers.some(({ name }) => name === repo)) continue
    const { willing, copies } = membersOf(state, repo)
    const others = copies.filter((one) => one !== peer)
    if (!willing.includes(peer) || others.length === 0) continue
    const named = (one: PeerId): string => state.members.get(one)?.machine ?? one
    throw new SkeinError(
      'MEMBER_NEEDED',
      `${named(peer)} may decide in ${repo}, and whether the rest could without it is not known on this machine`,
      {
        hint: `On ${others.map(named).join(' or ')}: skein member remove ${named(peer)}`,
        data: { ledger: repo, voters: willing.map(named), away: [] },
      },
    )
  }
}

function requireMajority(
  { state, isReachable }: LeavableOptions,
  peer: PeerId,
  name: string,
  { loop }: LedgerHost,
): void {
  const voters = votersKnown(loop.engine())
  const repo = [...state.repos.values()].find((one) => one.repo === name) ?? null
  const { willing, copies } = membersOf(state, repo?.repo ?? null)
  // It goes with its only machine; and who alone may vote in the mesh is told so by the mesh ledger.
  const isElsewhere = repo === null ? willing.some((one) => one !== peer) : copies.length > 1
  if (!voters.includes(peer) || !isElsewhere) return
  const left = voters.filter((voter) => voter !== peer)
  const away = left.filter((voter) => !isReachable(voter))
  if (left.length - away.length >= majorityOf(voters)) return
  const named = (one: PeerId): string => state.members.get(one)?.machine ?? one
  const who = away.map(named)
  const missing = who.length === 0 ? '' : `, and ${who.join(', ')} cannot be reached`
  throw new SkeinError(
    'MEMBER_NEEDED',
    `without ${named(peer)} no majority of the voters of ${name} is left: ${voters.map(named).join(', ')}${missing}`,
    {
      hint: hintFor(named(peer), { away: who, willing, voters, isThere: isReachable(peer), peer }),
      data: { ledger: name, voters: voters.map(named), away: who },
    },
  )
}

function hintFor(
  machine: string,
  {
    away,
    willing,
    voters,
    isThere,
    peer,
  }: {
    readonly away: readonly string[]
    readonly willing: readonly PeerId[]
    readonly voters: readonly PeerId[]
    readonly isThere: boolean
    readonly peer: PeerId
  },
): string {
  if (!isThere) return `If ${machine} is gone for good: skein recover --accept-loss`
  const [first] = away
  if (first !== undefined) return `Wake ${first}, or remove it first: skein member remove ${first}`
  if (willing.every((one) => one === peer))
    return 'skein member promote a machine that has it, and again when skein leader shows its vote'
  return voters.length === 1 && willing.includes(peer)
    ? `skein member demote ${machine}, and again when skein leader shows another voter`
    : 'Wait until the voters have changed: skein leader'
}
