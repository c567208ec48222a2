// The routes of coord, a service for the same purpose, as its clients call them: so that those go on working when they are
// pointed here. Thin: each shapes the input of an operation and its result, and decides nothing. Where skein promises more than
// coord, that is what they get; docs/how-to/moving-from-coord.md tells the differences.
import type { Callers } from '../../callers.ts'
import type { Operations } from '../../client/operations.ts'
import type { Repos } from '../../repos.ts'
import type { Route } from '../http-call.ts'
import { claimingRoutes } from './claiming.ts'
import { claimRoutes } from './claims.ts'
import { conflictRoutes } from './conflicts.ts'
import type { CoordDaemon } from './call.ts'
import { insightRoutes } from './insight.ts'
import { policyRoutes } from './policy.ts'
import { requestRoutes } from './requests.ts'
import { sessionRoutes } from './sessions.ts'

export function coordRoutes(
  operations: Operations,
  repos: Pick<Repos, 'all'>,
  callers: Pick<Callers, 'note'>,
): readonly Route[] {
  const daemon: CoordDaemon = {
    operations,
    noteSession: (session) => {
      callers.note(session)
    },
    repoIds: () => repos.all().map(({ id }) => id),
    // Counted, not asked for: it goes with every answer.
    placesOf: (agent) =>
      repos
        .all()
        .flatMap(({ host }) => (host === null ? [] : [...host.loop.view().state.queue.values()]))
        .filter(({ party }) => party.agent === agent).length,
  }
  return [
    ...claimingRoutes(daemon),
    ...claimRoutes(daemon),
    ...conflictRoutes(daemon),
    ...sessionRoutes(daemon),
    ...requestRoutes(daemon),
    ...insightRoutes(daemon),
    ...policyRoutes(daemon),
  ]
}
