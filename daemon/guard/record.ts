// Events of the guard: this machine's own observations, so they stand in its audit log alone.
import { randomBytes } from 'node:crypto'
import { makeId, type EventKind, type OperationResult, type Party } from '../../protocol/index.ts'
import { iso } from '../json.ts'
import type { Parts } from '../operations/context.ts'
import { hostOf, type Repo } from '../repos.ts'

export type ConflictJson = OperationResult<'claim'>['conflicts'][number]

/** Somebody wrote, or is about to write, a file that is another's. */
export interface Written {
  readonly kind: Extract<EventKind, `guard.${string}`>
  /** From the root. */
  readonly path: string
  readonly holder: ConflictJson['claim']
  readonly reason: string
}

export function recordWritten(
  parts: Pick<Parts, 'clock' | 'about'>,
  repo: Repo,
  party: Party,
  { kind, path, holder, reason }: Written,
): void {
  const host = hostOf(repo)
  const { term, index } = host.loop.view().state.applied
  const wallMs = parts.clock.wall()
  const { agent, session } = party
  host.audit.append({
    id: makeId('evt', wallMs, randomBytes(10)),
    repo: repo.id,
    kind,
    at: iso(wallMs),
    term,
    index,
    actor: agent,
    machine: parts.about.machine,
    data: {
      agent,
      session,
      path,
      pattern: path,
      reason,
      claim: holder.id,
      holder: holder.agent,
      holder_session: holder.session,
      holder_machine: holder.machine,
    },
  })
}
