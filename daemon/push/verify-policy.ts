// What the repository keeps shut, looked at from outside: which pushed commits change protected files, or files of hard areas
// without a claim that shows its owners' word? The policy is that of the default branch from before the commits. A claim in
// a hard area is granted to owners and to whom they let in, so a live token that covers a file is the word that is looked for.
import { matchesPath, parsePattern, SkeinError } from '../../protocol/index.ts'
import { parseConfigText } from '../config-file.ts'
import { repoFileSchema } from '../config-schema.ts'
import type { Listing, Remote } from '../fence/remote.ts'
import type { Token } from '../fence/token.ts'
import type { UserGit } from '../git-user.ts'
import { POLICY_FILE } from '../policy/default-branch.ts'
import { isConfigError, readPolicy } from '../policy/read.ts'
import { shutBy, type Shut, type ShutRule } from '../policy/shut.ts'
import type { PushedCommit } from './pushed-commits.ts'

export interface PushedPolicy {
  readonly branch: string
  readonly commit: string
  readonly shut: Shut
}

interface Met {
  readonly commit: string
  readonly subject: string
  readonly path: string
  /** The protected pattern, or the area's name. */
  readonly rule: string
  readonly owners: readonly string[]
}

/** `unapproved`: the commit names no live claim that covers a file of a hard area. */
export interface PolicyFinding extends Met {
  readonly kind: 'protected' | 'unapproved'
}

/**
 * `bypassed`: its trailer says why it goes past the policy. `ended`: it names a claim that the remote knows no longer, so nobody
 * can tell here what that covered.
 */
export interface Passed extends Met {
  readonly kind: 'bypassed' | 'ended'
  readonly why: string
}

interface RuledBy {
  readonly live: readonly Pick<Token, 'fence' | 'claims'>[]
  /** A file that another holds is told of once. */
  readonly held: readonly Pick<Met, 'commit' | 'path'>[]
  readonly caseExact: boolean
}

export interface Ruled {
  readonly findings: readonly PolicyFinding[]
  readonly passed: readonly Passed[]
}

export function ruleOnCommits(
  commits: readonly PushedCommit[],
  policy: PushedPolicy | null,
  { live, held, caseExact }: RuledBy,
): Ruled {
  const findings: PolicyFinding[] = []
  const passed: Passed[] = []
  if (policy === null) return { findings, passed }
  const known = new Set(held.map(({ commit, path }) => `${commit} ${path}`))
  const scopes = live.flatMap(({ fence, claims }) =>
    claims.map(({ pattern }) => ({ fence, pattern: parsePattern(pattern, { caseExact }) })),
  )
  const fences = new Set(live.map(({ fence }) => fence))
  for (const commit of commits) {
    const own = scopes.filter(({ fence }) => commit.fences.includes(fence))
    const ended = commit.fences.filter((fence) => !fences.has(fence))
    for (const path of commit.paths) {
      const rule = policy.shut.ruleOn(path)
      if (rule === null) continue
      const met = metBy(commit, path, rule)
      const isHard = rule.kind === 'hard'
      if (isHard && own.some(({ pattern }) => matchesPath(pattern, path))) continue
      if (commit.bypass !== '') passed.push({ kind: 'bypassed', ...met, why: commit.bypass })
      else if (!isHard) findings.push({ kind: 'protected', ...met })
      else if (known.has(`${commit.id} ${path}`)) continue
      else if (ended.length > 0) passed.push({ kind: 'ended', ...met, why: ended.join(', ') })
      else findings.push({ kind: 'unapproved', ...met })
    }
  }
  return { findings, passed }
}

function metBy({ id, subject }: PushedCommit, path: string, rule: ShutRule): Met {
  const by =
    rule.kind === 'protected'
      ? { rule: rule.pattern, owners: [] }
      : { rule: rule.area, owners: rule.owners }
  return { commit: id, subject, path, ...by }
}

/**
 * The policy of the remote's default branch, as it was before these commits: what they change in it is not yet in force for them.
 * Null: there is none, or skein cannot read it, and so it says nothing, as for daemons. @throws SkeinError NOT_FOUND
 */
export async function pushedPolicy(
  git: UserGit,
  remote: Pick<Remote, 'texts'>,
  { head, refs }: Listing,
  commits: readonly PushedCommit[],
): Promise<PushedPolicy | null> {
  if (head === null) return null
  const judged = new Set(commits.map(({ id }) => id))
  const look = async (ref: string): ReturnType<typeof policyAt> => {
    const tip = refs.get(ref)
    if (tip === undefined) return null
    // A clone for one branch alone has not fetched it.
    await remote.texts(new Map([[ref, tip]]))
    return policyAt(git, ref.replace(/^refs\/heads\//, ''), tip, judged)
  }
  const named = await look(head)
  if (named === null || named.defaultBranch === null) return named
  const other = `refs/heads/${named.defaultBranch}`
  return refs.has(other) && other !== head ? look(other) : named
}

async function policyAt(
  git: UserGit,
  branch: string,
  tip: string,
  judged: ReadonlySet<string>,
): Promise<(PushedPolicy & { readonly defaultBranch: string | null }) | null> {
  const commit = await lastBefore(git, branch, tip, judged)
  const read = commit === null ? null : await git.run(['show', `${commit}:${POLICY_FILE}`])
  if (commit === null || read?.code !== 0) return null
  try {
    const name = `${POLICY_FILE} of ${branch}`
    const { value } = parseConfigText(name, read.stdout, POLICY_FILE, repoFileSchema)
    const shut = shutBy(readPolicy(name, read.stdout), value.case === 'exact')
    return { branch, commit, shut, defaultBranch: value.default_branch ?? null }
  } catch (error) {
    if (isConfigError(error)) return null
    throw error
  }
}

/** The newest commit of a branch that is none of those that are judged; null: there is none. */
async function lastBefore(
  git: UserGit,
  branch: string,
  tip: string,
  judged: ReadonlySet<string>,
): Promise<string | null> {
  const most = `--max-count=${String(judged.size + 1)}`
  const walked = await git.run(['rev-list', '--first-parent', most, tip, '--'])
  if (walked.code !== 0) {
    throw new SkeinError(
      'NOT_FOUND',
      `the commit that ${branch} of the remote stands on is not in this clone, so its policy is not known`,
      { hint: `git fetch origin ${branch}` },
    )
  }
  return walked.stdout.split('\n').find((id) => id !== '' && !judged.has(id)) ?? null
}
