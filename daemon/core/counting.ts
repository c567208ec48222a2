// A leader's records about where claims meet: counts of refusals, and what they make shared or no longer shared.
import type { RecordBody } from '../../protocol/index.ts'
import type { Engine } from './engine-state.ts'
import { dueCounts, dueDemotion, duePromotions } from './policy/hotspots.ts'
import { mayWrite } from './version-gate.ts'
import type { View } from './view.ts'

/** Appends what is due; older machines would have to stop at it. */
export function countRefusals(
  engine: Engine,
  view: View,
  append: (bodies: readonly RecordBody[]) => void,
): void {
  const { hotspots, consensus, leases } = engine
  const head = consensus.chain.head()?.index ?? 0
  const context = { view, now: leases.elapsedMs, wallMs: consensus.wallMs, head }
  if (mayWrite(engine, 'refusals')) {
    const counts = dueCounts(hotspots, context)
    if (counts?.kind === 'refusals') {
      append([counts])
      const promotions = duePromotions(context, counts.counts)
      if (promotions.length > 0) append(promotions)
    }
    const demotion = dueDemotion(hotspots, context)
    if (demotion !== null) append([demotion])
  }
  hotspots.head = consensus.chain.head()?.index ?? 0
}
