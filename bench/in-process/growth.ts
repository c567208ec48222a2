// What the ledger's document gains by each claim and its release: the daemon's own engine on a real Yjs document, its log in
// memory. Prints JSON.
import {
  asPeerId,
  asSessionId,
  createYjsDocument,
  decodeRecord,
  encodeRecord,
  formatRequestId,
  LEDGER_VERSION,
  type LedgerDocument,
} from '../../protocol/index.ts'
import type { Command } from '../../daemon/core/claims/command.ts'
import { DEFAULT_TIMING } from '../../daemon/core/consensus/types.ts'
import {
  createEngine,
  stepEngine,
  type Engine,
  type EngineInput,
} from '../../daemon/core/engine.ts'
import { frameBytes } from '../../daemon/storage/frames.ts'
import type { GrowthFigures } from './figures.ts'

const SELF = asPeerId('bench')
const PARTY = {
  agent: 'agent',
  agentGiven: true,
  session: asSessionId('session'),
  peer: SELF,
  machine: 'bench',
  branch: 'main',
}
/** The state is at rest after this many: every window of what is remembered is full. */
const WARM_UP = 4_000

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

class Ledger {
  readonly document: LedgerDocument = createYjsDocument(0x5eed_0001)
  readonly engine: Engine
  logBytes = 0
  #position = 0
  #sequence = 0
  #now = 1_000

  constructor() {
    const update = createYjsDocument(0x5eed_0000).append(0, [genesis.bytes])
    this.engine = createEngine({
      self: SELF,
      signer: { sign: () => '', verify: () => true },
      document: this.document,
      random: () => 0.5,
      timing: DEFAULT_TIMING,
      checkpointRecords: 1_000,
      frames: [{ kind: 'update', bytes: update }],
      genesis: { term: 0, index: 0, hash: genesis.hash, generation: 1 },
      caseExact: false,
      leaseMs: 30 * 60_000,
    })
  }

  /** One drain of the loop, then the disk's word that all of it is safe. */
  step(inputs: readonly EngineInput[]): ReturnType<typeof stepEngine>['replies'] {
    this.#now += 0.1
    const tick = { kind: 'tick', now: this.#now, uptimeMs: this.#now, wallMs: this.#now } as const
    const ready = stepEngine(this.engine, [tick, ...inputs])
    const before = this.#position
    for (const order of ready.persist) {
      for (const frame of order.frames) this.logBytes += frameBytes(frame)
      this.#position += order.kind === 'append' ? order.frames.length : 1
    }
    if (this.#position === before) return ready.replies
    return [...ready.replies, ...this.step([{ kind: 'durable', position: this.#position }])]
  }

  ask(command: Command): ReturnType<typeof stepEngine>['replies'][number]['outcome'] {
    const { incarnation } = this.engine
    const rid = formatRequestId({ peer: SELF, incarnation, sequence: this.#sequence })
    const entropy = Buffer.alloc(16)
    entropy.writeUInt32LE(this.#sequence++)
    const [answer] = this.step([{ kind: 'request', request: { rid, command, entropy } }])
    if (answer === undefined) throw new Error('the engine did not answer')
    return answer.outcome
  }
}

function live(ledger: Ledger, i: number): void {
  const granted = ledger.ask({
    kind: 'claim',
    party: PARTY,
    scopes: [{ kind: 'file', pattern: `src/file-${String(i)}.ts`, symbols: [], mode: 'exclusive' }],
    terms: {
      description: 'a claim of the bench',
      narrowable: true,
      ttlSeconds: null,
      ttlDefaultSeconds: 14_400,
      ttlSharedSeconds: 7_200,
      claimsPerAgent: 0,
    },
    stamp: { wallMs: 1_700_000_000_000 + i, boot: 'bench', uptimeMs: i },
    key: null,
    urgency: 'normal',
    waitSeconds: 0,
  })
  if (granted.kind !== 'granted') throw new Error(`claim ${String(i)}: ${granted.kind}`)
  const ids = granted.claims.map(({ claim }) => claim.id)
  const ended = ledger.ask({
    kind: 'release',
    party: PARTY,
    target: { by: 'ids', ids },
    force: null,
  })
  if (ended.kind !== 'ended') throw new Error(`release ${String(i)}: ${ended.kind}`)
}

/** What the document takes beyond what a new one with the same records would. */
function overheadOf(document: LedgerDocument): number {
  const byTerm = new Map<number, Uint8Array[]>()
  for (const bytes of document.records()) {
    const { term } = decodeRecord(bytes)
    byTerm.set(term, [...(byTerm.get(term) ?? []), bytes])
  }
  const fresh = createYjsDocument(0x5eed_0002)
  for (const [term, records] of byTerm) fresh.append(term, records)
  return document.diff().length - fresh.diff().length
}

function checkpointBytes(document: LedgerDocument): number {
  return document
    .records()
    .filter((bytes) => decodeRecord(bytes).body.kind === 'checkpoint')
    .reduce((sum, bytes) => sum + bytes.length, 0)
}

const lifecycles = Number(process.argv[2])
const ledger = new Ledger()
for (let i = 0; i < 4; i++) ledger.step([])
for (let i = 0; i < WARM_UP; i++) live(ledger, i)
const bytesBefore = ledger.document.diff().length
const overheadBefore = overheadOf(ledger.document)
const startedAt = performance.now()
const logBefore = ledger.logBytes
for (let i = 0; i < lifecycles; i++) live(ledger, WARM_UP + i)
const microsecondsPerLifecycle = ((performance.now() - startedAt) * 1000) / lifecycles
const overheadAfter = overheadOf(ledger.document)
process.stdout.write(
  JSON.stringify({
    lifecycles,
    bytesBefore,
    bytesAfter: ledger.document.diff().length,
    overheadBefore,
    overheadAfter,
    perLifecycle: (overheadAfter - overheadBefore) / lifecycles,
    checkpointBytes: checkpointBytes(ledger.document),
    records: ledger.document.records().length,
    liveClaims: ledger.engine.committed.state.claims.size,
    logBytes: ledger.logBytes - logBefore,
    microsecondsPerLifecycle,
  } satisfies GrowthFigures),
)
