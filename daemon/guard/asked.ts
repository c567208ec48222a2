// What a hook's call asks of the guard, and what it is told.
import type { HookVerdict, OperationResult } from '../../protocol/index.ts'
import type { HookCaller } from './caller.ts'
import type { HookCall } from './decode/payload.ts'

export interface Asked {
  readonly caller: HookCaller
  readonly call: HookCall
  /** Where relative paths are read from; null where nobody says. */
  readonly folder: string | null
  /** What is refused shall be done all the same, for this reason. */
  readonly bypass: string | null
  /** For people: what is claimed is shown with it. */
  readonly description: string
  /** What becomes of an edit of what another holds. */
  readonly contested: 'place' | 'defer' | 'refuse'
  readonly isHeadless: boolean
  /** By uptime: so long this call may wait for what another holds. */
  readonly patientUntilMs: number
}

/** A verdict, and what the session waits for after it. */
export interface Judged extends HookVerdict {
  readonly wait?: NonNullable<OperationResult<'guard'>['wait']>
}
