// The door to git for workers: their worktrees, and what they have committed, brought to the remote. A daemon's own runs: no hooks, no
// prompts, and pushes through the helper that guards claims. Names of branches are checked before they come here; ids are git's own.
import path from 'node:path'
import { SkeinError } from '../protocol/index.ts'
import { baseOf, PREFIX } from './fence/address.ts'
import { inTurn } from './clone-turns.ts'
import { readFencing } from './fence/wiring.ts'
import { createQuietGit, type Ran, type UserGit } from './git-user.ts'

export interface WorkerGit {
  /**
   * A worktree on the branch: as the remote has the branch, else as this clone has it, else from the default branch as the remote has
   * it now. One that is there already stays as it is. @param continues commits of this clone that the remote has not are gone on from
   * @returns the commit from which on its commits are to be pushed.
   * @throws SkeinError REPO_NOT_GIT with what git says; BRANCH_DIVERGED with where the branch stands here and there
   */
  addWorktree(
    root: string,
    folder: string,
    branch: string,
    trunk: string,
    continues?: boolean,
  ): Promise<string>
  /** A worktree on a commit of a branch of the remote, and on no branch. @throws SkeinError REPO_NOT_GIT with what git says */
  addDetached(root: string, folder: string, branch: string, commit: string): Promise<void>
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
    addWorktree: (root, folder, branch, trunk, continues = false) =>
      inTurn(root, async () => {
        const git = await gitIn(root)
        const there = await (await gitIn(root)).run(['-C', folder, 'rev-parse', '--verify', 'HEAD'])
        if (there.code === 0) return baseIn(await gitIn(folder), branch, trunk)
        await must(git, ['worktree', 'prune'])
        await must(git, fetchOf(trunk))
        // A branch that the remote has not is no failure; and if it cannot be reached, the fetch before has said so.
        const fetched = await git.run(fetchOf(branch))
        // What is remembered of a branch that was deleted there is nothing to go on from.
        if (fetched.code !== 0 && /couldn't find remote ref/.test(fetched.stderr))
          await git.run(['update-ref', '-d', remoteOf(branch)])
        const [onRemote, local] = [
          await tipOf(git, remoteOf(branch)),
          await tipOf(git, headOf(branch)),
        ]
        await must(git, ['worktree', 'add', '--quiet', ...(await wordsFor())])
        return baseIn(await gitIn(folder), branch, trunk)

        async function wordsFor(): Promise<readonly string[]> {
          const fresh = await tipOf(git, remoteOf(trunk))
          const tip = onRemote ?? local
          // Nothing of its own is on it: it begins where the default branch stands by now.
          const isBare = tip !== null && fresh !== null && (await isAncestor(git, tip, fresh))
          if (onRemote === null && local !== null && !isBare) return [folder, branch]
          const start = isBare ? fresh : (onRemote ?? fresh)
          if (start === null) throw said(`origin has no branch ${trunk}`)
          if (local === null || (await isAncestor(git, local, start)))
            return ['--no-track', '-B', branch, folder, start]
          if (continues && (await isAncestor(git, start, local))) return [folder, branch]
          throw diverged(branch, local, start)
        }
      }),
    addDetached: (root, folder, branch, commit) =>
      inTurn(root, async () => {
        const git = await gitIn(root)
        const there = await git.run(['-C', folder, 'rev-parse', '--verify', 'HEAD'])
        if (there.code === 0) return
        await must(git, ['worktree', 'prune'])
        const isHere = async (): Promise<boolean> => (await tipOf(git, commit)) !== null
        if (!(await isHere())) await must(git, fetchOf(branch))
        if (!(await isHere())) throw said(`the remote's ${branch} has no commit ${commit}`)
        await must(git, ['worktree', 'add', '--quiet', '--detach', folder, commit])
      }),
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
    removeWorktree: (root, folder) =>
      inTurn(root, async () => {
        const git = await gitIn(root)
        await git.run(['worktree', 'remove', '--force', '--force', folder])
        await git.run(['worktree', 'prune'])
      }),
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

/** What the remote has of the branch; else where it left the default branch. */
async function baseIn(git: UserGit, branch: string, trunk: string): Promise<string> {
  const head = (await must(git, ['rev-parse', '--verify', 'HEAD'])).trim()
  const pushed = await tipOf(git, remoteOf(branch))
  if (pushed !== null && (await isAncestor(git, pushed, head))) return pushed
  const left = await git.run(['merge-base', head, remoteOf(trunk)])
  return left.code === 0 ? left.stdout.trim() : head
}

function fetchOf(branch: string): readonly string[] {
  return ['fetch', '--quiet', '--no-tags', 'origin', `+${headOf(branch)}:${remoteOf(branch)}`]
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

function diverged(branch: string, here: string, there: string): SkeinError {
  return new SkeinError(
    'BRANCH_DIVERGED',
    `branch ${branch} has commits of its own here: it stands on ${here}, and on the remote ${there}`,
    { data: { branch, here, there } },
  )
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
