// Waiting for what a daemon will say, and no longer than that.
import { setTimeout as delay } from 'node:timers/promises'
import { SkeinError } from '../../protocol/index.ts'

const LOOK_MS = 40
const PATIENCE_MS = 40_000

/**
 * Asks again until the answer is there; daemons that are not ready for it yet are asked again too.
 * @throws SkeinError DAEMON_FAILED when it does not come, INTERRUPTED
 */
export async function until<Value>(
  what: string,
  ask: () => Promise<Value | null | undefined | false>,
  signal: AbortSignal,
): Promise<Value> {
  const end = performance.now() + PATIENCE_MS
  let last: unknown = null
  while (performance.now() < end) {
    if (signal.aborted) throw new SkeinError('INTERRUPTED', 'Interrupted.')
    try {
      const answer = await ask()
      if (answer !== null && answer !== undefined && answer !== false) return answer
    } catch (error) {
      if (!(error instanceof SkeinError) || !PASSING.has(error.code)) throw error
      last = error
    }
    await delay(LOOK_MS)
  }
  const message = `It did not come about within ${String(PATIENCE_MS / 1000)} s that ${what}.`
  throw new SkeinError('DAEMON_FAILED', message, { cause: last, hint: 'skein demo' })
}

/** A daemon that starts again, or a ledger that has no leader yet. */
const PASSING: ReadonlySet<string> = new Set([
  ...['BUSY', 'DAEMON_DOWN', 'NO_QUORUM', 'PEER_UNREACHABLE', 'UNCERTAIN', 'REPO_UNKNOWN'],
])
