// Large files: git-lfs uploads them in a hook of its own, to an address that it makes of the remote's; of one that is sent through
// the helper it can make none.
import type { UserGit } from '../git-user.ts'

/** Does git-lfs keep files of this clone: is its filter set up, and used by an attribute? */
export async function usesLfs(git: UserGit): Promise<boolean> {
  const filter = await git.run(['config', '--get', 'filter.lfs.process'])
  if (filter.code !== 0) return false
  const where = ['--', ':(top,glob)**/.gitattributes']
  const used = await git.run(['grep', '--quiet', '--untracked', '-F', '-e', 'filter=lfs', ...where])
  return used.code === 0
}
