// What is done for sessions whose wait has ended: whoever runs a parked one hears that it can go on, and what nobody takes
// up passes on to the next.
import { asSessionId, SkeinError, type ClaimId, type EndReason } from '../../../protocol/index.ts'
import type { Log } from '../../log.ts'
import type { Parts } from '../../operations/context.ts'
import { hostOf, type Repo } from '../../repos.ts'
import { submit } from '../../submit.ts'
import { claimsOf } from '../caller.ts'
import { endWaits } from './ending.ts'
import { recordOwn } from '../record.ts'
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
        () => {
          const { id, session, what } = wait
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
  return () => {
    waits.stop()
  }
}

/** Of a run that nobody has resumed, everything. */
async function giveBack(parts: Parts, wait: KeptWait, isRunOver: boolean): Promise<void> {
  const { session } = wait
  if (!isRunOver) return end(parts.repos.get(wait.repo), wait.claims, 'idle')
  parts.sessions.hold(asSessionId(session), 0)
  await endWaits(parts, session)
  for (const repo of parts.repos.all()) {
    if (repo.host === null) continue
    const claims = claimsOf(parts, repo, asSessionId(session))
    const ids = claims.map(({ id }) => id)
    if (ids.length > 0) await end(repo, ids, 'session-ended')
  }
}

async function end(repo: Repo, ids: readonly ClaimId[], reason: EndReason): Promise<void> {
  await submit(hostOf(repo), { kind: 'end', ids, reason })
}
