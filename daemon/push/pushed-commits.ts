// The commits of a range, as they are looked at from outside: what their trailers name, and which files they change.
import type { UserGit } from '../git-user.ts'
import { BYPASS_TRAILER, FENCE_TRAILER } from '../trailers.ts'

export interface PushedCommit {
  readonly id: string
  readonly subject: string
  readonly fences: readonly number[]
  /** Why it goes past the policy; empty where it says nothing of it. */
  readonly bypass: string
  readonly paths: readonly string[]
}

export async function commitsIn(git: UserGit, range: string): Promise<readonly PushedCommit[]> {
  const trailers = [FENCE_TRAILER, BYPASS_TRAILER].map(
    (key) => `%(trailers:key=${key},valueonly,unfold,separator=%x2C)`,
  )
  const format = `--format=${['%H', ...trailers, '%s'].join('%x00')}`
  const log = await git.read([
    'log',
    '-z',
    '--no-color',
    '--no-show-signature',
    format,
    '--end-of-options',
    range,
    '--',
  ])
  const fields = log.split('\0')
  const commits: PushedCommit[] = []
  for (let at = 0; at + 3 < fields.length; at += 4) {
    const [id = '', named = '', bypass = '', subject = ''] = fields.slice(at, at + 4)
    const numbers = named.split(',').map(Number).filter(Number.isSafeInteger)
    const fences = numbers.filter((fence) => fence > 0)
    commits.push({ id, subject, fences, bypass: bypass.trim(), paths: [] })
  }
  return withPaths(git, commits)
}

async function withPaths(
  git: UserGit,
  commits: readonly PushedCommit[],
): Promise<readonly PushedCommit[]> {
  const what = ['-r', '-c', '--root', '--no-renames', '--name-only', '-z', '--stdin']
  const input = commits.map(({ id }) => `${id}\n`).join('')
  const answer = commits.length === 0 ? '' : await git.read(['diff-tree', ...what], { input })
  const paths = new Map<string, string[]>(commits.map(({ id }) => [id, []]))
  let at = ''
  for (const field of answer.split('\0')) {
    // A commit without a file of its own is left out of the answer.
    if (paths.has(field)) at = field
    else if (field !== '') paths.get(at)?.push(field)
  }
  return commits.map((commit) => ({ ...commit, paths: paths.get(commit.id) ?? [] }))
}
