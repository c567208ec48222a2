// The door to git for landing: what the remote has, branches put on top of its target in worktrees of their own, and the push. A
// daemon's own runs: no hooks, no prompts. The push goes through the helper that guards claims, and only from what was seen.
import { rmSync } from 'node:fs'
import path from 'node:path'
import { SkeinError } from '../protocol/index.ts'
import { inTurn } from './clone-turns.ts'
import { parseMerge } from './git-merge.ts'
import { createQuietGit, type Ran, type UserGit } from './git-user.ts'
import { lastWords, throughHelper, type Pusher, type WorkerGitOptions } from './git-workers.ts'

export const LANDING_METHODS = ['rebase', 'squash', 'merge'] as const
export type LandingMethod = (typeof LANDING_METHODS)[number]

/** All of these throw SkeinError REPO_NOT_GIT with what git says, where nothing else is told. */
export interface LandingGit {
  /** Fetches what `origin` has of these branches now. @returns their commits; of one that it has not, null. */
  fetch(root: string, branches: readonly string[]): Promise<ReadonlyMap<string, string | null>>
  /** Is a commit here? */
  has(root: string, commit: string): Promise<boolean>
  /** Does `base` have all that `head` brings: its commits, the same patches, or what they change? */
  contains(root: string, base: string, head: string): Promise<boolean>
  /** Is the one in the history of the other? */
  isAncestor(root: string, commit: string, of: string): Promise<boolean>
  /** Lines that `head` adds and removes beside `base`; null: it cannot be said. */
  size(root: string, base: string, head: string): Promise<number | null>
  /** What a commit has of a file. */
  fileAt(root: string, commit: string, file: string): Promise<string | null>
  /** A detached worktree; a folder of that name must not be there. */
  addDetached(root: string, folder: string, commit: string): Promise<void>
  removeDetached(root: string, folder: string): Promise<void>
  /** Puts what `head` brings on top of `onto`, in a detached worktree. */
  put(folder: string, work: PutWork): Promise<Put>
  /**
   * Would the guard of claims let it pass, all that the commit changes of the target? Of commits that the remote has already, on
   * a branch of theirs, a push says nothing.
   */
  judge(folder: string, landing: PushedLanding): Promise<Pushed>
  /** Moves the target of `origin` from the one commit to the other, or nothing. */
  push(folder: string, landing: PushedLanding): Promise<Pushed>
  /** The commit that the branch has at `origin` now; null: it is not there. */
  remoteTip(root: string, branch: string): Promise<string | null>
}

export interface PutWork {
  readonly onto: string
  readonly head: string
  readonly method: LandingMethod
  /** Of the one commit that a squash or a merge makes. */
  readonly message: string
}

export type Put =
  | { readonly kind: 'put'; readonly commit: string }
  | { readonly kind: 'conflict'; readonly files: readonly string[] }

export interface PushedLanding {
  readonly commit: string
  readonly target: string
  readonly expected: string
  readonly who: Pusher
}

/** `claim`: another holds what it changes; `refused`: by the remote, or because it cannot be reached. */
export type Pushed =
  | { readonly kind: 'pushed' }
  | { readonly kind: 'moved' }
  | { readonly kind: 'claim' | 'refused'; readonly note: string }

const GIT_MS_MAX = 120_000

type Runner = Pick<UserGit, 'run'>

