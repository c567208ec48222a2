// What the demonstration tells, as it happens: every fact in it is what a daemon, git or this program answered.

export type DemoEvent = Readonly<
  | { kind: 'act'; title: string; text: string }
  | { kind: 'machine.started'; machine: string; pid: number; home: string }
  | { kind: 'machine.invited'; machine: string; by: string }
  | { kind: 'machine.joined'; machine: string; by: string; mesh: string }
  | { kind: 'mesh.ready'; repo: string; leader: string; term: number; voters: readonly string[] }
  | ({ kind: 'claim.granted'; claim: string; fence: number | null; why: string } & Asked & Waited)
  | ({ kind: 'claim.refused'; by: readonly Holder[]; options: readonly string[] } & Asked)
  | ({ kind: 'claim.circle'; cycle: readonly string[]; message: string } & Asked)
  | ({ kind: 'claim.queued'; position: number; behind: readonly Holder[] } & Asked)
  | ({ kind: 'claim.unconfirmed'; exit: number | null; message: string; seconds: number } & Asked)
  | ({ kind: 'claim.provisional'; claim: string; seconds: number } & Asked)
  | ({ kind: 'claim.promoted'; claim: string; fence: number | null } & Asked)
  | ({ kind: 'claim.superseded'; claim: string; message: string; hint: string } & Asked)
  | ({ kind: 'request.filed'; holder: string; reason: string } & Asked)
  | ({ kind: 'request.answered'; to: string; decision: string; note: string } & Asked)
  | ({ kind: 'work.committed'; path: string; commit: string; message: string } & Who)
  | ({ kind: 'push.landed'; commit: string; branch: string } & Who)
  | ({ kind: 'push.refused'; exit: number | null; message: string } & Who)
  | { kind: 'network.cut'; machine: string; others: readonly string[] }
  | { kind: 'machine.knows'; machine: string; claims: number; quorum: boolean; index: number }
  | { kind: 'network.healed'; machine: string }
  | { kind: 'machine.back'; machine: string; leader: string | null; term: number; seconds: number }
  | { kind: 'mesh.agreed'; machines: readonly string[]; claims: readonly Held[] }
  | { kind: 'audit.verified'; machine: string; events: number; ok: boolean }
  | ({ kind: 'done'; seconds: number } & Totals)
>

/** Tells one event, and returns when the next one may be told. */
export type Tell = (event: DemoEvent) => Promise<void>

export interface Who {
  readonly agent: string
  readonly machine: string
}

interface Asked extends Who {
  readonly pattern: string
  readonly symbol?: string
}

interface Waited {
  /** Of a claim that waited for its turn. */
  readonly waited_s?: number
  /** Who holds other symbols of the same file. */
  readonly beside?: readonly string[]
}

export interface Holder extends Who {
  readonly pattern: string
  readonly why: string
  readonly until: string
}

export interface Held extends Who {
  readonly pattern: string
  readonly symbols: readonly string[]
  readonly fence: number | null
}

export interface Totals {
  readonly granted: number
  readonly refused: number
  readonly waited: number
  readonly provisional: number
  readonly pushed: number
}
