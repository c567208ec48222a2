// Which resources the bearer of a token may hear of. What may be read is judged where operations are called; a notification is a
// word of its own, that something happened there.
import { isSessionOfToken, type Grant } from '../../daemon/client/operations.ts'
import { parseUri } from './uri.ts'

/** Addresses that are none of ours never change, so nobody hears anything by them. */
export function mayHearOf(uri: string, grant: Grant | undefined): boolean {
  const resource = parseUri(uri)
  if (grant === undefined || resource === null) return true
  switch (resource.kind) {
    case 'claims':
    case 'queue':
      return grant.repos === null || grant.repos.includes(resource.repo)
    case 'inbox':
      return isSessionOfToken(grant.name, resource.session)
    case 'board':
      return grant.repos === null
  }
}
