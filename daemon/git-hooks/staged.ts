// The git hooks of a commit: may the staged files be changed, and which claims go into its trailers? A hook of ours never stands in
// the way for a reason of its own: without a daemon it says so and lets the commit pass, unless the repository's own file
// says otherwise.
import { BYPASS_TRAILER, CLAIM_TRAILER, FENCE_TRAILER } from '../trailers.ts'
import type { UserGit } from '../git-user.ts'
import type { Asking } from '../push/asking.ts'
import { parseRaw, type Changes } from '../push/changes.ts'
import { judgeByLeader, type OwnClaim } from '../push/judge.ts'
import { shown } from '../push/words.ts'

/**
 * What the index has and the last commit has not. Of a merge, what is in none of its parents: the rest is others' work that
 * was checked when it was made.
 */
export async function stagedChanges(git: UserGit): Promise<Changes> {
  const parents = await parentsOf(git)
  const [first, ...others] = await Promise.all(
    parents.map(async (parent) => {
      const what = ['--cached', '-r', '--raw', '-z', '--no-renames', '--no-ext-diff']
      return parseRaw(
        await git.read(['diff-index', ...what, '--ignore-submodules=dirty', parent, '--']),
      )
    }),
  )
  const paths = [...(first?.keys() ?? [])].filter((path) =>
    others.every((edits) => edits.has(path)),
  )
  return { paths: new Set(paths), editsOf: () => Promise.resolve(first ?? new Map()) }
}

async function parentsOf(git: UserGit): Promise<readonly string[]> {
  const heads = await Promise.all([idOf(git, 'HEAD'), idOf(git, 'MERGE_HEAD')])
  const [head, merged] = heads
  if (head === null) return [(await git.read(['hash-object', '-t', 'tree', '--stdin'])).trim()]
  return merged === null ? [head] : [head, merged]
}

async function idOf(git: UserGit, name: string): Promise<string | null> {
  const ran = await git.run(['rev-parse', '--verify', '--quiet', `${name}^{commit}`])
  return ran.code === 0 ? ran.stdout.trim() : null
}

export interface Trailed {
  /** The claims that cover the staged files. */
  readonly claims: readonly OwnClaim[]
  /** Why what the policy keeps shut is changed all the same; null: nothing is. */
  readonly bypass: string | null
}

/** What the trailers of a commit have to say. @throws SkeinError as the daemon answers it. */
export async function trailedByStaged(git: UserGit, asking: Asking): Promise<Trailed> {
  const changes = await stagedChanges(git)
  if (changes.paths.size === 0) return { claims: [], bypass: null }
  // Asked without the reason: whether there is anything to go past.
  const { own, blocked } = await judgeByLeader({ ...asking, bypass: {} }, changes, null)
  const isShut = blocked.some(({ why }) => why === 'protected' || why === 'unapproved')
  return { claims: own, bypass: isShut ? (asking.bypass.bypass ?? null) : null }
}

/** Adds the trailers to a commit's message; one that is there stays as it is. */
export async function addTrailers(
  git: UserGit,
  file: string,
  { claims, bypass }: Trailed,
): Promise<void> {
  if (claims.length === 0 && bypass === null) return
  const fences = [...new Set(claims.map(({ fence }) => String(fence)))]
  const trailers = [
    ...claims.map(({ id }) => `${CLAIM_TRAILER}: ${id}`),
    ...fences.map((fence) => `${FENCE_TRAILER}: ${fence}`),
    ...(bypass === null ? [] : [`${BYPASS_TRAILER}: ${shown(bypass).trim()}`]),
  ]
  const words = trailers.flatMap((trailer) => ['--trailer', trailer])
  const how = ['--in-place', '--if-exists', 'addIfDifferent', '--if-missing', 'add']
  await git.read(['interpret-trailers', ...how, ...words, '--', file])
}
