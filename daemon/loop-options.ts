// What a ledger's loop is given: the core's options, the clock, the wire, and whom it tells what.
import type { PeerId, RecordId, SkeinError } from '../protocol/index.ts'
import type { AbsentMachine } from './absence.ts'
import type { EngineOptions } from './core/engine.ts'
import type { SettledProvisional } from './core/engine-state.ts'
import type { PeerMessage } from './core/messages.ts'
import type { AppliedChange } from './core/view.ts'
import type { Clock, Frame } from './ports.ts'
import type { Ticker } from './ticker.ts'

export interface LoopOptions {
  readonly engine: EngineOptions
  readonly clock: Clock
  /** When to look at the time. */
  readonly ticker: Ticker
  readonly entropy: () => Uint8Array
  /** Told about everything that became true, before any reply. */
  readonly onChanges: (changes: readonly AppliedChange[], rebased: boolean) => void
  /** Told which of this machine's provisional claims the ledger has settled. */
  readonly onSettled: (settled: readonly SettledProvisional[]) => void
  /** Told how long a command took until its decision was durable. */
  readonly onCommit?: (seconds: number) => void
  /** The log is broken: nothing more can be promised. */
  readonly onFailure: (error: SkeinError) => void
  /** Carries a message to another machine, or loses it. */
  readonly send: (to: PeerId, message: PeerMessage) => void
  /** Which of these machines cannot be reached, for people. */
  readonly absent: (peers: readonly PeerId[]) => readonly AbsentMachine[]
  /** Asks these machines for a sign of life, so that `absent` knows soon who is gone without a word. */
  readonly probe: (peers: readonly PeerId[]) => void
  /** Told what each step wrote to the log, and how far the ledger is committed after it. */
  readonly onStep?: (written: readonly Frame[], applied: RecordId) => void
  /** After each drain, for upkeep that needs no hurry. */
  readonly onIdle: (logBytes: number) => void
  readonly callTimeoutMs: number
}

/** The store is loaded before the loop exists, so its events are wired to the loop afterwards. */
export interface StoreWire {
  onDurable: (position: number) => void
  onFailure: (error: Error) => void
}
