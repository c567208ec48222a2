// Runs that an earlier daemon of this home parked. Their sessions are held again at once; what became of their places is looked
// up when the ledger here is known to be up to date, for a place that was granted meanwhile is not in a copy that lags.
import { asPeerId, asSessionId, SkeinError, type RepoId } from '../../../protocol/index.ts'
import type { Log } from '../../log.ts'
import type { Parts } from '../../operations/context.ts'
import { hostOf } from '../../repos.ts'
import { submit } from '../../submit.ts'
import type { KeptWait } from './waits.ts'

/** Without a majority nobody is granted anything either. */
const AGAIN_MS = 5_000

/** @returns what ends the looking; the next start takes it up. */
export function takeUpParked(parts: Parts, log: Log): () => void {
  const { guard, sessions, clock } = parts
  const stopping = new AbortController()
  const runs = guard.waits.runs()
  const leftMs = ({ untilMs }: { readonly untilMs: number }): number => untilMs - clock.wall()
  for (const run of runs)
    sessions.hold(asSessionId(run.session), clock.uptime() + Math.max(0, leftMs(run)))
  const over = AbortSignal.any([
    stopping.signal,
    ...(runs.length === 0 ? [] : [AbortSignal.timeout(Math.max(0, ...runs.map(leftMs)))]),
  ])
  const waits = runs.flatMap(({ session }) => guard.waits.of(session))
  for (const id of new Set(waits.map(({ repo }) => repo))) {
    const there = waits.filter(({ repo }) => repo === id)
    void lookUp(parts, log, id, there, over)
  }
  return () => {
    stopping.abort()
  }
}

async function lookUp(
  parts: Parts,
  log: Log,
  id: RepoId,
  waits: readonly KeptWait[],
  over: AbortSignal,
): Promise<void> {
  while (!(await isUpToDate(parts, log, id, waits))) {
    await pause(over)
    if (over.aborted) return
  }
  if (over.aborted) return
  const { claims, queue } = hostOf(parts.repos.get(id)).loop.view().state
  for (const wait of waits) {
    if (queue.has(wait.id)) continue
    const isGranted = wait.claims.some((claim) => claims.get(claim)?.session === wait.session)
    parts.guard.waits.over(wait.id, isGranted ? null : 'gone')
  }
}

function pause(over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      over.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, AGAIN_MS).unref()
    if (over.aborted) end()
    else over.addEventListener('abort', end)
  })
}

/** A leader's answer to anything is told here only when all is known that was decided before. */
async function isUpToDate(
  { repos, about }: Parts,
  log: Log,
  id: RepoId,
  waits: readonly KeptWait[],
): Promise<boolean> {
  const [first] = waits
  if (first === undefined) return true
  const { peer, machine } = about
  const party = {
    ...{ agent: first.agent, agentGiven: false, session: asSessionId(first.session) },
    ...{ peer: asPeerId(peer), machine, branch: null },
  }
  try {
    await submit(hostOf(repos.get(id)), { kind: 'verify', party, ids: [], fences: {} })
    return true
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error
    log.debug({ repo: id, code: error.code }, 'what parked runs wait for cannot be looked up yet')
    return false
  }
}
