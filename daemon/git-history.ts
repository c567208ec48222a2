// What git knows of time: which commit a checkout stands on, which touched a file last, and what its remote has. Readings
// of the checkout are local; only `remoteBranches` dials, and only `origin`.
import { createHash } from 'node:crypto'
import { CLAIM_TRAILER } from './trailers.ts'
import { createRunner, type Run } from './git-process.ts'
import type { Checkout } from './git.ts'

/** The branch that work lands on. */
export interface Trunk {
  readonly branch: string
  /** Its remote twin as last fetched; null without one. */
  readonly remote: string | null
}

export interface FileChange {
  readonly commit: string
  /** When it was committed, by its committer. */
  readonly atMs: number
  readonly text: string | null
}

/** All of these throw as those of Git do. */
export interface History {
  /** The commit that is checked out; null before the first one. */
  head(checkout: Checkout): Promise<string | null>
  /** For each file the last commit up to `head` that touched it; empty for a file that none did. */
  lastCommits(
    checkout: Checkout,
    head: string,
    files: readonly string[],
  ): Promise<readonly string[]>
  /** @param configured `.skein.yml: default_branch`; else that of `origin`, main or master. */
  trunk(checkout: Checkout, configured: string | null): Promise<Trunk | null>
  /** The newest commit on a path that a ref has and the checkout has not. */
  newerOn(checkout: Checkout, ref: string, path: string): Promise<string | null>
  /** The last commit of a branch that changed a file, and what the file holds since; null text: it is gone. A merge is one. */
  lastChange(checkout: Checkout, ref: string, file: string): Promise<FileChange | null>
  /**
   * Which claims the commits up to `ref` name in their trailers, of those behind `since`, or of the last ones; null where there
   * is no such ref or nothing is new.
   */
  claimsNamed(checkout: Checkout, ref: string, since: string | null): Promise<NamedClaims | null>
  /** Files that the checkout's commit and this ref have differently. */
  differing(checkout: Checkout, ref: string): Promise<readonly string[]>
  /** The commit that a ref stands on; null: there is no such ref. */
  tip(checkout: Checkout, ref: string): Promise<string | null>
  /** What a commit has of a file; null: nothing. */
  fileAt(checkout: Checkout, commit: string, file: string): Promise<string | null>
  /** Was the branch seen at the remote by whoever fetched last? */
  wasFetched(checkout: Checkout, branch: string): Promise<boolean>
  /** Names of the branches that `origin` has now; null without an `origin`. Asks the remote. */
  remoteBranches(checkout: Checkout, signal: AbortSignal): Promise<ReadonlySet<string> | null>
}

export interface NamedClaims {
  /** Where `ref` is. */
  readonly tip: string
  readonly claims: readonly string[]
}

/** More came at once: a claim that only older ones name ends by its time. */
const NAMING_COMMITS_MAX = 500

/** Files by commit, of all checkouts; above it the oldest is asked again. */
const COMMITS_KEPT_MAX = 5_000
/** A walk over a million commits without a commit-graph. */
const HISTORY_MS_MAX = 60_000
const REMOTE_MS_MAX = 30_000
const AT_ONCE = 4

/** @param env the environment to start git in, before it is cleaned. */
export function createHistory(env: Readonly<Record<string, string | undefined>>): History {
  const run = createRunner(env)
  const commits = new Map<string, string>()
  const quietSsh = env['GIT_SSH_COMMAND'] === undefined

  async function lastCommit(checkout: Checkout, head: string, file: string): Promise<string> {
    const key = `${checkout.commonDir}\0${head}\0${file}`
    const known = commits.get(key)
    if (known !== undefined) return known
    const args = ['--literal-pathspecs', 'log', '-1', '--format=%H', head, '--', file]
    const bounds = { signal: undefined, millisecondsMax: HISTORY_MS_MAX }
    const commit = firstLine(await run(checkout.root, args, bounds)) ?? ''
    commits.set(key, commit)
    const oldest = commits.keys().next().value
    if (commits.size > COMMITS_KEPT_MAX && oldest !== undefined) commits.delete(oldest)
    return commit
  }

  return {
    head: (checkout) => commitOf(run, checkout, 'HEAD'),
    async lastCommits(checkout, head, files) {
      const found: string[] = []
      for (let at = 0; at < files.length; at += AT_ONCE) {
        const some = files.slice(at, at + AT_ONCE)
        found.push(...(await Promise.all(some.map((file) => lastCommit(checkout, head, file)))))
      }
      return found
    },
    async trunk({ root }, configured) {
      const names = configured === null ? ['main', 'master'] : [configured]
      const refs = names.flatMap((name) => [`refs/remotes/origin/${name}`, `refs/heads/${name}`])
      const args = ['for-each-ref', '--format=%(refname) %(symref)', ORIGIN_HEAD, ...refs]
      const answer = (await run(root, args, { signal: undefined })) ?? ''
      return trunkIn(answer, configured)
    },
    async newerOn({ root }, ref, path) {
      const args = ['--literal-pathspecs', 'rev-list', '-1', ref, '^HEAD', '--', path]
      const bounds = { signal: undefined, millisecondsMax: HISTORY_MS_MAX }
      return firstLine(await run(root, args, bounds))
    },
    lastChange: (checkout, ref, file) => lastChange(run, checkout, ref, file),
    claimsNamed: (checkout, ref, since) => claimsNamed(run, checkout, ref, since),
    differing: (checkout, ref) => differing(run, checkout, ref),
    tip: (checkout, ref) => commitOf(run, checkout, ref),
    fileAt: (checkout, commit, file) => fileAt(run, checkout, commit, file),
    async wasFetched({ root }, branch) {
      const args = ['for-each-ref', '--format=%(refname)', `${ORIGIN}${branch}`]
      return firstLine(await run(root, args, { signal: undefined })) === `${ORIGIN}${branch}`
    },
    async remoteBranches({ root }, signal) {
      const url = ['remote', 'get-url', 'origin']
      const origin = await run(root, url, { signal, refusals: /No such remote/ })
      if (origin === null) return null
      // Nobody sits at this process: what would ask for a password fails instead.
      const ssh = quietSsh
        ? ['-c', `core.sshCommand=${await sshCommand(root)} -oBatchMode=yes`]
        : []
      const args = ['-c', 'core.askPass=', ...ssh, 'ls-remote', '--heads', 'origin']
      const bounds = { signal, millisecondsMax: REMOTE_MS_MAX }
      const answer = (await run(root, args, bounds)) ?? ''
      return new Set(
        answer.split('\n').flatMap((line) => /\trefs\/heads\/(.+)$/.exec(line)?.[1] ?? []),
      )
    },
  }

  async function sshCommand(root: string): Promise<string> {
    const args = ['config', '--default', 'ssh', '--get', 'core.sshCommand']
    return firstLine(await run(root, args, { signal: undefined })) ?? 'ssh'
  }
}

