// The sockets on the wall: what the shell's parts need from each other, so that each has a twin in test/ and none knows
// another's file.
import type { AuditEvent, AuditEventInput, OperationName, PeerId } from '../protocol/index.ts'
import type { Frame } from './core/frame.ts'

export type { Frame } from './core/frame.ts'

export interface LoadedLog {
  readonly frames: readonly Frame[]
  /** Bytes of a torn last frame that were dropped; nothing in it was ever acknowledged. */
  readonly tornBytes: number
}

/**
 * The durable log of one ledger.
 * 1. `append` keeps order; a position is durable only when every earlier one is.
 * 2. `onDurable` is called with rising positions, never before the bytes are synced.
 * 3. After any failed write or sync the store is dead: `onFailure` once, then nothing more is reported durable.
 * 4. `replace` is atomic: after a crash the log is either the old one with everything appended, or the new one.
 */
export interface LedgerStore {
  /** Reads the log once, before the first append. @throws SkeinError LEDGER_DAMAGED when a frame before the end is bad. */
  load(): Promise<LoadedLog>
  /** Takes the frames and starts making them durable; returns the position (count of frames ever appended) of the last. */
  append(frames: readonly Frame[]): number
  /** Swaps the whole log for these frames, in order with the appends around it; positions go on rising by one for it. */
  replace(frames: readonly Frame[]): number
  /** Bytes in the log now, for deciding when to replace it. */
  size(): number
  /** Everything appended is durable or has failed. Idempotent. */
  close(): Promise<void>
}

export interface LedgerStoreEvents {
  onDurable(position: number): void
  onFailure(error: Error): void
}

/** Time as the machine tells it; the core never reads it. All in milliseconds. */
export interface Clock {
  /** Since 1970; may step. */
  wall(): number
  /** Monotonic within this process. */
  monotonic(): number
  /** Since boot, counting suspend where the platform does. */
  uptime(): number
  /** Changes with each boot. */
  readonly boot: string
}

/** Where a machine's durable logs and audit logs come from: the disk, or a twin of it. */
export interface Storage {
  /** The log of a ledger in this folder. */
  openLog(folder: string, events: LedgerStoreEvents): LedgerStore
  openAudit(folder: string, events: AuditEvents): AuditPort
  /** Moves a ledger's folder out of the way; returns where it is kept now, null if there was none. */
  setAside(folder: string): string | null
  hasLog(folder: string): boolean
  /** Moves a ledger's folder to this name, under which there must be none. */
  rename(folder: string, to: string): void
  /** Moves a ledger and its audit log out of the way, under a name that says whose they were; may be repeated. @returns where the ledger is kept */
  archive(folder: string, whose: string): string
}

export interface AuditEvents {
  readonly onFailure: (error: Error) => void
  /** Told of each event when it has its place in the chain. */
  readonly onAppend?: (event: AuditEvent) => void
}

/** The audit log as the daemon uses it. */
export interface AuditPort {
  append(event: AuditEventInput): AuditEvent
  sync(): Promise<void>
  last(): {
    readonly term: number
    readonly index: number
    readonly id: string
    readonly hash: string
  } | null
  scan(filter: AuditFilter, options: AuditScan): AsyncIterable<AuditEvent>
  /** Where a reader goes on that has seen an event, or everything before a moment; null when the log begins later. */
  seek(
    mark: { readonly id: string } | { readonly at: string },
    signal?: AbortSignal,
  ): Promise<AuditCursor | null>
  /** Groups of events, oldest first. */
  batches(from: AuditCursor | null, signal?: AbortSignal): AsyncIterable<readonly AuditEvent[]>
  /** Groups of lines as they are, oldest first. @throws SkeinError EVENTS_GONE when retention overtakes the reader. */
  lines(from: AuditCursor | null, signal?: AbortSignal): AsyncIterable<AuditLines>
  verify(options?: { readonly signal?: AbortSignal }): Promise<AuditVerdict>
  /** Removes the oldest parts of the log as retention asks; how many bytes that freed. */
  trim(retention: { readonly bytesMax: number; readonly before: number }): number
  /** In bytes. */
  size(): number
  close(): Promise<void>
}

/** A place in an audit log. */
export interface AuditCursor {
  readonly segment: number
  readonly offset: number
}

/** Whole lines of one segment, without their newlines. */
export interface AuditLines extends AuditCursor {
  readonly lines: readonly Buffer[]
}

/** Every condition that is given must hold. */
export interface AuditFilter {
  /** Kinds, and families such as `claim.*`. */
  readonly kinds?: readonly string[] | undefined
  readonly actor?: string | undefined
  readonly machine?: string | undefined
  readonly until?: string | undefined
  readonly since?: string | undefined
  readonly where?: ((event: AuditEvent) => boolean) | undefined
}

