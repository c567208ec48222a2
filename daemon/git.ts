// The door to git, beside git-history.ts: what skein wants to know of a checkout, as plain data. git-process.ts is how git is started for it.
// What a command asks on every call (which checkout, which id, which branch) costs a few file stats once it is known.
import { lstatSync, readFileSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { SkeinError, asRepoId, type RepoId } from '../protocol/index.ts'
import { remotePlaceOf } from './git-address.ts'
import { withoutFilters } from './git-filters.ts'
import { createRunner, type Run } from './git-process.ts'

/** A folder that git works in. All paths are absolute and without symlinks. */
export interface Checkout {
  readonly root: string
  /** What all worktrees of a clone share. */
  readonly commonDir: string
  /** This worktree's own part of it: its HEAD and index. */
  readonly gitDir: string
  /** A linked worktree, not the clone itself. */
  readonly isWorktree: boolean
}

export interface RootCommits {
  /** Commits without parents on any branch, oldest first. */
  readonly commits: readonly string[]
  /** The clone's history is cut; its true roots may be missing. */
  readonly isShallow: boolean
}

export interface TrackedFiles {
  readonly count: number
  /** From the root, sorted as git sorts. */
  readonly paths: readonly string[]
}

/**
 * All of these throw SkeinError REPO_NOT_GIT when git refuses or is missing and BUSY when it takes too long; an abort throws
 * the signal's reason.
 */
export interface Git {
  /** The checkout that contains a path, which need not exist yet; null outside of one. */
  findCheckout(dir: string, signal?: AbortSignal): Promise<Checkout | null>
  rootCommits(checkout: Checkout, signal?: AbortSignal): Promise<RootCommits>
  /** The address of `origin` without credentials; null without one. */
  originUrl(checkout: Checkout, signal?: AbortSignal): Promise<string | null>
  /**
   * `.skein.yml`'s id, else that of `origin`, else `local/<folder>-<first 8 of the oldest root commit>`.
   * @throws SkeinError REPO_NOT_ENROLLED when there is neither and no commit yet.
   */
  repoIdOf(
    checkout: Checkout,
    skeinYml: { readonly repo: string | null },
    signal?: AbortSignal,
  ): Promise<RepoId>
  trackedFiles(checkout: Checkout, signal?: AbortSignal): Promise<TrackedFiles>
  /**
   * Files that differ from the last commit, staged or not, and those that git does not know. No filter runs, so one that has a
   * filter counts as changed when it was written after git wrote it.
   */
  changedFiles(checkout: Checkout, signal?: AbortSignal): Promise<readonly string[]>
  /** Null when HEAD is detached. */
  currentBranch(checkout: Checkout, signal?: AbortSignal): Promise<string | null>
}

/** @param env the environment to start git in, before it is cleaned. */
export function createGit(env: Readonly<Record<string, string | undefined>>): Git {
  const run = createRunner(env)
  const checkouts = new StampedCache<Checkout | null>(CHECKOUTS_MAX)
  const origins = new StampedCache<string | null>(CHECKOUTS_MAX)
  const roots = new StampedCache<RootCommits>(CHECKOUTS_MAX)
  const files = new StampedCache<TrackedFiles>(FILE_LISTS_MAX)

  const recent = new Recent<Checkout>()

  const findCheckout: Git['findCheckout'] = async (dir, signal) => {
    const known = recent.get(dir)
    if (known !== undefined) return known
    const entry = findGitEntry(nearestFolder(dir))
    if (entry === null) return null
    // An unfinished clone is none yet and one in a moment: only what was found is kept.
    const read = (): Promise<Checkout | null> => readCheckout(run, entry, signal)
    const found = await checkouts.get(entry, entryStamp(entry), read, (it) => it !== null)
    if (found !== null) recent.keep(dir, found)
    return found
  }
  const originUrl: Git['originUrl'] = (checkout, signal) => {
    const file = path.join(checkout.commonDir, 'config')
    return origins.get(file, contentStamp(file), () => readOrigin(run, checkout, signal))
  }
  const rootCommits: Git['rootCommits'] = (checkout, signal) => {
    // Roots of a whole history come and go so rarely that one reading serves this process.
    const stamp = isShallowClone(checkout) ? null : entryStamp(checkout.commonDir)
    const read = (): Promise<RootCommits> => readRoots(run, checkout, signal)
    return roots.get(checkout.commonDir, stamp, read, ({ commits }) => commits.length > 0)
  }
  return {
    findCheckout,
    rootCommits,
    originUrl,
    async repoIdOf(checkout, skeinYml, signal) {
      if (skeinYml.repo !== null) return asRepoId(skeinYml.repo)
      const origin = remotePlaceOf((await originUrl(checkout, signal)) ?? '')?.repo ?? null
      return origin ?? localIdOf(checkout, await rootCommits(checkout, signal))
    },
    trackedFiles(checkout, signal) {
      const index = path.join(checkout.gitDir, 'index')
      return files.get(index, contentStamp(index), () => readFiles(run, checkout, signal))
    },
    changedFiles: (checkout, signal) => readChanged(run, checkout, signal),
    currentBranch: (checkout, signal) => readBranch(run, checkout, signal),
  }
}

/** Checkouts of one machine; above it the oldest reading is forgotten and made again. */
const CHECKOUTS_MAX = 1_000
/** A list of a million paths is some 100 MB. */
const FILE_LISTS_MAX = 8
/** A walk over a million commits without a commit-graph. */
const HISTORY_MS_MAX = 60_000

/** What agents ask in a burst is the same question: an answer is good for this long, less than git takes to change it. */
const RECENT_MS = 20

/** Answers of the last moment. */
class Recent<Value> {
  #answers = new Map<string, Value>()
  #until = 0

  get(key: string): Value | undefined {
    if (performance.now() > this.#until) this.#answers.clear()
    return this.#answers.get(key)
  }

  keep(key: string, value: Value): void {
    if (this.#answers.size === 0) this.#until = performance.now() + RECENT_MS
    this.#answers.set(key, value)
  }
}

/** Readings that hold while a stamp of their source stays the same. Without a stamp nothing is kept. */
class StampedCache<Value> {
  readonly #entries = new Map<string, { readonly stamp: string; readonly value: Value }>()
  readonly #sizeMax: number

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  /** The stamp is taken before the reading: a change in between makes the next call read again. */
  async get(
    key: string,
    stamp: string | null,
    read: () => Promise<Value>,
    isWorthKeeping: (value: Value) => boolean = () => true,
  ): Promise<Value> {
    const known = this.#entries.get(key)
    if (known !== undefined && known.stamp === stamp) return known.value
    const value = await read()
    this.#entries.delete(key)
    if (stamp !== null && isWorthKeeping(value)) this.#entries.set(key, { stamp, value })
    const oldest = this.#entries.keys().next().value
    if (this.#entries.size > this.#sizeMax && oldest !== undefined) this.#entries.delete(oldest)
    return value
  }
}

/** The nearest folder that exists at or above a path; symlinks are followed, as the file system would. */
function nearestFolder(start: string): string {
  for (let current = path.resolve(start); ; current = path.dirname(current)) {
    try {
      const real = realpathSync.native(current)
      return statSync(real).isDirectory() ? real : path.dirname(real)
    } catch (error) {
      if (path.dirname(current) === current) throw error
    }
  }
}

/** The nearest `.git` at or above a folder: a folder in a clone, a file in worktrees and submodules. */
function findGitEntry(folder: string): string | null {
  for (let current = folder; ; current = path.dirname(current)) {
    const entry = path.join(current, '.git')
    if (lstatSync(entry, { throwIfNoEntry: false }) !== undefined) return entry
    if (path.dirname(current) === current) return null
  }
}

/** What a `.git` is: a folder for as long as it is the same one, a file with its content. */
function entryStamp(entry: string): string | null {
  const stat = statSync(entry, { throwIfNoEntry: false })
  if (stat === undefined) return null
  return stat.isDirectory() ? `${String(stat.dev)}:${String(stat.ino)}` : contentStamp(entry)
}

function contentStamp(file: string): string | null {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true })
  if (stat === undefined) return null
  return [stat.ino, stat.mtimeNs, stat.size].map(String).join(':')
}

async function readCheckout(
  run: Run,
  entry: string,
  signal: AbortSignal | undefined,
): Promise<Checkout | null> {
  const asked = ['--show-toplevel', '--git-common-dir', '--absolute-git-dir']
  const args = ['rev-parse', '--path-format=absolute', ...asked]
  const answer = await run(path.dirname(entry), args, { signal, refusals: NO_CHECKOUT })
  if (answer === null) return null
  const [root, commonDir, gitDir, ...rest] = answer.trimEnd().split('\n').map(realOf)
  if (root === undefined || commonDir === undefined || gitDir === undefined || rest.length > 0) {
    throw new SkeinError('REPO_NOT_GIT', `git does not tell where ${entry} belongs.`)
  }
  return { root, commonDir, gitDir, isWorktree: gitDir !== commonDir }
}

const NO_CHECKOUT = /not a git repository|must be run in a work tree/

function realOf(place: string): string {
  return realpathSync.native(place)
}

function isShallowClone(checkout: Checkout): boolean {
  return statSync(path.join(checkout.commonDir, 'shallow'), { throwIfNoEntry: false }) !== undefined
}

async function readRoots(
  run: Run,
  checkout: Checkout,
  signal: AbortSignal | undefined,
): Promise<RootCommits> {
  // Every branch, so that all worktrees of a clone have the same roots; notes and what is kept of work are no history of the files.
  const others = ['--exclude=refs/notes/*', '--exclude=refs/skein/*']
  const args = ['rev-list', '--max-parents=0', '--timestamp', ...others, '--all']
  const answer = await run(checkout.root, args, { signal, millisecondsMax: HISTORY_MS_MAX })
  const isShallow = isShallowClone(checkout)
  const cuts = isShallow ? readFileSync(path.join(checkout.commonDir, 'shallow'), 'utf8') : ''
  const commits = linesOf(answer)
    .map((line) => line.split(' '))
    // Equal dates are ordered by hash, so that every clone names the same oldest root.
    .sort(([t = '', a = ''], [u = '', b = '']) => Number(t) - Number(u) || (a < b ? -1 : 1))
    .map(([, commit = '']) => commit)
  return { commits: commits.filter((commit) => !cuts.includes(commit)), isShallow }
}

async function readOrigin(
  run: Run,
  checkout: Checkout,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  // get-url, not the raw key: people shorten addresses by `insteadOf`.
  const args = ['remote', 'get-url', 'origin']
  const answer = await run(checkout.root, args, { signal, refusals: /No such remote/ })
  const url = linesOf(answer)[0]
  return url === undefined ? null : withoutCredentials(url)
}

/** Tokens stand in addresses of continuous integration; they must not reach a log or another machine. */
function withoutCredentials(url: string): string {
  if (!url.includes('://') || !URL.canParse(url)) return url
  const parsed = new URL(url)
  parsed.password = ''
  if (/^https?:$/.test(parsed.protocol)) parsed.username = ''
  return parsed.href
}

function localIdOf(checkout: Checkout, roots: RootCommits): RepoId {
  const oldest = roots.commits[0]
  if (oldest === undefined) {
    const why = roots.isShallow ? 'a shallow history' : 'no commit'
    throw new SkeinError(
      'REPO_NOT_ENROLLED',
      `${checkout.root} has ${why} and no \`origin\` that names an owner, so it has no id yet.`,
      {
        hint: roots.isShallow
          ? 'git fetch --unshallow, or set `repo: owner/name` in .skein.yml.'
          : 'Make the first commit, or set `repo: owner/name` in .skein.yml.',
        data: { root: checkout.root },
      },
    )
  }
  // The clone's folder, so that its worktrees have the same id.
  const isPlain = path.basename(checkout.commonDir) === '.git'
  const clone = isPlain ? path.dirname(checkout.commonDir) : checkout.commonDir
  const folder = path.basename(clone, '.git').replace(/[\s\p{C}]+/gu, '-')
  return asRepoId(`local/${folder.slice(0, 100)}-${oldest.slice(0, 8)}`)
}

async function readFiles(
  run: Run,
  checkout: Checkout,
  signal: AbortSignal | undefined,
): Promise<TrackedFiles> {
  const args = ['ls-files', '-z', '--deduplicate']
  const answer = await run(checkout.root, args, { signal })
  const paths = (answer ?? '').split('\0').filter((file) => file !== '')
  return { count: paths.length, paths }
}

async function readChanged(
  run: Run,
  checkout: Checkout,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const variables = await withoutFilters(run, checkout.root, signal)
  // A file that only changed its mode is as its stamp says: without its filter its content would tell otherwise.
  const stamps = ['-c', 'core.trustctime=false']
  const shape = ['--porcelain=v1', '-z', '--no-renames', '-uall', '--ignore-submodules']
  const args = [...stamps, 'status', ...shape]
  const answer = await run(checkout.root, args, { signal, variables })
  // Two letters and a space stand before each name.
  return (answer ?? '').split('\0').flatMap((entry) => (entry === '' ? [] : [entry.slice(3)]))
}

async function readBranch(
  run: Run,
  checkout: Checkout,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  const head = readFileSync(path.join(checkout.gitDir, 'HEAD'), 'utf8').trim()
  const branch = /^ref: refs\/heads\/(.+)$/.exec(head)?.[1]
  // With reftable the file is a dummy, and only git knows.
  if (branch !== '.invalid') return branch ?? null
  const args = ['symbolic-ref', '--short', 'HEAD']
  const answer = await run(checkout.root, args, { signal, refusals: /not a symbolic ref/ })
  return linesOf(answer)[0] ?? null
}

function linesOf(answer: string | null): readonly string[] {
  return (answer ?? '').split('\n').filter((line) => line !== '')
}