export function createLandingGit({ env, helperFolder }: WorkerGitOptions): LandingGit {
  const gitIn = (cwd: string, more: Readonly<Record<string, string>> = {}): Promise<UserGit> =>
    createQuietGit(cwd, { ...env, ...more }, AbortSignal.timeout(GIT_MS_MAX))
  async function pushTo(folder: string, landing: PushedLanding, how: readonly string[]) {
    const { commit, target, expected, who } = landing
    const identity = { SKEIN_SESSION: who.session, SKEIN_AGENT: who.agent }
    const PATH = `${helperFolder()}${path.delimiter}${env['PATH'] ?? ''}`
    const git = await gitIn(folder, { ...identity, PATH })
    const lease = `--force-with-lease=refs/heads/${target}:${expected}`
    const words = ['push', '--quiet', ...how, lease, 'origin', `${commit}:refs/heads/${target}`]
    return pushedOf(await git.run(words, { settings: await throughHelper(git) }))
  }
  return {
    fetch: (root, branches) => inTurn(root, async () => fetchTips(await gitIn(root), branches)),
    async has(root, commit) {
      const ran = await (await gitIn(root)).run(['cat-file', '-e', `${commit}^{commit}`])
      return ran.code === 0
    },
    contains: async (root, base, head) => containsWork(await gitIn(root), base, head),
    isAncestor: async (root, commit, of) => isAncestor(await gitIn(root), commit, of),
    size: async (root, base, head) => sizeOf(await gitIn(root), base, head),
    async fileAt(root, commit, file) {
      const ran = await (await gitIn(root)).run(['cat-file', 'blob', `${commit}:${file}`])
      return ran.code === 0 ? ran.stdout : null
    },
    addDetached: (root, folder, commit) =>
      inTurn(root, async () => {
        const git = await gitIn(root)
        await must(git, ['worktree', 'prune'])
        await must(git, ['worktree', 'add', '--quiet', '--detach', folder, commit])
      }),
    removeDetached: (root, folder) =>
      inTurn(root, async () => {
        const git = await gitIn(root)
        const ran = await git.run(['worktree', 'remove', '--force', '--force', folder])
        if (ran.code !== 0) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
        await git.run(['worktree', 'prune'])
      }),
    async put(folder, work) {
      const git = await gitIn(folder)
      return putWork(asCommitter(git, await committerOf(git)), work)
    },
    async judge(folder, landing) {
      const { commit, expected } = landing
      const git = await gitIn(folder)
      const words = ['commit-tree', `${commit}^{tree}`, '-p', expected, '-m', `would be ${commit}`]
      const env = await committerOf(git)
      const made = await git.run(words, { env })
      if (made.code !== 0) throw said(`git commit-tree: ${lastWords(made)}`)
      return pushTo(folder, { ...landing, commit: made.stdout.trim() }, ['--dry-run'])
    },
    push: (folder, landing) => pushTo(folder, landing, []),
    async remoteTip(root, branch) {
      const ref = `refs/heads/${branch}`
      return (
        parseListed(await must(await gitIn(root), ['ls-remote', 'origin', ref])).get(ref) ?? null
      )
    },
  }
}

async function fetchTips(git: Runner, branches: readonly string[]) {
  const refs = branches.map((branch) => `refs/heads/${branch}`)
  const tips = parseListed(await must(git, ['ls-remote', 'origin', ...refs]))
  const specs = refs
    .filter((ref) => tips.has(ref))
    .map((ref) => `+${ref}:${ref.replace('heads', 'remotes/origin')}`)
  const words = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', 'origin']
  if (specs.length > 0) await must(git, [...words, ...specs])
  return new Map(
    branches.map((branch) => [branch, tips.get(`refs/heads/${branch}`) ?? null] as const),
  )
}

async function sizeOf(git: Runner, base: string, head: string): Promise<number | null> {
  const ran = await git.run(['diff', '--numstat', `${base}...${head}`, '--'])
  if (ran.code !== 0) return null
  const counts = ran.stdout.matchAll(/^(\d+)\t(\d+)\t/gm)
  return [...counts].reduce((sum, [, added, removed]) => sum + Number(added) + Number(removed), 0)
}

