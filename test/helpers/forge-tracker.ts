// A tracker that talks to a forge on loopback.
import { createTrackers } from '../../daemon/tracker/trackers.ts'
import type { PullRequests, Tracker } from '../../daemon/ports-tracker.ts'
import { asRepoId } from '../../protocol/index.ts'
import type { Cleaner } from './cleanup.ts'
import { ForgeServer, PROJECT } from './forge-server.ts'

export interface ForgeStand {
  readonly forge: ForgeServer
  readonly tracker: Tracker
  readonly pulls: PullRequests
  /** The wall clock of the tracker. */
  readonly clock: { nowMs: number }
  /** How long it waited for the forge to find out something. */
  readonly pauses: number[]
}

export async function openForgeTracker(
  cleaner: Cleaner,
  kind: ForgeServer['kind'],
  { token = true }: { readonly token?: boolean } = {},
): Promise<ForgeStand> {
  const forge = await ForgeServer.listen(cleaner, kind)
  const clock = { nowMs: Date.parse('2026-11-22T12:00:00Z') }
  const pauses: number[] = []
  const trackers = createTrackers({
    config: { tracker: { [PROJECT]: { kind, url: forge.url, token_env: 'SHOP_TOKEN' } } },
    env: token ? { SHOP_TOKEN: `${forge.token}\n` } : {},
    clock: { wall: () => clock.nowMs },
    pause: (ms) => {
      pauses.push(ms)
      return Promise.resolve()
    },
  })
  const tracker = trackers.of(asRepoId(PROJECT), null)
  const { pullRequests: pulls } = tracker
  if (pulls === null) throw new Error(`${kind} has pull requests`)
  return { forge, tracker, pulls, clock, pauses }
}
