// Which clone of a repository a daemon works in for others: worktrees of its own are made from it, and its `origin` is the remote.
import path from 'node:path'
import { SkeinError } from '../protocol/index.ts'
import type { Git } from './git.ts'
import type { History } from './git-history.ts'
import type { Repo } from './repos.ts'

export interface Clones {
  readonly home: string
  readonly git: Pick<Git, 'findCheckout' | 'originUrl'>
  readonly history: Pick<History, 'trunk'>
}

export interface Clone {
  readonly root: string
  /** The branch that work lands on. */
  readonly trunk: string
}

/** The clone itself rather than a worktree of it, and never a worker's. @throws SkeinError REPO_NOT_GIT */
export async function cloneOf({ home, git, history }: Clones, repo: Repo): Promise<Clone> {
  const own = path.join(home, 'worktrees') + path.sep
  const found = await Promise.all(
    repo.checkouts.filter((root) => !root.startsWith(own)).map((root) => git.findCheckout(root)),
  )
  const checkouts = found.flatMap((checkout) => checkout ?? [])
  const checkout = checkouts.find(({ isWorktree }) => !isWorktree) ?? checkouts[0]
  if (checkout === undefined)
    throw new SkeinError('REPO_NOT_GIT', `no clone of ${repo.id} is there any more`)
  if ((await git.originUrl(checkout)) === null)
    throw new SkeinError('REPO_NOT_GIT', `the clone of ${repo.id} has no remote 'origin'`)
  const trunk = await history.trunk(checkout, repo.config.default_branch)
  return { root: checkout.root, trunk: trunk?.branch ?? repo.config.default_branch ?? 'main' }
}
