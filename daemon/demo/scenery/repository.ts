// The repository of the demonstration: a bare remote with a small shop in it, a clone for each machine, a worktree for each
// agent. The demonstration is a user here and types git as users do; of the user's own git it takes the program and no setting.
import { mkdirSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { SkeinError } from '../../../protocol/index.ts'
import { runProgram, type Environment } from '../../client/child.ts'

export const REPO = 'demo/shop'

export interface Git {
  /** Runs git and returns what it said. @throws SkeinError when it fails */
  (cwd: string, ...words: readonly string[]): Promise<string>
}

/** No name, key, hook or address of the user's own configuration has a say. */
export function isolated(env: Environment, name: string): Environment {
  const email = `${name}@demo.invalid`
  return {
    ...env,
    GIT_CONFIG_GLOBAL: os.devNull,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
  }
}

export function gitWith(env: Environment, signal: AbortSignal): Git {
  return async (cwd, ...words) => {
    const { exit, output } = await runProgram('git', words, { cwd, env, signal })
    if (exit === 0) return output
    if (signal.aborted) throw new SkeinError('INTERRUPTED', 'Interrupted.')
    throw new SkeinError('REPO_NOT_GIT', `\`git ${words.join(' ')}\` failed: ${output.trim()}`, {
      hint: 'Install git 2.31 or newer.',
    })
  }
}

/** The remote and its clones. */
export async function makeRepository(
  git: Git,
  folder: string,
  clones: readonly string[],
): Promise<void> {
  const [seed, bare] = [path.join(folder, 'seed'), path.join(folder, 'shop.git')]
  mkdirSync(seed)
  for (const [file, text] of FILES) write(path.join(seed, file), text)
  await git(seed, 'init', '--quiet', '--initial-branch=main')
  await git(seed, 'add', '--all')
  await git(seed, 'commit', '--quiet', '--no-verify', '--message', 'A small shop')
  await git(folder, 'clone', '--quiet', '--bare', seed, bare)
  await Promise.all(clones.map((clone) => git(folder, 'clone', '--quiet', bare, clone)))
}

export function write(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, text)
}

/** Long enough to prove by it that a clone is one of this repository. */
function sourceOf(file: string): string {
  const name = path.basename(file, '.ts').replace(/\W/g, '_')
  return `// ${file}: a part of the shop that agents of three machines work on at once.\nexport const ${name} = () => '${name}'\n`
}

const ROUTER = `// src/router.ts: which handler a request goes to.
export class Router {
  match(path: string): string {
    return path.split('/')[1] ?? ''
  }

  handle(path: string): string {
    return 'page ' + this.match(path)
  }
}
`

const SOURCES = [
  ...['src/auth/login.ts', 'src/auth/session.ts', 'src/auth/token.ts'],
  ...['src/cart/cart.ts', 'src/cart/price.ts', 'src/mail/welcome.ts', 'src/mail/receipt.ts'],
  ...['src/pay/checkout.ts', 'src/pay/refund.ts', 'src/search/index.ts', 'src/search/rank.ts'],
  ...['src/stock/count.ts', 'test/cart.test.ts', 'test/login.test.ts'],
]

const FILES: readonly (readonly [string, string])[] = [
  ['.skein.yml', `repo: ${REPO}\n`],
  ['README.md', '# The shop\n\nIt sells what it has, and agents of three machines work on it.\n'],
  ['docs/guide.md', '# Guide\n\nHow the shop is run, from the first order to the last refund.\n'],
  ['docs/api.md', '# API\n\nWhat programs may ask of the shop, and what it answers to them.\n'],
  ['src/router.ts', ROUTER],
  ...SOURCES.map((file) => [file, sourceOf(file)] as const),
]
