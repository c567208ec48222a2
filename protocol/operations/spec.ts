// What the operation table says of an operation, as plain data.

/** Who may do it: agents at any door; persons with a terminal's confirmation; `mesh`: whoever has the secret that it takes. */
export type OperationClass = 'agent' | 'person' | 'mesh'

/** What there is already that a word may name, so that a shell can offer it. `own` is the caller's. */
export type Naming =
  | 'file'
  | 'command'
  /** A kind of events: its table is too long for what every command loads. */
  | 'event'
  | 'claim'
  | 'own-claim'
  | 'other-claim'
  | 'place'
  | 'own-place'
  | 'request'
  | 'asked-request'
  | 'approval'
  | 'kept-work'
  | 'invitation'
  | 'machine'
  | 'assignment'
  | 'repository'
  | 'task'
  | 'token'
  | 'webhook'
  | 'session'
  | 'agent'

/** How a word on the command line becomes a field of the input. */
export interface FlagSpec {
  /** With its dashes. */
  readonly flag: string
  readonly field: string
  readonly type: 'text' | 'texts' | 'switch' | 'duration' | 'integer'
  readonly help: string
  /** Name of the value in help texts. */
  readonly value?: string
  readonly names?: Naming
  /** All that it may be. */
  readonly oneOf?: readonly string[]
}

export interface ArgumentSpec {
  readonly field: string
  readonly name: string
  readonly help: string
  readonly many: boolean
  readonly required: boolean
  /** Paths are read from the working directory and sent from the repository's root. */
  readonly isPath?: true
  readonly names?: Naming
  readonly oneOf?: readonly string[]
}

export interface OperationSpec {
  readonly summary: string
  readonly class: OperationClass
  /** Does it speak of one repository? */
  readonly ofRepo: boolean
  /** Changes the ledger, so it needs a quorum. */
  readonly writes: boolean
  /** The MCP tool's name; null where agents have no business. */
  readonly tool: string | null
  readonly arguments: readonly ArgumentSpec[]
  readonly flags: readonly FlagSpec[]
}
