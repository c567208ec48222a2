// The door to git for one question: which tracked files hold a word? Only the word is said to git, as it stands and after
// `-e`, so that nothing in it can mean anything to git; no filter of the repository runs.
import { createRunner } from './git-process.ts'
import type { Checkout } from './git.ts'

/** Throws as those of git.ts do. */
export interface Grep {
  /** Tracked text files that hold it as a whole word, from the root; as they lie on the disk. */
  filesWith(checkout: Checkout, word: string, signal: AbortSignal): Promise<readonly string[]>
}

/** @param env the environment to start git in, before it is cleaned. */
export function createGrep(env: Readonly<Record<string, string | undefined>>): Grep {
  const run = createRunner(env)
  return {
    async filesWith({ root }, word, signal) {
      // Signs that git takes for the edge of a word belong to names of some languages.
      const edges = /^\w+$/.test(word) ? ['-w'] : []
      const how = ['--no-color', '--no-textconv', '--no-recurse-submodules', '-I', '-F', '-l', '-z']
      const args = ['grep', '--threads=1', ...how, ...edges, '-e', word, '--', '.']
      const answer = await run(root, args, { signal, answerExit: 1 })
      return (answer ?? '').split('\0').filter((file) => file !== '')
    },
  }
}
