// In which checkouts the work of a session lies, and where a repository has clones.
import { SkeinError } from '../../protocol/index.ts'
import type { Checkout, Git } from '../git.ts'
import type { Repo } from '../repos.ts'
import type { LostClaim } from './lost.ts'
import type { WorkPlaces } from './places.ts'

export interface CheckoutTools {
  readonly git: Git
  readonly places: Pick<WorkPlaces, 'of'>
}

/** Where the session works: as it was seen, else by the branch of its claim. */
export async function checkoutsOf(
  { git, places }: CheckoutTools,
  repo: Repo,
  { session, branch }: Pick<LostClaim, 'session' | 'branch'>,
): Promise<readonly Checkout[]> {
  const known = places.of(repo.id, session)
  const found = await findAll(git, known.length > 0 ? known : repo.checkouts)
  if (known.length > 0 || found.length < 2) return found
  const branches = await Promise.all(found.map((checkout) => git.currentBranch(checkout)))
  return found.filter((_, at) => branch !== null && branches[at] === branch)
}

/** One checkout of each clone that is still there. */
export async function clonesOf(git: Git, repo: Repo): Promise<readonly Checkout[]> {
  const found = await findAll(git, repo.checkouts)
  return [...new Map(found.map((checkout) => [checkout.commonDir, checkout])).values()]
}

async function findAll(git: Git, roots: readonly string[]): Promise<readonly Checkout[]> {
  const found: Checkout[] = []
  for (const root of roots) {
    const checkout = await git.findCheckout(root).catch((error: unknown) => {
      if (error instanceof SkeinError) return null
      throw error
    })
    // The folder above one that is gone may be in another checkout.
    if (checkout?.root === root) found.push(checkout)
  }
  return found
}
