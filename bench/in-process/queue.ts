// Hand-overs among many waiters on one path: the daemon's own engine, its log in memory, each release stepped until the next
// waiter's grant is told as committed. Prints JSON.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  asPeerId,
  asSessionId,
  createYjsDocument,
  encodeRecord,
  formatRequestId,
  LEDGER_VERSION,
  type Party,
} from '../../protocol/index.ts'
import type { Command } from '../../daemon/core/claims/command.ts'
import { DEFAULT_TIMING } from '../../daemon/core/consensus/types.ts'
import { createEngine, stepEngine, type EngineInput } from '../../daemon/core/engine.ts'
import { quantile, sortNumbers } from '../stats.ts'
import type { QueueFigures } from './figures.ts'

const WAITERS = Number(process.argv[2] ?? 1_000)
const SELF = asPeerId('bench')

const genesis = encodeRecord({
  generation: 1,
  term: 0,
  index: 0,
  parent: null,
  atMs: 0,
  body: {
    kind: 'genesis',
    ledger: 'repo',
    mesh: 'mesh_bench',
    name: 'bench/repo',
    founder: SELF,
    voters: [SELF],
    version: LEDGER_VERSION,
  },
})
const engine = createEngine({
  self: SELF,
  signer: { sign: () => '', verify: () => true },
  document: createYjsDocument(0x5eed_0001),
  random: () => 0.5,
  timing: DEFAULT_TIMING,
  checkpointRecords: 1_000,
  frames: [{ kind: 'update', bytes: createYjsDocument(0x5eed_0000).append(0, [genesis.bytes]) }],
  genesis: { term: 0, index: 0, hash: genesis.hash, generation: 1 },
  caseExact: false,
  leaseMs: 30 * 60_000,
})
let now = 1_000
let position = 0
let sequence = 0

/** One drain of the loop, then the disk's word that all of it is safe, until nothing is left to do. */
function step(inputs: readonly EngineInput[]): void {
  now += 0.1
  const tick = { kind: 'tick', now, uptimeMs: now, wallMs: now } as const
  const { persist } = stepEngine(engine, [tick, ...inputs])
  const before = position
  for (const order of persist) position += order.kind === 'append' ? order.frames.length : 1
  if (position > before) step([{ kind: 'durable', position }])
}

function ask(command: Command): void {
  const rid = formatRequestId({ peer: SELF, incarnation: engine.incarnation, sequence })
  const entropy = Buffer.alloc(16)
  entropy.writeUInt32LE(sequence++)
  step([{ kind: 'request', request: { rid, command, entropy } }])
}

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

for (let i = 0; i < 4; i++) step([])
for (let i = 0; i <= WAITERS; i++) {
  ask({
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
    stamp: { wallMs: now, boot: 'bench', uptimeMs: now },
    key: null,
    urgency: 'normal',
    waitSeconds: 600,
  })
}
if (engine.committed.state.queue.size !== WAITERS) throw new Error('not all of them wait')
const heapBefore = heapNow()
const tookMs: number[] = []
for (let i = 0; i < WAITERS; i++) {
  const [holder] = engine.committed.state.claims.values()
  if (holder?.session !== partyOf(i).session) throw new Error('not in order')
  const startedAt = performance.now()
  ask({ kind: 'release', party: partyOf(i), target: { by: 'this-session' }, force: null })
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
