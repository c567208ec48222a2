// The ledgers of this machine in numbers.
import { isLeading } from './core/engine.ts'
import type { Parts } from './operations/context.ts'
import type { LedgerFacts } from './ports.ts'

/** Those that are served. */
export function ledgerFacts({ repos, clock }: Pick<Parts, 'repos' | 'clock'>): LedgerFacts[] {
  return repos.all().flatMap(({ id, host }) => {
    if (host === null) return []
    const { claims, queue, asked, applied } = host.loop.view().state
    const joined = [...queue.values()].map(({ joinedAtMs }) => joinedAtMs)
    const oldest = joined.length === 0 ? clock.wall() : Math.min(...joined)
    return [
      {
        repo: id,
        isLeading: isLeading(host.loop.engine()),
        term: applied.term,
        index: applied.index,
        claims: claims.size,
        narrowed: [...claims.values()].filter(({ narrowedBy }) => narrowedBy.length > 0).length,
        waits: queue.size,
        oldestWait: Math.max(0, clock.wall() - oldest) / 1000,
        requests: asked.size,
        logBytes: host.logBytes(),
        auditBytes: host.audit.size(),
      },
    ]
  })
}
