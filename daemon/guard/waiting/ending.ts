// The places in the queue of a session that is over.
import { asPeerId } from '../../../protocol/index.ts'
import type { Parts } from '../../operations/context.ts'
import { submit } from '../../submit.ts'

/** Gives up every place of this machine's session, wherever. @throws SkeinError NO_QUORUM */
export async function endWaits(parts: Parts, session: string): Promise<void> {
  parts.guard.waits.end(session)
  const peer = asPeerId(parts.about.peer)
  for (const { host } of parts.repos.all()) {
    if (host === null) continue
    const ids = [...host.loop.view().state.queue.values()]
      .filter(({ party }) => party.session === session && party.peer === peer)
      .map(({ id }) => id)
    if (ids.length > 0) await submit(host, { kind: 'end-waits', ids, reason: 'session-ended' })
  }
}
