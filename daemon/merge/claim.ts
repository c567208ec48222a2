// The claim under which a machine lands on a branch: a resource of the ledger, so two machines never do at once. It is the daemon's own,
// for one run; what a daemon that died has left is ended by the next run on its machine.
import { setTimeout as delay } from 'node:timers/promises'
import {
  asSessionId,
  landingResource,
  SkeinError,
  type ClaimId,
  type LedgerClaim,
  type Party,
  type PeerId,
  type QueueId,
} from '../../protocol/index.ts'
import type { ClaimCommand } from '../core/claims/command.ts'
import type { Clock } from '../ports.ts'
import { hostOf, type Repo } from '../repos.ts'
import type { Sessions } from '../sessions.ts'
import { submit } from '../submit.ts'

export interface Claimant {
  readonly self: PeerId
  readonly machine: string
  readonly clock: Clock
  readonly sessions: Pick<Sessions, 'noteActivity'>
}

export interface TargetClaim {
  readonly party: Party
  readonly fence: number
  /** Does a majority say that it lives? */
  isLive(): Promise<boolean>
  end(): Promise<void>
}

const SESSION = 'landing'
const LOOK_MS = 100
/** Less than the shortest `idle_release`. */
const STILL_HERE_MS = 20_000

/** @throws SkeinError CLAIM_CONFLICT: another lands there, NO_QUORUM */
export async function takeTarget(
  claimant: Claimant,
  repo: Repo,
  target: string,
  waitSeconds: number,
): Promise<TargetClaim> {
  const host = hostOf(repo)
  await endLeftovers(claimant, repo, target)
  const party = partyOf(claimant, target)
  const note = (): void => {
    claimant.sessions.noteActivity(party.session, null)
  }
  note()
  const outcome = await submit(host, commandOf(claimant, repo, party, target, waitSeconds))
  if (outcome.kind === 'queued') await awaitTurn(claimant, repo, party, outcome.entry.id)
  else if (outcome.kind !== 'granted') throw taken(repo, target)
  const own = claimsOn(repo, target).find(({ session }) => session === party.session)
  if (own === undefined) throw taken(repo, target)
  const timer = setInterval(note, STILL_HERE_MS).unref()
  const { id, fence } = own
  return {
    ...{ party, fence },
    async isLive() {
      const asked = { kind: 'verify', party, ids: [id], fences: { [id]: fence } } as const
      const told = await submit(host, asked)
      return told.kind === 'verified' && told.claims.every(({ live }) => live)
    },
    async end() {
      clearInterval(timer)
      await endAll(repo, [id])
    },
  }
}

/** Nobody of this machine lands there when this is called: what is there was left behind. */
export async function endLeftovers(
  { self }: Pick<Claimant, 'self'>,
  repo: Repo,
  target: string | null,
): Promise<void> {
  const isOurs = ({ peer, session }: LedgerClaim): boolean =>
    peer === self && session.startsWith(`${SESSION}-`)
  const left = claimsOn(repo, target).filter(isOurs)
  if (left.length > 0)
    await endAll(
      repo,
      left.map(({ id }) => id),
    )
}

function claimsOn(repo: Repo, target: string | null): readonly LedgerClaim[] {
  const claims = [...hostOf(repo).loop.view().state.claims.values()]
  return claims.filter(
    ({ kind, pattern }) =>
      kind === 'resource' &&
      (target === null
        ? pattern.startsWith(landingResource(''))
        : pattern === landingResource(target)),
  )
}

async function endAll(repo: Repo, ids: readonly ClaimId[]): Promise<void> {
  await submit(hostOf(repo), { kind: 'end', ids, reason: 'session-ended' })
}

function partyOf({ self, machine, clock }: Claimant, target: string): Party {
  // Of its own for each run: what is answered late is another's then.
  const session = asSessionId(`${SESSION}-${String(clock.wall())}-${target}`)
  return {
    ...{ agent: `landing@${machine}`, agentGiven: true, session },
    ...{ peer: self, machine, branch: target },
  }
}

function commandOf(
  { clock }: Claimant,
  { config }: Repo,
  party: Party,
  target: string,
  waitSeconds: number,
): ClaimCommand {
  const pattern = landingResource(target)
  return {
    ...{ kind: 'claim', party, key: null, urgency: 'normal', waitSeconds },
    scopes: [{ kind: 'resource', pattern, symbols: [], mode: 'exclusive' }],
    terms: {
      ...{ description: `lands on ${target}`, narrowable: false, ttlSeconds: null },
      ...{ ttlDefaultSeconds: config.ttl.default, ttlSharedSeconds: config.ttl.shared },
      claimsPerAgent: 0,
    },
    stamp: { wallMs: clock.wall(), boot: clock.boot, uptimeMs: clock.uptime() },
  }
}

/** Until the place in the queue became a claim, or was lost. */
async function awaitTurn(
  { sessions }: Claimant,
  repo: Repo,
  { session }: Party,
  place: QueueId,
): Promise<void> {
  for (;;) {
    sessions.noteActivity(session, null)
    if (!hostOf(repo).loop.view().state.queue.has(place)) return
    await delay(LOOK_MS, undefined, { ref: false })
  }
}

function taken(repo: Repo, target: string): SkeinError {
  const holder = claimsOn(repo, target)[0]
  const who = holder === undefined ? 'another machine' : holder.machine
  return new SkeinError('CLAIM_CONFLICT', `${who} lands on ${target} now`, {
    hint: 'Try again once it is done: skein merge',
    data: { claim: holder?.id ?? null, machine: holder?.machine ?? null },
  })
}
