// One ledger of this machine at work: its log, its loop, its audit log, kept in step. What a crash loses of the audit log
// is told again from the ledger; the ledger's log is written anew only when the audit log is safe on disk.
import { setTimeout as delay } from 'node:timers/promises'
import {
  createYjsDocument,
  encodeRecord,
  LEDGER_VERSION,
  SkeinError,
  type AuditEventInput,
  type CarriedClaim,
  type Genesis,
  type PeerId,
  type RecordId,
} from '../protocol/index.ts'
import { DEFAULT_TIMING } from './core/consensus/types.ts'
import { framesOfCarried } from './core/provisional/own.ts'
import type { HostMachine, LedgerFolder } from './host-machine.ts'
import { createLedgerFeed, type LedgerFeed } from './ledger-feed.ts'
import { startLoop, type Loop } from './loop.ts'
import type { LoopOptions, StoreWire } from './loop-options.ts'
import { asFailure, Keeper, toldFirst } from './keeper.ts'
import { createWaitingRoom, type WaitingRoom } from './waiting.ts'
import type { LedgerLine } from './mesh/switchboard.ts'
import type { AuditPort, Frame } from './ports.ts'

export interface LedgerHost {
  readonly loop: Loop
  /** Bytes of its durable log. */
  readonly logBytes: () => number
  readonly audit: AuditPort
  /** For whoever keeps a copy of its document. */
  readonly feed: LedgerFeed
  /** Where callers wait for the end of a place in the queue. */
  readonly waiting: WaitingRoom
  readonly genesis: RecordId & { readonly generation: number }
  stop(): Promise<void>
}

export interface LedgerSettings {
  readonly caseExact: boolean
  readonly leaseMs: number
  /** Names the ledger on the wire. */
  readonly key: string
  /** May this machine have a copy? */
  readonly mayHave: (peer: PeerId) => boolean
  readonly onChanges?: () => void
}

export interface LedgerOrigin {
  readonly ledger: Genesis['ledger']
  readonly mesh: string
  readonly name: string
  readonly generation: number
  /** Of the ledger in whose place it comes: settled before anything else is decided. */
  readonly carried?: readonly CarriedClaim[]
}

const CALL_TIMEOUT_MS = 5_000
const CHECKPOINT_RECORDS = 1_000
const HAND_OVER_MS = 1_000
const HAND_OVER_LOOK_MS = 10

/**
 * Writes the genesis of a new ledger and makes it durable; a ledger that is there already keeps its own.
 * @returns the genesis that the log holds.
 */
export async function foundLedger(
  machine: HostMachine,
  { folder }: LedgerFolder,
  origin: LedgerOrigin,
): Promise<RecordId & { readonly generation: number }> {
  const wire = unwired()
  const store = machine.storage.openLog(folder, wireEvents(wire))
  const known = genesisIn((await store.load()).frames)
  if (known !== null) {
    await store.close()
    return known
  }
  const { generation, ledger, mesh, name, carried = [] } = origin
  const { self } = machine
  const record = encodeRecord({
    generation,
    term: 0,
    index: 0,
    parent: null,
    atMs: machine.clock.wall(),
    body: {
      kind: 'genesis',
      ledger,
      mesh,
      name,
      founder: self,
      voters: [self],
      version: LEDGER_VERSION,
    },
  })
  const update = createYjsDocument(randomUint32(machine)).append(0, [record.bytes])
  const genesis = { term: 0, index: 0, hash: record.hash, generation }
  const durable = durably(wire)
  store.append([
    { kind: 'meta', value: { genesis } },
    { kind: 'update', bytes: update },
    ...framesOfCarried(self, carried),
  ])
  await durable
  await store.close()
  return genesis
}

/** The genesis of the ledger whose log is there; null: there is none that can be read. */
export async function genesisOf(
  { storage }: HostMachine,
  { folder }: LedgerFolder,
): Promise<(RecordId & { readonly generation: number }) | null> {
  if (!storage.hasLog(folder)) return null
  const store = storage.openLog(folder, wireEvents(unwired()))
  const loaded = await store.load().catch((error: unknown) => {
    if (error instanceof SkeinError) return null
    throw error
  })
  if (loaded !== null) await store.close()
  return loaded === null ? null : genesisIn(loaded.frames)
}

/** Begins this machine's copy of a ledger that others have: its genesis is known, everything else comes from them. */
export async function adoptLedger(
  machine: HostMachine,
  { folder }: LedgerFolder,
  genesis: RecordId & { readonly generation: number },
): Promise<void> {
  const wire = unwired()
  const store = machine.storage.openLog(folder, wireEvents(wire))
  const known = genesisIn((await store.load()).frames)
  if (known === null) {
    const durable = durably(wire)
    store.append([{ kind: 'meta', value: { genesis } }])
    await durable
  }
  await store.close()
}

/**
 * The generation of a ledger that is founded now: above every one that this machine has seen of it. Where log and mesh
 * ledger are gone the audit log still knows, and a fence never comes twice.
 */
export async function nextGeneration(
  { storage, onFailure }: HostMachine,
  { folder }: LedgerFolder,
): Promise<number> {
  const audit = storage.openAudit(folder, {
    onFailure: (error) => {
      onFailure(asFailure(error))
    },
  })
  let seen = audit.last() === null ? 0 : 1
  const where = ({ data }: AuditEventInput): boolean => typeof data['fence'] === 'number'
  for await (const { data } of audit.scan({ where }, { newestFirst: true, limit: 1 }))
    seen = Math.max(seen, Math.floor(Number(data['fence']) / 2 ** 32))
  await audit.close()
  return seen + 1
}

