// Real git repositories in temporary folders, with nothing of this user's git settings.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onCleanup, type Cleaner } from './cleanup.ts'

export interface RepoOptions {
  /** Tracked files by path; the content does not matter unless given. */
  readonly files?: readonly string[]
  /** `.skein.yml`; null for none. */
  readonly skeinYml?: string | null
  readonly origin?: string
}

export function makeFolder(cleaner: Cleaner, prefix = 'skein-test-'): string {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), prefix)))
  onCleanup(cleaner, () => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  })
  return folder
}

/** A repository with one commit; its id is `test/<name>` unless `.skein.yml` says another. */
export function makeRepo(cleaner: Cleaner, options: RepoOptions = {}): string {
  const root = makeFolder(cleaner, 'skein-repo-')
  const { files = ['README.md', 'src/a.ts', 'src/b.ts'], origin } = options
  const skeinYml = options.skeinYml === undefined ? 'repo: test/shop\n' : options.skeinYml
  git(root, 'init', '--quiet', '--initial-branch=main')
  for (const file of files) writeIn(root, file, `${file}\n`)
  if (skeinYml !== null) writeIn(root, '.skein.yml', skeinYml)
  if (origin !== undefined) git(root, 'remote', 'add', 'origin', origin)
  git(root, 'add', '--all')
  // Each repository has a root commit of its own.
  git(root, 'commit', '--quiet', '--allow-empty', '--message', `begin ${root}`)
  return root
}

export function addWorktree(cleaner: Cleaner, root: string, branch: string): string {
  const folder = path.join(makeFolder(cleaner, 'skein-tree-'), branch)
  git(root, 'worktree', 'add', '--quiet', '-b', branch, folder)
  return folder
}

export function writeIn(root: string, file: string, content: string): void {
  const place = path.join(root, file)
  mkdirSync(path.dirname(place), { recursive: true })
  writeFileSync(place, content)
}

export function git(cwd: string, ...args: readonly string[]): string {
  return execFileSync('git', args, { cwd, encoding: 'utf8', env: GIT_ENVIRONMENT, stdio: 'pipe' })
}

const GIT_ENVIRONMENT = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'tester',
  GIT_AUTHOR_EMAIL: 'tester@example.org',
  GIT_COMMITTER_NAME: 'tester',
  GIT_COMMITTER_EMAIL: 'tester@example.org',
}
