// What has to be so before a checkout is enrolled, or a repository's ledger is begun again.
import path from 'node:path'
import { SkeinError, type PeerId, type RepoId, type RepoState } from '../protocol/index.ts'
import type { Config, RepoConfig } from './config.ts'
import { relativeInside } from './folders.ts'
import type { Checkout, Git } from './git.ts'

/** May first use enrol it? */
export function mayEnrol(
  machine: Config,
  config: RepoConfig,
  id: RepoId,
  checkout: Checkout,
): boolean {
  const isOf = (out: string): boolean =>
    path.isAbsolute(out) ? relativeInside(out, checkout.root) !== null : out === id
  return config.file !== null && machine.enrol === 'auto' && !machine.exclude.some(isOf)
}

/** A further checkout of an enrolled id shares history with it. @throws SkeinError REPO_FOREIGN */
export async function requireKin(
  git: Git,
  known: RepoState | undefined,
  checkout: Checkout,
): Promise<void> {
  const { commits, isShallow } = await git.rootCommits(checkout)
  const isKin =
    known === undefined ||
    known.roots.length === 0 ||
    isShallow ||
    commits.some((commit) => known.roots.includes(commit))
  if (isKin) return
  const { repo } = known
  const message = `${checkout.root} says it is ${repo} but shares no history with it`
  throw new SkeinError('REPO_FOREIGN', message, { data: { repo, checkout: checkout.root } })
}

/** Only a ledger whose log is lost, and that no other machine has, is begun again by itself. @throws SkeinError FORBIDDEN */
export function requireLost(
  known: RepoState | undefined,
  { id, problem }: { readonly id: RepoId; readonly problem: SkeinError | null },
  self: PeerId,
): RepoState {
  if (known === undefined || problem?.code !== 'LEDGER_DAMAGED') {
    throw new SkeinError('FORBIDDEN', `the ledger of ${id} is not damaged: nothing to recover`, {
      hint: 'skein status',
    })
  }
  if (known.machines.every((peer) => peer === self)) return known
  throw new SkeinError('FORBIDDEN', `other machines have the ledger of ${id}`, {
    hint: 'Remove this machine on one of them (skein member remove) and let it join again. If this one alone decided: skein down here, then skein recover --accept-loss there',
  })
}

/** A checkout that says what it is is not enrolled as anything else. @throws SkeinError INPUT_USAGE */
export function requireSameId(checkout: Checkout, { repo }: RepoConfig, as: RepoId | null): void {
  if (repo === null || as === null || as === repo) return
  throw new SkeinError(
    'INPUT_USAGE',
    `${checkout.root} says in its .skein.yml that it is ${repo}, not ${as}`,
    { hint: `skein enrol --as ${repo}` },
  )
}

export function notEnrolled(id: RepoId, enrolled: readonly RepoId[]): SkeinError {
  return new SkeinError('REPO_NOT_ENROLLED', `${id} is not enrolled in this mesh`, {
    hint:
      enrolled.length === 0
        ? 'skein init'
        : `Enrolled are: ${enrolled.join(', ')}. To enrol: skein init`,
    data: { repo: id, enrolled },
  })
}