/**
 * @param expected hash of the genesis that the mesh knows this ledger by.
 * @throws SkeinError LEDGER_DAMAGED when the log is missing, cannot be read or is another; nothing is changed then.
 */
export async function openLedger(
  machine: HostMachine,
  place: LedgerFolder,
  settings: LedgerSettings,
  expected: string,
): Promise<LedgerHost> {
  const wire = unwired()
  const store = machine.storage.openLog(place.folder, wireEvents(wire))
  const { frames } = await store.load()
  const genesis = genesisIn(frames)
  if (genesis?.hash !== expected) {
    await store.close()
    const what =
      genesis === null
        ? 'is missing or has lost its beginning'
        : 'is not the one that the mesh knows'
    throw new SkeinError('LEDGER_DAMAGED', `the log of ${place.name} ${what}`, {
      hint: `Restore the folder ledger/${place.folder} of the home from a backup and start again, or: skein recover --accept-loss`,
    })
  }
  const audit = machine.storage.openAudit(place.folder, {
    onAppend: machine.onEvent,
    onFailure: (error) => {
      machine.onFailure(asFailure(error))
    },
  })
  const waiting = createWaitingRoom()
  const feed = createLedgerFeed()
  const keeper = new Keeper(machine, place, audit, store, waiting)
  const loop = startLoop(
    {
      ...shellOf(machine, place, settings, keeper),
      onStep: feed.tell,
      engine: engineOf(machine, settings, frames, genesis),
    },
    store,
    wire,
  )
  keeper.loop = loop
  const leaveWire = machine.wire.join(settings.key, lineOf(loop, settings))
  return {
    loop,
    genesis,
    logBytes: () => store.size(),
    audit: toldFirst(audit, keeper),
    feed,
    waiting,
    async stop() {
      await handOver(loop)
      leaveWire()
      await loop.stop()
      keeper.tell()
      await audit.close()
    },
  }
}

function engineOf(
  machine: HostMachine,
  { caseExact, leaseMs }: LedgerSettings,
  frames: readonly Frame[],
  genesis: LedgerHost['genesis'],
): LoopOptions['engine'] {
  return {
    ...{ caseExact, leaseMs, frames, genesis },
    self: machine.self,
    signer: machine.signer,
    createDocument: () => createYjsDocument(randomUint32(machine)),
    random: () => randomUint32(machine) / 2 ** 32,
    timing: DEFAULT_TIMING,
    checkpointRecords: CHECKPOINT_RECORDS,
    starts: machine.starts,
  }
}

/** What the loop needs of this machine. */
function shellOf(
  machine: HostMachine,
  place: LedgerFolder,
  { key, onChanges }: LedgerSettings,
  keeper: Keeper,
): Omit<LoopOptions, 'engine'> {
  return {
    clock: machine.clock,
    ticker: machine.ticker,
    entropy: () => machine.random(16),
    onChanges: (changes, rebased) => {
      keeper.onChanges(changes, rebased)
      onChanges?.()
    },
    onSettled: keeper.onSettled,
    onIdle: keeper.onIdle,
    onCommit: (seconds) => {
      machine.onCommit(place.name, seconds)
    },
    send: (to, message) => {
      machine.wire.send(key, to, message)
    },
    absent: machine.absent,
    probe: (peers) => {
      machine.wire.probe(peers)
    },
    onFailure: machine.onFailure,
    callTimeoutMs: CALL_TIMEOUT_MS,
  }
}

function lineOf(loop: Loop, { mayHave }: LedgerSettings): LedgerLine {
  return {
    receive: (from, message) => {
      loop.receive(from, message)
    },
    noteLink: (peer, isUp) => {
      loop.noteLink(peer, isUp)
    },
    mayHave,
  }
}

/** A leader that stops asks another voter to lead, and stays until one does, or for a moment. */
async function handOver(loop: Loop): Promise<void> {
  const leads = (): boolean => loop.engine().consensus.role.kind === 'leader'
  if (!leads() || !loop.handOver()) return
  for (let waited = 0; leads() && waited < HAND_OVER_MS; waited += HAND_OVER_LOOK_MS)
    await delay(HAND_OVER_LOOK_MS)
}

function unwired(): StoreWire {
  return { onDurable: () => undefined, onFailure: () => undefined }
}

function wireEvents(wire: StoreWire): StoreWire {
  return {
    onDurable: (position) => {
      wire.onDurable(position)
    },
    onFailure: (error) => {
      wire.onFailure(error)
    },
  }
}

function durably(wire: StoreWire): Promise<void> {
  return new Promise((resolve, reject) => {
    wire.onDurable = () => {
      resolve()
    }
    wire.onFailure = reject
  })
}

function genesisIn(
  frames: readonly { kind: string; value?: Readonly<Record<string, unknown>> }[],
): (RecordId & { generation: number }) | null {
  for (const { value } of frames) {
    const genesis = value?.['genesis']
    if (isGenesis(genesis)) return genesis
  }
  return null
}

function isGenesis(value: unknown): value is RecordId & { generation: number } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'hash' in value &&
    typeof value.hash === 'string' &&
    'generation' in value &&
    typeof value.generation === 'number'
  )
}

function randomUint32(machine: HostMachine): number {
  const [a = 0, b = 0, c = 0, d = 0] = machine.random(4)
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
}
