// The door to git for workers: their worktrees, and what they have committed, brought to the remote. A daemon's own runs: no hooks, no
// prompts, and pushes through the helper that guards claims. Names of branches are checked before they come here; ids are git's own.
import path from 'node:path'
import { SkeinError } from '../protocol/index.ts'
import { baseOf, PREFIX } from './fence/address.ts'
import { readFencing } from './fence/wiring.ts'
import { createQuietGit, type Ran, type UserGit } from './git-user.ts'

export interface WorkerGit {
  /**
   * A worktree on the branch: as the remote has the branch, else as this clone has it, else from the default branch as the remote has
   * it now. One that is there already stays as it is. @returns the commit that it stands on.
   * @throws SkeinError REPO_NOT_GIT with what git says
   */
  addWorktree(root: string, folder: string, branch: string, trunk: string): Promise<string>
  /** The worktree's commit, and how many of its commits `base` has not. */
  committed(
    folder: string,
    base: string,
  ): Promise<{ readonly head: string; readonly count: number }>
  /**
   * Pushes the worktree's commit to the branch of `origin`. @returns what the remote then says that the branch stands on.
   * @throws SkeinError REPO_NOT_GIT with what git, or the guard of claims, says
   */
  push(folder: string, branch: string, who: Pusher): Promise<string>
  removeWorktree(root: string, folder: string): Promise<void>
}

/** In whose name a push is made. */
export interface Pusher {
  readonly session: string
  readonly agent: string
}

export interface WorkerGitOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** A folder that holds the helper, under the name by which git looks for it. */
  readonly helperFolder: () => string
}

const GIT_MS_MAX = 120_000

export function createWorkerGit({ env, helperFolder }: WorkerGitOptions): WorkerGit {
  const gitIn = (cwd: string, more: Readonly<Record<string, string>> = {}): Promise<UserGit> =>
    createQuietGit(cwd, { ...env, ...more }, AbortSignal.timeout(GIT_MS_MAX))
  return {
    async addWorktree(root, folder, branch, trunk) {
      const git = await gitIn(root)
      const there = await (await gitIn(root)).run(['-C', folder, 'rev-parse', '--verify', 'HEAD'])
      if (there.code === 0) return there.stdout.trim()
      await must(git, ['worktree', 'prune'])
      await must(git, [
        'fetch',
        '--quiet',
        '--no-tags',
        'origin',
        `+refs/heads/${trunk}:${remoteOf(trunk)}`,
      ])
      // A branch that the remote has not is no failure; and if it cannot be reached, the fetch before has said so.
      await git.run([
        'fetch',
        '--quiet',
        '--no-tags',
        'origin',
        `+refs/heads/${branch}:${remoteOf(branch)}`,
      ])
      const [onRemote, local] = [
        await tipOf(git, remoteOf(branch)),
        await tipOf(git, headOf(branch)),
      ]
      await must(git, ['worktree', 'add', '--quiet', ...(await wordsFor())])
      return (await must(await gitIn(folder), ['rev-parse', 'HEAD'])).trim()

      async function wordsFor(): Promise<readonly string[]> {
        if (onRemote === null && local !== null) return [folder, branch]
        const start = onRemote ?? (await tipOf(git, remoteOf(trunk)))
        if (start === null) throw said(`origin has no branch ${trunk}`)
        const isBehind = local === null || (await isAncestor(git, local, start))
        if (!isBehind) throw said(`branch ${branch} has commits here that the remote has not`)
        return ['--no-track', '-B', branch, folder, start]
      }
    },
    async committed(folder, base) {
      const git = await gitIn(folder)
      const head = (await must(git, ['rev-parse', '--verify', 'HEAD'])).trim()
      const count = await must(git, ['rev-list', '--count', `${base}..${head}`, '--'])
      return { head, count: Number(count.trim()) }
    },
    async push(folder, branch, { session, agent }) {
      const identity = { SKEIN_SESSION: session, SKEIN_AGENT: agent }
      const PATH = `${helperFolder()}${path.delimiter}${env['PATH'] ?? ''}`
      const git = await gitIn(folder, { ...identity, PATH })
      const ref = `HEAD:${headOf(branch)}`
      const settings = await throughHelper(git)
      const ran = await git.run(['push', '--quiet', 'origin', ref], { settings })
      if (ran.code !== 0) throw said(lastWords(ran))
      const listed = await must(git, ['ls-remote', 'origin', headOf(branch)])
      return /^[0-9a-f]{40,64}/.exec(listed)?.[0] ?? ''
    },
    async removeWorktree(root, folder) {
      const git = await gitIn(root)
      await git.run(['worktree', 'remove', '--force', '--force', folder])
      await git.run(['worktree', 'prune'])
    },
  }
}

/** As `skein push` does; what the clone's own settings do already is done again, to no harm. */
export async function throughHelper(git: UserGit): Promise<readonly (readonly [string, string])[]> {
  const open = (await readFencing(git)).filter(({ isFenced }) => !isFenced)
  return open.map(({ url, how }) =>
    how === 'pushurl'
      ? ([`url.${PREFIX}${url}.insteadOf`, url] as const)
      : ([`url.${baseOf(url)}.pushInsteadOf`, url] as const),
  )
}

const headOf = (branch: string): string => `refs/heads/${branch}`
const remoteOf = (branch: string): string => `refs/remotes/origin/${branch}`

async function tipOf(git: UserGit, ref: string): Promise<string | null> {
  const ran = await git.run(['rev-parse', '--verify', '--quiet', `${ref}^{commit}`])
  return ran.code === 0 ? ran.stdout.trim() : null
}

async function isAncestor(git: UserGit, commit: string, of: string): Promise<boolean> {
  return (await git.run(['merge-base', '--is-ancestor', commit, of])).code === 0
}

async function must(git: UserGit, args: readonly string[]): Promise<string> {
  const ran = await git.run(args)
  if (ran.code === 0) return ran.stdout
  throw said(`git ${args[0] ?? ''}: ${lastWords(ran)}`)
}

function said(message: string): SkeinError {
  return new SkeinError('REPO_NOT_GIT', message)
}

const WORDS_MAX = 400

/** What git says first is what went wrong; what follows is advice. */
export function lastWords({ stderr, code }: Ran): string {
  const lines = stderr.split('\n').map((line) => line.trim())
  const told = lines.filter((line) => line !== '' && !line.startsWith('hint:')).join(' | ')
  return told === '' ? `ended with ${String(code)}` : told.slice(0, WORDS_MAX)
}
