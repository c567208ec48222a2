// A sign of life during calls that wait, for clients that asked for one with a progress token: many start their time-out anew
// with each.
import type { ServerContext } from '@modelcontextprotocol/server'

/** Well below the 30 seconds and more after which clients give up. */
const EVERY_MS = 5_000

/** @returns what ends it. */
export function reportProgress(
  { _meta, notify, signal }: Pick<ServerContext['mcpReq'], '_meta' | 'notify' | 'signal'>,
  everyMs = EVERY_MS,
): () => void {
  const progressToken = _meta?.progressToken
  if (progressToken === undefined) return () => undefined
  const startedAt = performance.now()
  const timer = setInterval(() => {
    if (signal.aborted) return
    const progress = Math.round(performance.now() - startedAt) / 1000
    const params = { progressToken, progress, message: 'waiting' }
    // A client that is gone ends its calls by itself.
    notify({ method: 'notifications/progress', params }).catch(() => undefined)
  }, everyMs)
  return () => {
    clearInterval(timer)
  }
}
