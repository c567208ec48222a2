// Claims whose work has reached the default branch of the remote: done, unless their holder's checkout still has changes of
// their files that are not committed.
import { judgeable, matchesPath, type LedgerClaim } from '../protocol/index.ts'
import type { Checkout, Git } from './git.ts'
import type { RepoConfig } from './config.ts'

export interface Landed {
  readonly done: readonly LedgerClaim[]
  readonly kept: readonly { readonly id: string; readonly why: string }[]
}

export async function landedClaims(
  { git }: { readonly git: Pick<Git, 'changedFiles'> },
  place: { readonly checkout: Checkout | null; readonly config: RepoConfig },
  claims: readonly LedgerClaim[],
): Promise<Landed> {
  const all = (why: string): Landed => ({ done: [], kept: claims.map(({ id }) => ({ id, why })) })
  if (!place.config.release_on_landing) return all('.skein.yml: release_on_landing: false')
  if (place.checkout === null) return all('its checkout is not known')
  if (claims.length === 0) return all('')
  const changed = await git.changedFiles(place.checkout)
  const options = { caseExact: place.config.case === 'exact' }
  const kept = claims.flatMap((claim) => {
    const scope = judgeable(claim, options)
    if (!('compiled' in scope)) return [{ id: claim.id, why: 'it is on no path' }]
    const open = changed.find((file) => matchesPath(scope.compiled, file))
    return open === undefined ? [] : [{ id: claim.id, why: `${open} is changed and not committed` }]
  })
  const stays = new Set<string>(kept.map(({ id }) => id))
  return { done: claims.filter(({ id }) => !stays.has(id)), kept }
}
