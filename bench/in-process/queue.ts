// Hand-overs among many waiters on one path: the daemon's own engine, its log in memory, each release stepped until the next
// waiter's grant is told as committed. Prints JSON.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { asSessionId, type Party } from '../../protocol/index.ts'
import { quantile, sortNumbers } from '../stats.ts'
import type { QueueFigures } from './figures.ts'
import { Ledger, SELF } from './ledger.ts'

const WAITERS = Number(process.argv[2] ?? 1_000)
const ledger = new Ledger()

function partyOf(i: number): Party {
  const name = `waiter-${String(i)}`
  const machine = 'bench'
  return {
    ...{ agent: name, agentGiven: false, session: asSessionId(name) },
    ...{ peer: SELF, machine, branch: null },
  }
}

/** Bytes in use, without what is garbage. */
function heapNow(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}

for (let i = 0; i <= WAITERS; i++) {
  ledger.ask({
    kind: 'claim',
    party: partyOf(i),
    scopes: [{ kind: 'file', pattern: 'src/one.ts', symbols: [], mode: 'exclusive' }],
    terms: {
      description: '',
      narrowable: true,
      ttlSeconds: null,
      ttlDefaultSeconds: 14_400,
      ttlSharedSeconds: 7_200,
      claimsPerAgent: 0,
    },
    stamp: { wallMs: i, boot: 'bench', uptimeMs: i },
    key: null,
    urgency: 'normal',
    waitSeconds: 600,
  })
}
if (ledger.engine.committed.state.queue.size !== WAITERS) throw new Error('not all of them wait')
const heapBefore = heapNow()
const tookMs: number[] = []
for (let i = 0; i < WAITERS; i++) {
  const [holder] = ledger.engine.committed.state.claims.values()
  if (holder?.session !== partyOf(i).session) throw new Error('not in order')
  const startedAt = performance.now()
  ledger.ask({ kind: 'release', party: partyOf(i), target: { by: 'this-session' }, force: null })
  tookMs.push(performance.now() - startedAt)
}
const sorted = sortNumbers(tookMs)
const figures: QueueFigures = {
  waiters: WAITERS,
  p50: quantile(sorted, 0.5),
  p99: quantile(sorted, 0.99),
  heapGrowthBytes: heapNow() - heapBefore,
}
process.stdout.write(JSON.stringify(figures))
