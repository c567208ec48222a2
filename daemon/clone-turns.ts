// One after the other in a clone: a worktree that comes or goes while another process of git fetches there breaks that fetch (`fatal: bad
// object worktrees/…/HEAD`), for git looks at the heads of all worktrees.

const turns = new Map<string, Promise<unknown>>()

/** @param root the clone's root */
export async function inTurn<Result>(root: string, act: () => Promise<Result>): Promise<Result> {
  const before = turns.get(root) ?? Promise.resolve()
  const own = before.then(act, act)
  turns.set(root, own)
  try {
    return await own
  } finally {
    if (turns.get(root) === own) turns.delete(root)
  }
}
