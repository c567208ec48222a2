// Removes kept work whose time is over, or that takes too much room: at the start, and every hour. Its objects stay in the clone until
// git removes what nothing refers to.
import type { Config } from '../config.ts'
import type { KeptRefs } from '../git-kept.ts'
import type { Log } from '../log.ts'
import type { Clock } from '../ports.ts'
import type { Repos } from '../repos.ts'
import type { Keeping } from './keeping.ts'
import { collectable, retentionOf } from './note.ts'

export interface Collecting {
  /** Resolves when no clone is looked at any more. */
  stop(): Promise<void>
}

export interface CollectingOptions {
  readonly repos: Repos
  readonly keeping: Keeping
  readonly refs: KeptRefs
  readonly config: Pick<Config, 'retention'>
  readonly clock: Clock
  readonly log: Log
}

/** By the daemon's clock, which is looked at more often: a machine that slept is late at once. */
const EVERY_MS = 3_600_000
const LOOK_MS = 60_000

export function startCollecting(options: CollectingOptions): Collecting {
  const ending = new AbortController()
  let lastAt = options.clock.wall()
  let round = collectAll(options, ending.signal)
  const timer = setInterval(() => {
    if (options.clock.wall() - lastAt < EVERY_MS) return
    lastAt = options.clock.wall()
    round = round.then(() => collectAll(options, ending.signal))
  }, LOOK_MS).unref()
  return {
    async stop() {
      clearInterval(timer)
      ending.abort()
      await round
    },
  }
}

async function collectAll(options: CollectingOptions, signal: AbortSignal): Promise<void> {
  const { repos, keeping, refs, config, clock, log } = options
  for (const repo of repos.all()) {
    if (signal.aborted) return
    try {
      const all = await keeping.list(repo, signal)
      for (const root of new Set(all.map((kept) => kept.root))) {
        const here = all.filter((kept) => kept.root === root)
        const over = collectable(here, retentionOf(config.retention), clock.wall())
        for (const { work, why } of over) {
          await refs.drop(root, work.id, work.commit)
          log.info(
            { repo: repo.id, wip: work.id, commit: work.commit, why },
            'kept work was removed',
          )
        }
      }
    } catch (error) {
      // What is kept too long does no harm; the next round tries again.
      log.warn({ repo: repo.id, error: String(error) }, 'kept work could not be looked through')
    }
  }
}
