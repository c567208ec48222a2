// Whose `.skein.yml` is the policy: the branch that git itself names, or the one that the file on that branch names. What
// stands in a working tree names none, or whoever works there could choose the policy that is about them.
import { parseConfigText } from '../config-file.ts'
import { repoFileSchema } from '../config-schema.ts'
import type { Checkout } from '../git.ts'
import type { History } from '../git-history.ts'
import { isConfigError } from './read.ts'

export interface PolicyBranch {
  readonly name: string
  readonly isRemote: boolean
  /** Its last commit, as fetched. */
  readonly tip: string
}

export const POLICY_FILE = '.skein.yml'

/** Null: git names none, or it has no commit. Throws as those of History do. */
export async function findPolicyBranch(
  history: History,
  checkout: Checkout,
): Promise<PolicyBranch | null> {
  const named = await branchOf(history, checkout, null)
  if (named === null) return null
  const text = await history.fileAt(checkout, named.tip, POLICY_FILE)
  const wanted = text === null ? null : defaultBranchIn(text)
  if (wanted === null || wanted === named.name) return named
  const other = await branchOf(history, checkout, wanted)
  // Beside a remote a branch that only this clone has is one that anybody may have made.
  return other === null || (named.isRemote && !other.isRemote) ? named : other
}

async function branchOf(
  history: History,
  checkout: Checkout,
  configured: string | null,
): Promise<PolicyBranch | null> {
  const trunk = await history.trunk(checkout, configured)
  if (trunk === null) return null
  const tip = await history.tip(checkout, trunk.remote ?? `refs/heads/${trunk.branch}`)
  return tip === null ? null : { name: trunk.branch, isRemote: trunk.remote !== null, tip }
}

/** Of a text that cannot be read nobody knows it; why it cannot be read is said where it is taken up. */
function defaultBranchIn(text: string): string | null {
  try {
    const { value } = parseConfigText(POLICY_FILE, text, POLICY_FILE, repoFileSchema)
    return value.default_branch ?? null
  } catch (error) {
    if (isConfigError(error)) return null
    throw error
  }
}
