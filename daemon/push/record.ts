// The event of a refused push: this machine's own observation, so it stands in its audit log alone.
import type { OperationResult, Party } from '../../protocol/index.ts'
import { clean } from '../callers.ts'
import type { Parts } from '../operations/context.ts'
import { recordOwn } from '../own-events.ts'
import type { Repo } from '../repos.ts'

/** Files that one event names; the count of all stands beside them. */
const FILES_MAX = 50

/** Records nothing where nobody else holds any of it. */
export function recordRefused(
  parts: Pick<Parts, 'clock' | 'about'>,
  repo: Repo,
  { agent, session }: Party,
  push: { readonly remote: string | null; readonly refs: readonly string[] },
  { paths, claims }: Pick<OperationResult<'cover'>, 'paths' | 'claims'>,
): void {
  const byId = new Map(claims.map((claim) => [claim.id, claim]))
  const held = paths.filter(({ verdict }) => verdict === 'other')
  if (held.length === 0) return
  const files = held.slice(0, FILES_MAX).flatMap(({ path, symbols, claims: [id = ''] }) => {
    const claim = byId.get(id)
    if (claim === undefined) return []
    const { agent: holder, machine, fence, expires_at: until } = claim
    const by = { claim: id, holder, holder_machine: machine, fence, until }
    return [{ path: clean(path), symbols: symbols.map(clean), ...by }]
  })
  recordOwn(
    parts,
    repo,
    'push.refused',
    { agent, session },
    {
      ...{ refs: push.refs.map(clean), files, files_total: held.length },
      remote: push.remote === null ? null : clean(push.remote),
    },
  )
}