/** May this be a branch's name? It becomes a part of refs and of nothing else. */
export function isBranchName(text: string): boolean {
  return !/[\p{Cc}\s~^:?*[\\]|\.\.|@\{|\/\/|^[-/.]|[/.]$|\.lock$/u.test(text) && text.length <= 250
}

function parseListed(text: string): ReadonlyMap<string, string> {
  const lines = text.matchAll(/^([0-9a-f]{40,64})\t(\S+)$/gm)
  return new Map([...lines].map(([, commit = '', ref = '']) => [ref, commit]))
}

/** Where its own commits are not there, patches of the same content are; where those were squashed, what they changed is. */
async function containsWork(git: UserGit, base: string, head: string): Promise<boolean> {
  if (await isAncestor(git, head, base)) return true
  const merged = await git.run(['merge-tree', '--write-tree', '-z', '--name-only', base, head])
  const tree = await git.run(['rev-parse', `${base}^{tree}`])
  if (merged.code === 0 && merged.stdout.split('\0')[0]?.trim() === tree.stdout.trim()) return true
  const picked = await git.run(['cherry', base, head])
  const lines = picked.stdout.split('\n').filter((line) => line !== '')
  return picked.code === 0 && lines.length > 0 && lines.every((line) => line.startsWith('-'))
}

async function isAncestor(git: UserGit, commit: string, of: string): Promise<boolean> {
  return (await git.run(['merge-base', '--is-ancestor', commit, of])).code === 0
}

/** Who commits for a machine on which nobody said who he is. */
async function committerOf(git: UserGit): Promise<Record<string, string>> {
  const known = await git.run(['config', '--get', 'user.email'])
  if (known.code === 0) return {}
  const [name, email] = ['skein', 'skein@localhost']
  return {
    ...{ GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email },
    ...{ GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email },
  }
}

function asCommitter(git: Runner, env: Readonly<Record<string, string>>): Runner {
  return { run: (args, options) => git.run(args, { ...options, env }) }
}

async function putWork(git: Runner, work: PutWork): Promise<Put> {
  const { onto, head, method, message } = work
  const forecast = await git.run(['merge-tree', '--write-tree', '--name-only', '-z', onto, head])
  // A git before 2.38 cannot say it beforehand: the work itself tells it then.
  if (forecast.code === 1) return { kind: 'conflict', files: filesOf(forecast.stdout) }
  const start = method === 'rebase' ? head : onto
  await must(git, ['checkout', '--quiet', '--force', '--detach', start])
  const settings = [
    ['rebase.autoSquash', 'false'],
    ['rebase.updateRefs', 'false'],
    ['commit.template', ''],
  ] as const
  const how = {
    rebase: ['rebase', '--quiet', '--empty=drop', onto],
    squash: ['merge', '--quiet', '--squash', head],
    merge: ['merge', '--quiet', '--no-ff', '--no-commit', head],
  }[method]
  const ran = await git.run(how, { settings })
  if (ran.code !== 0) {
    const put = await conflictIn(git, method, ran)
    // Its commits one by one meet what its branch as a whole was brought together with, in a merge that a rebase leaves out.
    const isTogether = method === 'rebase' && forecast.code === 0
    return isTogether ? putWork(git, { ...work, method: 'squash' }) : put
  }
  if (method !== 'rebase') await commitAs(git, method, head, message)
  return { kind: 'put', commit: (await must(git, ['rev-parse', 'HEAD'])).trim() }
}

async function commitAs(git: Runner, method: 'squash' | 'merge', head: string, message: string) {
  const author = (await must(git, ['log', '-1', '--format=%an <%ae>', head])).trim()
  const whose = method === 'squash' ? [`--author=${author}`] : []
  const words = ['commit', '--quiet', '--allow-empty', '--cleanup=whitespace', ...whose, '-F', '-']
  const ran = await git.run(words, { input: message })
  if (ran.code !== 0) throw said(`git commit: ${lastWords(ran)}`)
}

async function conflictIn(git: Runner, method: LandingMethod, ran: Ran): Promise<Put> {
  const listed = await git.run(['diff', '--name-only', '--diff-filter=U', '-z'])
  const files = listed.stdout.split('\0').filter((file) => file !== '')
  if (method === 'rebase') await git.run(['rebase', '--abort'])
  await git.run(['reset', '--quiet', '--hard'])
  if (files.length === 0) throw said(`git ${method}: ${lastWords(ran)}`)
  return { kind: 'conflict', files }
}

function filesOf(text: string): readonly string[] {
  return parseMerge(text).map(({ path: file }) => file)
}

/** By git's own words, and those of the guard. Whether it landed after all, only a look at the remote says. */
function pushedOf(ran: Ran): Pushed {
  if (ran.code === 0) return { kind: 'pushed' }
  const note = lastWords(ran)
  if (/stale info|fetch first|non-fast-forward|cannot lock ref|is at [0-9a-f]+ but/.test(note))
    return { kind: 'moved' }
  const isGuard = /skein: .* (?:is held by|is protected in|changes need a word of)/.test(note)
  return { kind: isGuard ? 'claim' : 'refused', note }
}

async function must(git: Runner, args: readonly string[]): Promise<string> {
  const ran = await git.run(args)
  if (ran.code === 0) return ran.stdout
  throw said(`git ${args[0] ?? ''}: ${lastWords(ran)}`)
}

function said(message: string): SkeinError {
  return new SkeinError('REPO_NOT_GIT', message)
}
