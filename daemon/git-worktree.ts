// The door to git, beside git.ts: what has changed in a worktree, and what git looks past there. No content is compared, so
// that no filter of the repository runs: a file whose stamp differs from the index counts as changed.
import { withoutFilters } from './git-filters.ts'
import { createRunner, type RunOptions } from './git-process.ts'
import type { Checkout } from './git.ts'

/** All of these throw SkeinError as those of git.ts do. Paths are from the root. */
export interface Worktree {
  /** Which of these are ignored; tracked ones never are. */
  ignored(checkout: Checkout, files: readonly string[]): Promise<ReadonlySet<string>>
  /** Tracked files that differ from the last commit, in the index or on the disk. */
  changed(checkout: Checkout): Promise<readonly string[]>
  /** Files that git does not know and does not ignore. */
  untracked(checkout: Checkout): Promise<readonly string[]>
}

/** @param env the environment to start git in, before it is cleaned. */
export function createWorktree(env: Readonly<Record<string, string | undefined>>): Worktree {
  const run = createRunner(env)
  const paths = async (
    { root }: Checkout,
    args: readonly string[],
    options: Omit<RunOptions, 'signal'> = {},
  ): Promise<readonly string[]> => {
    const answer = await run(root, args, { signal: undefined, ...options })
    return (answer ?? '').split('\0').filter((file) => file !== '')
  }
  return {
    async ignored(checkout, files) {
      const found = new Set<string>()
      for (let at = 0; at < files.length; at += AT_ONCE) {
        const some = files.slice(at, at + AT_ONCE)
        // It exits with 1, and says nothing, when none is. A name that it would quote is told as it is by no option.
        const args = ['-c', 'core.quotePath=false', 'check-ignore', '--', ...some]
        const answer = await run(checkout.root, args, { signal: undefined, refusals: /^$/ })
        for (const file of (answer ?? '').split('\n')) if (file !== '') found.add(file)
      }
      return found
    },
    async changed(checkout) {
      const variables = await withoutFilters(run, checkout.root, undefined)
      const onDisk = await paths(checkout, ['diff-files', '--name-only', '-z'], { variables })
      const staged = ['diff-index', '--cached', '--name-only', '-z', 'HEAD', '--']
      // Before the first commit there is no HEAD.
      const refusals = /bad revision|unknown revision/
      const inIndex = await paths(checkout, staged, { refusals })
      return [...new Set([...onDisk, ...inIndex])]
    },
    untracked: (checkout) => paths(checkout, ['ls-files', '-z', '--others', '--exclude-standard']),
  }
}

/** Far below what one command line holds. */
const AT_ONCE = 200
