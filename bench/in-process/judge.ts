// One new claim judged against many: the daemon's own judge on a view built by its own index, in this process. Prints JSON.
import {
  asClaimId,
  asPeerId,
  asSessionId,
  emptyState,
  type LedgerClaim,
} from '../../protocol/index.ts'
import { judgeScopes } from '../../daemon/core/claims/judge.ts'
import { createView, type View } from '../../daemon/core/view.ts'
import { quantile, sortNumbers } from '../stats.ts'
import type { JudgeFigures } from './figures.ts'

/** How many are measured, after as many that are not. */
const ASKED = Number(process.argv[3] ?? 400)

/** What people claim: mostly files, some folders, a few globs. */
function patternAt(i: number): string {
  const folder = `src/area-${String(i % 37)}/part-${String(i % 211)}`
  if (i % 20 === 0) return `${folder}/sub-${String(i)}/*.test.{ts,tsx}`
  if (i % 5 === 0) return `${folder}/sub-${String(i)}/**`
  return `${folder}/file-${String(i)}.ts`
}

const ASKS: Readonly<Record<keyof JudgeFigures['asks'], (i: number) => string>> = {
  file: (i) => `src/area-${String(i % 37)}/part-${String(i % 211)}/new-${String(i)}.ts`,
  folder: (i) => `src/area-${String(i % 37)}/part-${String(i % 211)}/new-${String(i)}/**`,
  wide: (i) => `**/new-${String(i)}/*.{ts,tsx}`,
}

function claimAt(i: number): LedgerClaim {
  return {
    id: asClaimId(`clm_${String(i).padStart(26, '0')}`),
    kind: 'file',
    pattern: patternAt(i),
    symbols: [],
    mode: 'exclusive',
    description: 'a claim of the bench',
    narrowable: true,
    ttlSeconds: 14_400,
    stamp: { wallMs: 0, boot: 'bench', uptimeMs: 0 },
    coexistsWith: [],
    narrowedBy: [],
    clamps: [],
    agent: `agent-${String(i % 50)}`,
    agentGiven: true,
    session: asSessionId(`session-${String(i % 50)}`),
    peer: asPeerId('bench'),
    machine: 'bench',
    branch: null,
    fence: i + 1,
    grantedAtMs: 0,
  }
}

function viewOf(count: number): View {
  const state = emptyState()
  for (let i = 0; i < count; i++) {
    const claim = claimAt(i)
    state.claims.set(claim.id, claim)
  }
  return createView(false, state)
}

/** A wide glob meets every claimed folder, whatever may come to lie in it; the other two meet nobody. */
function measure(view: View, what: keyof JudgeFigures['asks']): { p50: number; p99: number } {
  const party = { ...claimAt(0), agent: 'stranger', session: asSessionId('stranger') }
  const latencies: number[] = []
  for (let i = 0; i < 2 * ASKED; i++) {
    const scope = { kind: 'file', pattern: ASKS[what](i), symbols: [], mode: 'exclusive' } as const
    const startedAt = performance.now()
    const judged = judgeScopes(view, party, [scope], [])
    const milliseconds = performance.now() - startedAt
    if (judged.conflicts.length > 0 !== (what === 'wide'))
      throw new Error(`${scope.pattern} was judged wrongly`)
    if (i >= ASKED) latencies.push(milliseconds)
  }
  const sorted = sortNumbers(latencies)
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) }
}

const count = Number(process.argv[2])
const view = viewOf(count)
const asks = {
  file: measure(view, 'file'),
  folder: measure(view, 'folder'),
  wide: measure(view, 'wide'),
}
process.stdout.write(JSON.stringify({ claims: count, asks } satisfies JudgeFigures))
