// What a clone's own configuration says, and which files git keeps. Beside git.ts, for those who wire a checkout.
import { createRunner } from './git-process.ts'
import type { Checkout } from './git.ts'

export interface GitSetting {
  /** As in `core.hookspath`: git lowers section and name. */
  readonly key: string
  readonly value: string
  /** Which file it comes from. */
  readonly scope: 'system' | 'global' | 'local' | 'worktree'
}

/** All of these throw as those of Git do. */
export interface GitConfig {
  /** Every setting whose key fits a pattern of git's, the strongest last. */
  settings(checkout: Checkout, keyPattern: string): Promise<readonly GitSetting[]>
  isTracked(checkout: Checkout, file: string): Promise<boolean>
  /** Would git pass over a file that nobody tracks? */
  isIgnored(checkout: Checkout, file: string): Promise<boolean>
  /** Does a rule say that such a file is not passed over? A rule of less weight cannot change that. */
  isKept(checkout: Checkout, file: string): Promise<boolean>
}

/** @param env the environment to start git in, before it is cleaned. */
export function createGitConfig(env: Readonly<Record<string, string | undefined>>): GitConfig {
  const run = createRunner(env)
  return {
    async settings(checkout, keyPattern) {
      // Exit 1 without a word means that there is none.
      const args = ['config', '--show-scope', '--null', '--get-regexp', keyPattern]
      const answer = await run(checkout.root, args, { signal: undefined, refusals: /^$/ })
      const fields = (answer ?? '').split('\0')
      return fields.flatMap((scope, i) => {
        if (i % 2 === 1 || !isScope(scope)) return []
        const [key = '', ...value] = (fields[i + 1] ?? '').split('\n')
        return [{ key, value: value.join('\n'), scope }]
      })
    },
    async isTracked(checkout, file) {
      const args = ['--literal-pathspecs', 'ls-files', '-z', '--', file]
      return ((await run(checkout.root, args, { signal: undefined })) ?? '') !== ''
    },
    async isIgnored(checkout, file) {
      // Exit 1 without a word means that it is not.
      const args = ['check-ignore', '--no-index', '--', file]
      return (await run(checkout.root, args, { signal: undefined, refusals: /^$/ })) !== null
    },
    async isKept(checkout, file) {
      const args = ['check-ignore', '--no-index', '--verbose', '--', file]
      const answer = await run(checkout.root, args, { signal: undefined, refusals: /^$/ })
      // SOURCE:LINE:PATTERN, a tab, and the path: of the rule that decides.
      return /:\d+:!/.test((answer ?? '').split('\t')[0] ?? '')
    },
  }
}

/** Our own `-c` options have the scope `command`, and are none of the clone's. */
function isScope(text: string): text is GitSetting['scope'] {
  return ['system', 'global', 'local', 'worktree'].includes(text)
}
