// What the remote has at the beginning of a round: the target with its own terms, and the branches that are for it.
import { SkeinError } from '../../protocol/index.ts'
import { isBranchName, type LandingGit } from '../git-landing.ts'
import type { Fates, RunPlace } from './fates.ts'
import { messageOf, readTerms, type TargetTerms, type Work } from './work.ts'

export interface Seen {
  readonly base: string
  readonly terms: TargetTerms
  readonly works: readonly Work[]
}

/** What has landed already is recorded so on the way. @throws SkeinError REPO_NOT_GIT, CONFIG_INVALID */
export async function lookAtRemote(
  git: LandingGit,
  { root, target }: RunPlace,
  fates: Fates,
  needs: ReadonlyMap<string, readonly string[]>,
): Promise<Seen> {
  const named = fates.open().filter(({ branch }) => isBranchName(branch))
  const branches = [...new Set([target, ...named.map(({ branch }) => branch)])]
  const heads = await git.fetch(root, branches)
  const base = heads.get(target) ?? null
  if (base === null)
    throw new SkeinError('REPO_NOT_GIT', `origin has no branch ${target}`, {
      hint: 'skein merge --target BRANCH',
    })
  const works: Work[] = []
  for (const assignment of fates.open()) {
    const { id, task, branch, fence, landing, verdicts, commit = '' } = assignment
    // Who went on with the branch has put commits on it that are not this one's.
    const head = fates.isLastOfBranch(assignment) ? (heads.get(branch) ?? commit) : commit
    if (!isBranchName(branch) || !(await git.has(root, head))) {
      const note = 'its branch is not at the remote'
      await fates.block(assignment, { head, base }, 'refusal', note)
      continue
    }
    if (await git.contains(root, base, head)) {
      await fates.landed(assignment, { head, base, commit: base })
      continue
    }
    const size = await git.size(root, base, head)
    const what = { assignment, message: messageOf(assignment), after: needs.get(task) ?? [] }
    works.push({ ...{ id, task, branch, head, fence, size, landing, verdicts }, ...what })
  }
  return { base, works, terms: await readTerms(git, root, target, base) }
}
