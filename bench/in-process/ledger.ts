// A ledger without a daemon: the engine as it ships on a real Yjs document, its log in memory.
import {
  asPeerId,
  createYjsDocument,
  encodeRecord,
  formatRequestId,
  LEDGER_VERSION,
  type LedgerDocument,
} from '../../protocol/index.ts'
import type { Command, Outcome } from '../../daemon/core/claims/command.ts'
import { DEFAULT_TIMING } from '../../daemon/core/consensus/types.ts'
import {
  createEngine,
  stepEngine,
  type Engine,
  type EngineInput,
  type EngineReady,
} from '../../daemon/core/engine.ts'
import { frameBytes } from '../../daemon/storage/frames.ts'

export const SELF = asPeerId('bench')

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

export class Ledger {
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
      createDocument: () => this.document,
      random: () => 0.5,
      timing: DEFAULT_TIMING,
      checkpointRecords: 1_000,
      frames: [{ kind: 'update', bytes: update }],
      genesis: { term: 0, index: 0, hash: genesis.hash, generation: 1 },
      caseExact: false,
      leaseMs: 30 * 60_000,
    })
    for (let i = 0; i < 4; i++) this.step([])
  }

  /** One drain of the loop, then the disk's word that all of it is safe. */
  step(inputs: readonly EngineInput[]): EngineReady['replies'] {
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

  ask(command: Command): Outcome {
    const { incarnation } = this.engine
    const rid = formatRequestId({ peer: SELF, incarnation, sequence: this.#sequence })
    const entropy = Buffer.alloc(16)
    entropy.writeUInt32LE(this.#sequence++)
    const [answer] = this.step([{ kind: 'request', request: { rid, command, entropy } }])
    if (answer === undefined) throw new Error('the engine did not answer')
    return answer.outcome
  }
}
