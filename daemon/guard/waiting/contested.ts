// An edit of what another holds: it gets a place in the queue, which outlives the hook. Then the hook waits there as long as
// it may, or its run is parked, or its session is refused and told later.
import {
  asQueueId,
  asSessionId,
  DEFAULTS,
  type OperationResult,
  type Party,
  type QueueEntry,
} from '../../../protocol/index.ts'
import { patiently, type Parts } from '../../operations/context.ts'
import { hostOf, type RepoAt } from '../../repos.ts'
import { submit } from '../../submit.ts'
import { claimFor, type Wanted } from '../claiming.ts'
import { recordOwn } from '../../own-events.ts'
import type { Asked } from '../asked.ts'
import type { KeptWait } from './waits.ts'
import { listed, scopeName } from '../words.ts'

export type Line =
  | { readonly kind: 'granted'; readonly notes: readonly string[] }
  | {
      readonly kind: 'waits'
      readonly id: KeptWait['id']
      readonly result: OperationResult<'claim'>
    }
  /** Its run ends here, and goes on when somebody resumes it. */
  | { readonly kind: 'parked'; readonly what: string }
  /** No place was to be had. */
  | { readonly kind: 'none'; readonly why: string | null }

const NOT_GRANTED = 'It was waited for, and the wait ended without a grant.'

interface Contest {
  readonly party: Party
  readonly wanted: Wanted
  /** From the root. */
  readonly files: readonly string[]
}

export async function standInLine(
  parts: Parts,
  asked: Asked,
  at: RepoAt,
  contest: Contest,
): Promise<Line> {
  const { wanted } = contest
  const isParked = mayPark(asked)
  const seconds = isParked ? DEFAULTS.parkedWaitSeconds : DEFAULTS.waitSecondsMax
  const claimed = await claimFor(parts, asked.caller, at, wanted, seconds)
  if (claimed.kind !== 'refused') return withoutPlace(claimed)
  const { result } = claimed
  if (result.queue === null || result.queue.ended !== null) return { kind: 'none', why: null }
  const { queue } = hostOf(at.repo).loop.view().state
  const entry = queue.get(asQueueId(result.queue.id))
  // It was granted, or lost, before anybody could look.
  if (entry === undefined) return again(parts, asked, at, wanted)
  const wait = keptFor(asked, at, contest, entry)
  parts.guard.waits.keep(wait)
  if (isParked) return park(parts, asked, at, wait)
  const isGranted = await waitHere(parts, asked, at, wait)
  if (isGranted) return again(parts, asked, at, wanted)
  const isLost = !hostOf(at.repo).loop.view().state.queue.has(wait.id)
  return isLost ? { kind: 'none', why: NOT_GRANTED } : { kind: 'waits', id: wait.id, result }
}

/** A part of a session cannot be parked: its harness would end it without a word. */
function mayPark({ contested, isHeadless, call }: Asked): boolean {
  return contested === 'defer' && isHeadless && call.subagent === null
}

function withoutPlace(
  claimed: Exclude<Awaited<ReturnType<typeof claimFor>>, { kind: 'refused' }>,
): Line {
  if (claimed.kind === 'granted') return claimed
  return { kind: 'none', why: claimed.reason }
}

/** What was waited for is there now, or somebody was quicker. */
async function again(parts: Parts, asked: Asked, at: RepoAt, wanted: Wanted): Promise<Line> {
  const claimed = await claimFor(parts, asked.caller, at, wanted)
  return claimed.kind === 'refused' ? { kind: 'none', why: null } : withoutPlace(claimed)
}

function keptFor(
  { caller }: Asked,
  { repo }: RepoAt,
  { party, files }: Contest,
  { id, claimIds, scopes }: QueueEntry,
): KeptWait {
  const what = listed(scopes.map(scopeName))
  const { agent } = party
  return { id, repo: repo.id, session: caller.session, agent, what, files, claims: claimIds }
}

function park(parts: Parts, { caller, call }: Asked, { repo }: RepoAt, wait: KeptWait): Line {
  const { guard, sessions, clock } = parts
  // Two hooks of one call, or the same call again: it was told.
  const isKnown = guard.waits.parked(caller.session)?.wait.id === wait.id
  const heldMs = (DEFAULTS.parkedWaitSeconds + DEFAULTS.grantUnusedSeconds) * 1000
  const untilMs = clock.wall() + heldMs
  guard.waits.park({ session: caller.session, wait, toolUse: call.toolUse, untilMs })
  sessions.hold(asSessionId(caller.session), clock.uptime() + heldMs)
  const facts = { queue: wait.id, tool_use: call.toolUse, tool: call.tool, what: wait.what }
  if (!isKnown) recordOwn(parts, repo, 'guard.deferred', wait, facts)
  return { kind: 'parked', what: wait.what }
}

/** A hook that is ended while it waits gives the place up: nobody would hear of the grant. */
async function waitHere(
  parts: Parts,
  { caller, patientUntilMs }: Asked,
  { repo }: RepoAt,
  wait: KeptWait,
): Promise<boolean> {
  const patienceMs = patientUntilMs - parts.clock.uptime()
  if (patienceMs <= 0) return false
  const { session, context } = caller
  const { signal } = context
  const { waits } = parts.guard
  const isGranted = await patiently(parts, asSessionId(session), () =>
    waits.wait({ session, ids: [wait.id], patienceMs, signal, isForTurn: false }),
  )
  if (!signal.aborted) return isGranted
  waits.leave(wait.id)
  await submit(hostOf(repo), { kind: 'end-waits', ids: [wait.id], reason: 'vanished' })
  return false
}
