// What a ledger needs of the machine that it lives on, and how it is called there.
import type { AuditEvent, AuditEventInput, PeerId, SkeinError } from '../protocol/index.ts'
import type { Signer } from './core/consensus/types.ts'
import type { AbsentMachine } from './absence.ts'
import type { Switchboard } from './mesh/switchboard.ts'
import type { Clock, Storage } from './ports.ts'
import type { MachineNames } from './record-events.ts'
import type { Ticker } from './ticker.ts'

/** What a ledger needs of its machine. */
export interface HostMachine {
  readonly self: PeerId
  readonly signer: Signer
  readonly storage: Storage
  readonly clock: Clock
  /** One for all its ledgers. */
  readonly ticker: Ticker
  /** How often a daemon of this home has started, this time included. */
  readonly starts: number
  /** This many random bytes. */
  readonly random: (bytes: number) => Uint8Array
  readonly machineOf: MachineNames
  /** To the other machines. */
  readonly wire: Pick<Switchboard, 'join' | 'send' | 'probe'>
  readonly absent: (peers: readonly PeerId[]) => readonly AbsentMachine[]
  /** Told of every event of every ledger, once it is in its audit log. */
  readonly onEvent: (event: AuditEvent) => void
  /** Told how long a ledger's decision took to become durable. */
  readonly onCommit: (ledger: string, seconds: number) => void
  /** The disk failed: the daemon must end. */
  readonly onFailure: (error: SkeinError) => void
}

export interface LedgerFolder {
  /** Names it in events: the repository's id, or `mesh`. */
  readonly name: AuditEventInput['repo']
  /** Its folder under `ledger/` and `audit/`. */
  readonly folder: string
}
