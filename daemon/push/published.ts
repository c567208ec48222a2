// What is known here to be published: a remote says which commits it has by its present tips alone, and those that were never
// fetched say nothing to this clone. Its remote-tracking refs say what it had when it was last heard of.
import type { UserGit } from '../git-user.ts'

/**
 * Tips of what was published before, besides what the remote itself says now: those of the remote's own tracking refs, and of all
 * remotes where this one is empty or was never fetched from, for its first push brings what others have published.
 *
 * @param remote a remote's name, or an address.
 */
export async function publishedTips(
  git: UserGit,
  remote: string,
  { isEmpty }: { readonly isEmpty: boolean },
): Promise<readonly string[]> {
  // A remote that is given by its address has no refs of its own here.
  const isName = /^[\w][\w./-]*$/.test(remote)
  const own = isName && !isEmpty ? await tipsUnder(git, `refs/remotes/${remote}/`) : []
  return own.length > 0 ? own : tipsUnder(git, 'refs/remotes/')
}

async function tipsUnder(git: UserGit, folder: string): Promise<readonly string[]> {
  const text = await git.read(['for-each-ref', '--format=%(objectname)', folder])
  return [...new Set(text.split('\n').filter((line) => line !== ''))]
}