export interface AuditScan {
  readonly newestFirst?: boolean
  readonly limit?: number
  readonly from?: AuditCursor
  readonly signal?: AbortSignal
}

export interface AuditVerdict {
  readonly events: number
  /** Set when the oldest events have been removed by retention. */
  readonly startsAt: { readonly id: string } | null
  /** The first place at which the chain does not hold. */
  readonly broken: { readonly kind: string; readonly segment: number; readonly line: number } | null
}

/** What parts of the daemon count: a name for each thing that is worth a number, and no word of how numbers are kept. */
export interface Recorder {
  /** @param outcome `granted`, `refused` … of a claim, `ok`, or the code of an error. */
  readonly operation: (name: OperationName, door: string, outcome: string, seconds: number) => void
  /** @param route its pattern; null: there is none. */
  readonly request: (answered: {
    readonly method: string
    readonly route: string | null
    readonly status: number
    readonly seconds: number
  }) => void
  /** From a command's arrival to its durable decision. */
  readonly commit: (ledger: string, seconds: number) => void
  readonly event: (event: AuditEvent) => void
}

export interface MetricsPort {
  /** The numbers as Prometheus reads them. */
  text(): Promise<{ readonly type: string; readonly text: string }>
}

/** Of a ledger, at the moment of the question. */
export interface LedgerFacts {
  readonly repo: string
  readonly isLeading: boolean
  readonly term: number
  readonly index: number
  readonly claims: number
  readonly narrowed: number
  readonly waits: number
  /** The longest wait under way, in seconds. */
  readonly oldestWait: number
  readonly requests: number
  readonly logBytes: number
  readonly auditBytes: number
}

/** A peer, and the multiaddrs at which it can be dialled, best first, without `/p2p/…`. */
export interface PeerAddresses {
  readonly peer: PeerId
  readonly addresses: readonly string[]
}

/** A machine's way to the others: libp2p, or a twin of it in memory. Messages are bytes; what they mean is not its business. */
export interface Transport {
  readonly self: PeerId
  /** Begins to accept connections. @returns what others can dial. @throws SkeinError PORT_TAKEN, INPUT_USAGE for an address that is none */
  listen(addresses: readonly string[]): Promise<readonly string[]>
  /** What it listens on now (unspecified addresses resolved to the machine's own). */
  addresses(): readonly string[]
  /** The members: who may connect, and where each is dialled. Replaces the list before; whoever is not in it any more is cut off at once. */
  setPeers(peers: readonly PeerAddresses[]): void
  /**
   * In order while the link is up, gone when it breaks. Everything sent in one turn of the event loop leaves together.
   * @returns false when it was dropped: no link, or too many bytes wait for this peer already.
   */
  send(to: PeerId, message: Uint8Array): boolean
  /** Asks a peer whose link is up for a sign of life: see `isDoubtful`. */
  probe(peer: PeerId): void
  links(): readonly Link[]
  /** The key to show, and others that are accepted beside it, from now on; links that stand stay. */
  setNetworkKeys(networkKey: Uint8Array, accepted: readonly Uint8Array[]): void
  /** One question to a machine that is no peer yet, and its answer. @throws SkeinError PEER_UNREACHABLE and what the signal says */
  ask(target: PeerAddresses, question: Uint8Array, signal: AbortSignal): Promise<Uint8Array>
  /** Idempotent and bounded. */
  close(): Promise<void>
}

/** Never called from within a call of the transport, nor after its close. A link's messages come between its up and its down. */
export interface TransportEvents {
  readonly onMessage: (from: PeerId, message: Uint8Array) => void
  /** Both directions work. */
  readonly onUp: (peer: PeerId) => void
  /** `refused`: nobody listens there (also told when a redial is refused while down, once for each change). `reset`: the connection was closed or reset. `silent`: nothing was heard for too long. */
  readonly onDown: (peer: PeerId, how: 'refused' | 'reset' | 'silent') => void
  /** A question from somebody who may be a stranger; the answer, or null to cut it off. */
  readonly onQuestion: (from: PeerId, question: Uint8Array) => Promise<Uint8Array | null>
}

export interface Link {
  readonly peer: PeerId
  readonly isUp: boolean
  /** The remote address in use; null while down. */
  readonly address: string | null
  readonly rttMs: number | null
  /** Milliseconds since 1970, for people. */
  readonly lastSeenMs: number | null
  /** It is up, and a sign of life that was asked for has not come for some seconds. */
  readonly isDoubtful: boolean
  /** Since when it is up, or down. */
  readonly sinceMs: number
  readonly waitingBytes: number
  readonly sent: { readonly messages: number; readonly bytes: number }
  readonly received: { readonly messages: number; readonly bytes: number }
  /** Messages dropped because too much waited, and frames of it that were none. */
  readonly dropped: number
  readonly badFrames: number
}
