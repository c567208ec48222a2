// What is done for sessions whose wait has ended: whoever runs a parked one hears that it can go on, and what nobody takes
// up passes on to the next.
import { asSessionId, SkeinError, type ClaimId, type LedgerClaim } from '../../../protocol/index.ts'
import type { Log } from '../../log.ts'
import type { Parts } from '../../operations/context.ts'
import { hostOf, type Repo } from '../../repos.ts'
import { submit } from '../../submit.ts'
import { claimsOf } from '../caller.ts'
import { endWaits } from './ending.ts'
import { takeUpParked } from './take-up.ts'
import { recordOwn } from '../../own-events.ts'
import type { KeptWait } from './waits.ts'

/** @returns what ends it. */
export function tendWaits(parts: Parts, log: Log): () => void {
  const { waits, notices } = parts.guard
  waits.tend({
    resumable(run, reason) {
      // After the event that it follows has been told to everybody.
      queueMicrotask(() => {
        const { wait, toolUse: tool_use } = run
        const facts = { queue: wait.id, tool_use, granted: reason === null, reason }
        recordOwn(parts, parts.repos.get(wait.repo), 'guard.resumable', wait, facts)
      })
    },
    unused(wait, wasParked) {
      giveBack(parts, wait, wasParked).then(
        (isGiven) => {
          const { id, session, what } = wait
          if (!isGiven) return
          log.info({ queue: id, session }, 'a grant was not taken up and passes on')
          notices.tell(session, `skein: ${what} was yours and was not edited, so it passed on.`)
        },
        (error: unknown) => {
          if (!(error instanceof SkeinError)) throw error
          // It ends with its session, or by its own time.
          log.warn({ queue: wait.id, code: error.code }, 'a grant could not be passed on yet')
        },
      )
    },
  })
  const endLooking = takeUpParked(parts, log)
  return () => {
    endLooking()
    waits.stop()
  }
}

/** Of a run that nobody has resumed, everything. @returns false: it was resumed after all */
async function giveBack(parts: Parts, wait: KeptWait, isRunOver: boolean): Promise<boolean> {
  if (!isRunOver) {
    const repo = parts.repos.get(wait.repo)
    const claims = claimsIn(repo, wait.claims)
    await keep(parts, repo, claims)
    await end(repo, claims)
    return true
  }
  const session = asSessionId(wait.session)
  const held = parts.repos.all().flatMap((repo) => {
    const claims = repo.host === null ? [] : claimsOf(parts, repo, session)
    return claims.length === 0 ? [] : [{ repo, claims }]
  })
  for (const { repo, claims } of held) await keep(parts, repo, claims)
  if (parts.guard.waits.parked(wait.session) === null) return false
  parts.sessions.hold(session, 0)
  await endWaits(parts, wait.session)
  for (const { repo, claims } of held) await end(repo, claims)
  return true
}

function claimsIn(repo: Repo, ids: readonly ClaimId[]): readonly LedgerClaim[] {
  const { claims } = hostOf(repo).loop.view().state
  return ids.flatMap((id) => claims.get(id) ?? [])
}

/** Nobody asked the session: what it has written there, by whatever program, must not be lost to the next holder. */
function keep({ wip }: Parts, repo: Repo, claims: readonly LedgerClaim[]): Promise<void> {
  return wip.keeping.keepLost(repo, claims, 'idle')
}

async function end(repo: Repo, claims: readonly LedgerClaim[]): Promise<void> {
  const ids = claims.map(({ id }) => id)
  if (ids.length > 0) await submit(hostOf(repo), { kind: 'end', ids, reason: 'idle' })
}
