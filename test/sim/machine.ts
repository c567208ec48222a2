// One simulated machine: its clocks, its disk, and the engine of the process that runs on it now, if one does.
import {
  createArrayDocument,
  createYjsDocument,
  positionKey,
  positionOfBytes,
  type LedgerDocument,
  type LedgerRecord,
  type PeerId,
} from '../../protocol/index.ts'
import type { Signer } from '../../daemon/core/consensus/types.ts'
import { createEngine, type Engine, type EngineInput } from '../../daemon/core/engine.ts'
import type { Frame } from '../../daemon/ports.ts'
import type { Checker } from './checker.ts'
import type { SimClock } from './clock.ts'
import { SimDisk } from './disk.ts'
import type { Plan } from './plan.ts'
import type { Prng } from './prng.ts'

export interface Ledger {
  readonly genesis: LedgerRecord
  readonly names: readonly PeerId[]
  readonly firstFrames: readonly Frame[]
  /** Of a machine that joins: which ledger it is, and no record. */
  readonly joinFrames: readonly Frame[]
}

export class Machine {
  readonly number: number
  readonly name: PeerId
  readonly clock: SimClock
  readonly disk: SimDisk
  readonly #prng: Prng
  readonly #checker: Checker
  readonly #plan: Plan
  readonly #ledger: Ledger
  engine: Engine | null = null
  /** Counts processes: what was planned for an earlier one is void. */
  boot = 0
  suspendedUntil = 0
  /** The incarnation is durable, so that requests may be numbered. */
  isNumbering = false
  inbox: EngineInput[] = []
  slowDiskUntil = 0
  isSyncPlanned = false

  constructor(
    number: number,
    plan: Plan,
    ledger: Ledger,
    clock: SimClock,
    checker: Checker,
    keys: FrameKeys,
  ) {
    const name = ledger.names[number]
    if (name === undefined) throw new Error('a machine without a name')
    this.number = number
    this.name = name
    this.clock = clock
    this.#prng = plan.prng.fork()
    this.#plan = plan
    this.#ledger = ledger
    this.#checker = checker
    this.#keys = keys
    const observer = checker.watchDisk(number, (frame) => keys.of(frame))
    const logId = plan.isByteDisk ? plan.prng.bytes(8) : null
    const isFounder = number < (plan.mesh?.founders ?? plan.machines)
    const frames = isFounder ? ledger.firstFrames : ledger.joinFrames
    this.disk = new SimDisk(frames, observer, logId)
  }

  readonly #keys: FrameKeys
  /** Of the present process. */
  #documents = 0

  isUp(): boolean {
    return this.engine !== null
  }

  start(): Engine {
    const plan = this.#plan
    const { genesis, names } = this.#ledger
    const prng = this.#prng
    this.boot++
    this.isNumbering = false
    this.inbox = []
    this.isSyncPlanned = false
    this.#documents = 0
    const engine = createEngine({
      self: this.name,
      createDocument: () =>
        this.#watch(plan.isYjs ? createYjsDocument(prng.uint32()) : createArrayDocument()),
      rotateAbove: plan.rotateAbove,
      signer: signerOf(this.name),
      random: () => prng.float(),
      timing: plan.timing,
      frames: this.disk.load(),
      genesis,
      caseExact: false,
      leaseMs: plan.leaseMs,
      checkpointRecords: plan.checkpointRecords,
      boot: bootOf(this.name),
    })
    engine.consensus.learners = names.slice(plan.voters)
    this.engine = engine
    return engine
  }

  kill(prng: Prng): void {
    this.engine = null
    this.inbox = []
    this.disk.crash(prng)
  }

  #watch(document: LedgerDocument): LedgerDocument {
    const keys = this.#keys
    const isFirst = this.#documents++ === 0
    const watched: Partial<LedgerDocument> = {
      append: (term, records) => {
        const commit = this.engine?.consensus.commit ?? null
        this.#checker.noteAppend({ machine: this.number, term, records, commit, isFirst })
        return keys.note(document.append(term, records), records)
      },
      merge: (update) => {
        const merged = document.merge(update)
        if (merged.change !== null) keys.note(merged.change, merged.records)
        return merged
      },
      diff: (vector) => {
        const update = document.diff(vector)
        if (vector === undefined) keys.note(update, document.records())
        return update
      },
    }
    return new Proxy(document, {
      get(target, name: keyof LedgerDocument) {
        return watched[name] ?? target[name].bind(target)
      },
    })
  }
}

/** Processes end, the machine under them runs on. */
export function bootOf(name: string): string {
  return `boot of ${name}`
}

/** Which records an update brings, by the update itself. */
export class FrameKeys {
  readonly #known = new WeakMap<Uint8Array, readonly number[]>()

  note(update: Uint8Array, records: readonly Uint8Array[]): Uint8Array {
    this.#known.set(
      update,
      records.map((bytes) => positionKey(positionOfBytes(bytes))),
    )
    return update
  }

  of(frame: Frame): readonly number[] {
    if (frame.kind === 'record') return [positionKey(positionOfBytes(frame.bytes))]
    return frame.kind === 'update' ? (this.#known.get(frame.bytes) ?? []) : []
  }
}

/** As good as a signature here: nobody in the simulation forges. */
function signerOf(self: PeerId): Signer {
  return {
    sign: (bytes) => seal(self, bytes),
    verify: (peer, bytes, signature) => signature === seal(peer, bytes),
  }
}

function seal(peer: PeerId, bytes: Uint8Array): string {
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  return `${peer}~${(hash >>> 0).toString(36)}`
}
