// Where a session begins, and where it ends: a few lines of context, and everything given back.
import {
  SkeinError,
  type HookVerdict,
  type LedgerClaim,
  type Party,
  type QueueEntry,
  expiresAtMs,
} from '../../protocol/index.ts'
import { release } from '../operations/claims.ts'
import type { Parts } from '../operations/context.ts'
import { hostOf, type Repo, type RepoAt } from '../repos.ts'
import { callAt, claimsOf, placeAt, type HookCaller } from './caller.ts'
import { endWaits } from './waiting/ending.ts'
import { enrolledAt } from './places.ts'
import type { Asked } from './asked.ts'
import { listed, scopeName, timeText } from './words.ts'

const NOTHING: HookVerdict = { decision: 'allow', reason: '', notes: [] }
/** Of the lines that a session starts with; notices come before the rest. */
export const START_LINES_MAX = 5

export async function beginSession(parts: Parts, asked: Asked): Promise<HookVerdict> {
  const { caller, folder } = asked
  const at = folder === null ? null : await enrolledAt(parts.repos, folder)
  if (at === null) return NOTHING
  const party = await parts.callers.party(callAt(caller, at), caller.context, placeAt(at))
  const { state } = hostOf(at.repo).loop.view()
  const own = claimsOf(parts, at.repo, party.session)
  const others = [...state.claims.values()].filter(({ session, peer }) => {
    return session !== party.session || peer !== party.peer
  })
  const waits = [...state.queue.values()].filter(({ party: { session, peer } }) => {
    return session === party.session && peer === party.peer
  })
  const notes = [
    introduction(at, party),
    ...ownLine(own),
    ...waitsLine(waits),
    ...othersLine(others),
  ]
  return { ...NOTHING, notes }
}

function introduction({ repo }: RepoAt, { agent }: Party): string {
  return `skein coordinates who writes what in ${repo.id}; this session is ${agent}. Its edits claim their files by themselves; one that another session holds is refused, with what to do.`
}

/** After a resume or a compaction the model does not remember it. */
function ownLine(own: readonly LedgerClaim[]): readonly string[] {
  if (own.length === 0) return []
  const names = own.map((claim) => `${scopeName(claim)} (until ${timeText(expiresAtMs(claim))})`)
  return [`skein: this session holds ${listed(names)}.`]
}

function waitsLine(waits: readonly QueueEntry[]): readonly string[] {
  if (waits.length === 0) return []
  const names = waits.map(({ id, scopes }) => `${listed(scopes.map(scopeName))} (${id})`)
  return [`skein: this session waits for ${listed(names)}.`]
}

function othersLine(others: readonly LedgerClaim[]): readonly string[] {
  if (others.length === 0) return []
  const newest = others.toSorted((a, b) => b.grantedAtMs - a.grantedAtMs)
  const names = newest.map((claim) => `${scopeName(claim)} (${claim.agent})`)
  return [`skein: others hold ${listed(names)}.`]
}

/** Gives back what the session holds, wherever. Not of a run that was parked: it ends only to be resumed. */
export async function endSession(parts: Parts, { caller }: Asked): Promise<HookVerdict> {
  if (parts.guard.waits.parked(caller.session) !== null) return NOTHING
  const failed: SkeinError[] = []
  try {
    await endWaits(parts, caller.session)
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error
    failed.push(error)
  }
  for (const repo of parts.repos.all()) {
    if (!holdsIn(parts, repo, caller)) continue
    try {
      const fields = { ...caller.fields, repo: repo.id }
      await release(parts, { ...fields, this_session: true }, caller.context)
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error
      failed.push(error)
    }
  }
  return { ...NOTHING, notes: failed.map(({ message }) => `skein: ${message}`) }
}

function holdsIn(parts: Parts, repo: Repo, { session }: HookCaller): boolean {
  if (repo.host === null) return false
  const { loop } = repo.host
  const isOwn = (party: Pick<Party, 'session' | 'peer'>): boolean =>
    party.session === session && party.peer === parts.about.peer
  const noted = [...loop.engine().ownProvisionals.values()]
  return (
    [...loop.view().state.claims.values()].some(isOwn) ||
    noted.some(({ claim }) => isOwn(claim.party))
  )
}
