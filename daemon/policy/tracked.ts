// The policy that a repository tracks: `.skein.yml` as the default branch has it, proposed to the ledger when it changed. What
// stands in a working tree, or on another branch, decides nothing: whoever works there is who the policy is about.
import { SkeinError } from '../../protocol/index.ts'
import type { Checkout } from '../git.ts'
import type { History } from '../git-history.ts'
import type { Log } from '../log.ts'
import type { Clock } from '../ports.ts'
import type { Repo } from '../repos.ts'
import { findPolicyBranch, POLICY_FILE } from './default-branch.ts'
import { isConfigError, readPolicy } from './read.ts'
import { propose, whyAnother, type TakeUp } from './take-up.ts'

export interface TrackedPolicy {
  /** Sees to it that the ledger has what the default branch said a moment ago. Never throws: claims go on by what it knew. */
  look(repo: Repo, checkout: Checkout | null): Promise<void>
  /** As `look`, but now. @returns why it is not what the default branch says that rules; null: it is. */
  lookNow(repo: Repo, checkout: Checkout | null): Promise<string | null>
}

export interface TrackedOptions {
  readonly history: History
  readonly clock: Clock
  readonly log: Log
}

/** A look costs git four short runs, and a walk through its history when the branch has moved. */
const LOOK_AGAIN_MS = 10_000
/** What a majority takes up, it takes up in a moment; who cannot reach one goes on by what is known. */
const TAKE_UP_MS_MAX = 1_000

interface Look extends TakeUp {
  at: number
  /** The commit of the branch up to which the history was read. */
  tip: string
  problem: string | null
  reading: Promise<void> | null
}

export function createTrackedPolicy({ history, clock, log }: TrackedOptions): TrackedPolicy {
  const looks = new Map<string, Look>()

  function refresh(repo: Repo, checkout: Checkout, look: Look): Promise<void> {
    look.reading ??= read(repo, checkout, look).finally(() => {
      look.at = clock.uptime()
      look.reading = null
    })
    return look.reading
  }

  async function read({ host, id }: Repo, checkout: Checkout, look: Look): Promise<void> {
    if (host === null) return
    try {
      await readBranch(checkout, look)
      propose(host, look, (error) => {
        warn(id, error)
      })
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error
      // A file that cannot be read changes nothing.
      look.problem = isConfigError(error) ? error.message : null
      warn(id, error)
    }
  }

  function warn(id: string, error: unknown): void {
    const code = error instanceof SkeinError ? error.code : null
    const message = error instanceof Error ? error.message : String(error)
    log.warn(
      { repo: id, code, error: message },
      'the policy of the default branch was not taken up',
    )
  }

  async function readBranch(checkout: Checkout, look: Look): Promise<void> {
    const branch = await findPolicyBranch(history, checkout)
    if (branch === null || branch.tip === look.tip) return
    const found = await history.lastChange(checkout, branch.tip, POLICY_FILE)
    look.tip = branch.tip
    look.file = null
    look.problem = null
    if (found === null) return
    const policy = readPolicy(`${POLICY_FILE} of ${branch.name}`, found.text ?? '')
    look.file = { policy, source: { kind: 'file', commit: found.commit, atMs: found.atMs } }
  }

  return {
    async look(repo, checkout) {
      if (checkout === null) return
      const look = lookOf(looks, repo)
      const isFirst = look.at === Number.NEGATIVE_INFINITY
      if (!isFirst && clock.uptime() - look.at < LOOK_AGAIN_MS) return
      const done = refresh(repo, checkout, look)
      // Later looks are about changes, which need not be known to the moment.
      if (!isFirst) return
      await done
      await atMost(TAKE_UP_MS_MAX, look.proposing)
    },
    async lookNow(repo, checkout) {
      const look = lookOf(looks, repo)
      if (checkout !== null) await refresh(repo, checkout, look)
      await atMost(TAKE_UP_MS_MAX, look.proposing)
      return look.problem ?? (repo.host && whyAnother(repo.host.loop.view().state.policy, look))
    },
  }
}

function lookOf(looks: Map<string, Look>, { id }: Repo): Look {
  const known = looks.get(id)
  if (known !== undefined) return known
  const fresh: Look = {
    ...{ at: Number.NEGATIVE_INFINITY, tip: '', answered: '' },
    ...{ file: null, problem: null, reading: null, proposing: null },
  }
  looks.set(id, fresh)
  return fresh
}

async function atMost(ms: number, work: Promise<void> | null): Promise<void> {
  if (work === null) return
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, late]).finally(() => {
    clearTimeout(timer)
  })
}
