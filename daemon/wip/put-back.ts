// Puts kept work back into a worktree that somebody goes on in: whole and without a conflict, or not at all.
import { SkeinError } from '../../protocol/index.ts'
import type { Git } from '../git.ts'
import type { Worktree } from '../git-worktree.ts'
import type { Repo } from '../repos.ts'
import { writeReplay } from './restore.ts'
import type { Wip } from './wip.ts'

export interface PutBackTools {
  readonly wip: Wip
  readonly git: Pick<Git, 'findCheckout'>
  readonly worktree: Worktree
}

/** @returns whether it lies there now */
export async function putBack(
  { wip, git, worktree }: PutBackTools,
  repo: Repo,
  root: string,
  id: string,
): Promise<boolean> {
  const checkout = await git.findCheckout(root)
  const kept = (await wip.keeping.list(repo)).find((one) => one.id === id)
  if (checkout?.root !== root || kept?.commonDir !== checkout.commonDir) return false
  try {
    const replay = await wip.replays.replay(root, kept.commit, undefined)
    if (replay === null || replay.unmerged.length > 0) return false
    const put = await writeReplay({ ...wip, worktree }, checkout, replay, undefined)
    return put.failure === null
  } catch (error) {
    if (error instanceof SkeinError && error.code.startsWith('WIP_')) return false
    throw error
  }
}
