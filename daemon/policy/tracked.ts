// The policy that a repository tracks: `.skein.yml` as the default branch has it, proposed to the ledger when it changed. What
// stands in a working tree, or on another branch, decides nothing: whoever works there is who the policy is about.
import { SkeinError } from '../../protocol/index.ts'
import type { Checkout } from '../git.ts'
import type { History } from '../git-history.ts'
import type { Log } from '../log.ts'
import type { Clock } from '../ports.ts'
import type { Repo } from '../repos.ts'
import { submit } from '../submit.ts'
import { findPolicyBranch, POLICY_FILE } from './default-branch.ts'
import { isConfigError, readPolicy } from './read.ts'

export interface TrackedPolicy {
  /** Sees to it that the ledger has what the default branch said a moment ago. Never throws: claims go on by what it knew. */
  look(repo: Repo, checkout: Checkout | null): Promise<void>
  /** As `look`, but now. @returns what is wrong with the file; null: nothing. */
  lookNow(repo: Repo, checkout: Checkout | null): Promise<string | null>
}

export interface TrackedOptions {
  readonly history: History
  readonly clock: Clock
  readonly log: Log
}

/** A look costs git four short runs. */
const LOOK_AGAIN_MS = 10_000

interface Look {
  at: number
  /** The commit that was read last, or found to be unreadable. */
  seen: string
  problem: string | null
  under: Promise<void> | null
}

export function createTrackedPolicy({ history, clock, log }: TrackedOptions): TrackedPolicy {
  const looks = new Map<string, Look>()

  function lookOf({ id }: Repo): Look {
    const known = looks.get(id)
    if (known !== undefined) return known
    const fresh: Look = { at: Number.NEGATIVE_INFINITY, seen: '', problem: null, under: null }
    looks.set(id, fresh)
    return fresh
  }

  function refresh(repo: Repo, checkout: Checkout, look: Look): Promise<void> {
    look.under ??= read(repo, checkout, look).finally(() => {
      look.at = clock.uptime()
      look.under = null
    })
    return look.under
  }

  async function read(repo: Repo, checkout: Checkout, look: Look): Promise<void> {
    const { host, id } = repo
    if (host === null) return
    try {
      const branch = await findPolicyBranch(history, checkout)
      if (branch === null) return
      const found = await history.lastChange(checkout, branch.tip, POLICY_FILE)
      if (found === null || found.commit === look.seen) return
      look.problem = null
      const policy = readPolicy(`${POLICY_FILE} of ${branch.name}`, found.text ?? '')
      const source = { kind: 'file', commit: found.commit, atMs: found.atMs } as const
      await submit(host, { kind: 'set-policy', policy, source })
      look.seen = found.commit
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error
      // Without a majority it is tried again at the next look; a file that cannot be read changes nothing.
      look.problem = isConfigError(error) ? error.message : null
      log.warn(
        { repo: id, code: error.code, error: error.message },
        'the policy of the default branch was not taken up',
      )
    }
  }

  return {
    async look(repo, checkout) {
      if (checkout === null) return
      const look = lookOf(repo)
      const isFirst = look.at === Number.NEGATIVE_INFINITY
      if (!isFirst && clock.uptime() - look.at < LOOK_AGAIN_MS) return
      const done = refresh(repo, checkout, look)
      // Later looks are about changes, which need not be known to the moment.
      if (isFirst) await done
    },
    async lookNow(repo, checkout) {
      const look = lookOf(repo)
      if (checkout !== null) await refresh(repo, checkout, look)
      return look.problem
    },
  }
}