async function claimsNamed(
  run: Run,
  { root }: Checkout,
  ref: string,
  since: string | null,
): Promise<NamedClaims | null> {
  const bounds = { signal: undefined, millisecondsMax: HISTORY_MS_MAX }
  const refusals = /unknown revision|bad revision|Needed a single revision/
  const resolve = ['rev-parse', '--verify', '--end-of-options', `${ref}^{commit}`]
  const tip = firstLine(await run(root, resolve, { ...bounds, refusals }))
  if (tip === null || tip === since) return null
  const format = `--format=%(trailers:key=${CLAIM_TRAILER},valueonly,separator=%x0A)`
  const log = ['log', `--max-count=${String(NAMING_COMMITS_MAX)}`, format]
  const behind = since === null ? [] : [`^${since}`]
  const gone = { ...bounds, refusals: /bad object|bad revision/ }
  // A tip of before that was thrown away says nothing of what is new.
  const answer =
    (await run(root, [...log, tip, ...behind, '--'], gone)) ??
    (await run(root, [...log, tip, '--'], bounds)) ??
    ''
  return { tip, claims: answer.split('\n').filter((line) => line !== '') }
}

async function differing(run: Run, { root }: Checkout, ref: string): Promise<readonly string[]> {
  const args = ['diff-tree', '-r', '--no-renames', '--name-only', '-z', 'HEAD', ref]
  const answer = await run(root, args, { signal: undefined, refusals: /unknown revision/ })
  return (answer ?? '').split('\0').filter((file) => file !== '')
}

async function commitOf(run: Run, { root }: Checkout, ref: string): Promise<string | null> {
  const args = ['rev-parse', '--verify', '--end-of-options', `${ref}^{commit}`]
  return firstLine(await run(root, args, { signal: undefined, refusals: /single revision/ }))
}

async function lastChange(
  run: Run,
  checkout: Checkout,
  ref: string,
  file: string,
): Promise<FileChange | null> {
  const bounds = { signal: undefined, millisecondsMax: HISTORY_MS_MAX }
  // What was merged counts from the merge on: the branch has it since then, however old the commit is.
  const log = ['--literal-pathspecs', 'log', '-1', '--first-parent', '--format=%H %ct']
  const args = [...log, ref, '--', file]
  const refusals = /unknown revision|does not have any commits|bad revision/
  const line = firstLine(await run(checkout.root, args, { ...bounds, refusals }))
  const [commit = '', seconds = '0'] = line?.split(' ') ?? []
  if (commit === '') return null
  return { commit, atMs: Number(seconds) * 1000, text: await fileAt(run, checkout, commit, file) }
}

function fileAt(
  run: Run,
  { root }: Checkout,
  commit: string,
  file: string,
): Promise<string | null> {
  const gone = /does not exist|exists on disk|Not a valid object/
  const args = ['cat-file', 'blob', `${commit}:${file}`]
  return run(root, args, { signal: undefined, refusals: gone })
}

/** The proof of a history: only who has it can make it, and a commit on a plan file changes it. Hex. */
export function historyToken(head: string, lastCommits: readonly string[]): string {
  return createHash('sha256')
    .update([head, ...lastCommits].join(''))
    .digest('hex')
}

const ORIGIN = 'refs/remotes/origin/'
const ORIGIN_HEAD = `${ORIGIN}HEAD`

function trunkIn(answer: string, configured: string | null): Trunk | null {
  const refs = new Map(
    answer.split('\n').flatMap((line): [string, string][] => {
      const [name = '', target = ''] = line.split(' ')
      return name === '' ? [] : [[name, target]]
    }),
  )
  const target = refs.get(ORIGIN_HEAD) ?? ''
  const pointed = target.startsWith(ORIGIN) ? target.slice(ORIGIN.length) : null
  const names = [
    configured ?? pointed ?? 'main',
    ...(configured === null ? ['main', 'master'] : []),
  ]
  for (const branch of names) {
    const remote = `${ORIGIN}${branch}`
    const isRemote = refs.has(remote) || remote === target
    if (isRemote || refs.has(`refs/heads/${branch}`))
      return { branch, remote: isRemote ? remote : null }
  }
  return configured === null ? null : { branch: configured, remote: null }
}

function firstLine(answer: string | null): string | null {
  const line = (answer ?? '').split('\n', 1)[0] ?? ''
  return line === '' ? null : line
}
