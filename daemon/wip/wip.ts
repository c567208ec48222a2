// Kept work, put together: what keeps it, what holds it, what brings it back.
import { createGitObjects, type GitObjects } from '../git-objects.ts'
import { createKeptRefs, type KeptRefs } from '../git-kept.ts'
import { createReplays, type Replays } from '../git-replay.ts'
import { createSnapshots } from '../git-snapshot.ts'
import { createKeeping, type Keeping, type KeepingOptions } from './keeping.ts'

export interface Wip {
  readonly keeping: Keeping
  readonly refs: KeptRefs
  readonly objects: GitObjects
  readonly replays: Replays
}

/** @param env the environment to start git in, before it is cleaned. */
export function openWip(
  env: Readonly<Record<string, string | undefined>>,
  options: Omit<KeepingOptions, 'refs' | 'snapshots'>,
): Wip {
  const refs = createKeptRefs(env)
  return {
    keeping: createKeeping({ ...options, refs, snapshots: createSnapshots(env) }),
    refs,
    objects: createGitObjects(env),
    replays: createReplays(env),
  }
}
