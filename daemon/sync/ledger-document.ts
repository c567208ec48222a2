// The document of a ledger, as its daemon has it.
import type { LedgerHost } from '../ledger-host.ts'
import type { SyncDocument } from './document.ts'

/** @param hostNow the ledger that is served under this name now; another one, or none, after it was begun anew. */
export function ledgerDocument(host: LedgerHost, hostNow: () => LedgerHost | null): SyncDocument {
  return {
    diff: (stateVector) => host.loop.engine().consensus.document.diff(stateVector),
    states: () => [],
    follow({ onUpdate, onAnew }) {
      const end = host.feed.follow({ onUpdate, onAnew, onMark: ignore, onStep: ignore })
      const look = setInterval(() => {
        if (hostNow() !== host) onAnew()
      }, LOOK_MS)
      look.unref()
      return () => {
        clearInterval(look)
        end()
      }
    },
  }
}

/** A ledger that comes in another's place is a matter of minutes of a person's time. */
const LOOK_MS = 1_000

function ignore(): void {
  // What is committed is told on the presence document.
}
