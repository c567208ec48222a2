// Events of the guard: this machine's own observations, so they stand in its audit log alone, and in that of the holder's
// machine, which is told.
import { asClaimId, type EventKind, type OperationResult } from '../../protocol/index.ts'
import type { Parts } from '../operations/context.ts'
import { recordAs, recordOwn, type Actor } from '../own-events.ts'
import { hostOf, type Repo } from '../repos.ts'
import { tellHolder, type WrittenBy } from './telling.ts'

export type ConflictJson = OperationResult<'claim'>['conflicts'][number]

/** Somebody wrote, or is about to write, a file that is another's. */
export interface Written {
  readonly kind: Extract<EventKind, 'guard.bypassed' | 'guard.leaked'>
  /** From the root. */
  readonly path: string
  /** Null: it is nobody's to write. */
  readonly holder: Pick<ConflictJson['claim'], 'id' | 'agent' | 'session' | 'machine'> | null
  readonly reason: string
}

export type WritingParts = Recording & Pick<Parts, 'mesh'>

export function recordWritten(
  parts: WritingParts,
  repo: Repo,
  by: Actor,
  { kind, path, holder, reason }: Written,
): void {
  if (holder === null) {
    const shut = { path, pattern: path, reason, holder: 'the repository, as protected' }
    recordOwn(parts, repo, kind, by, shut)
    return
  }
  recordForHolder(parts, repo, by, { kind, path, holder, reason })
  const peer = hostOf(repo).loop.view().state.claims.get(asClaimId(holder.id))?.peer
  if (peer === undefined || peer === parts.mesh.self) return
  const { agent, session } = by
  // Its machine knows who tells it.
  tellHolder(parts.mesh, peer, repo.id, { kind, agent, session, path, reason, claim: holder.id })
}

/** What one session of this machine did to what another one of it holds. */
export function recordForHolder(
  parts: Recording,
  repo: Repo,
  by: Actor,
  {
    kind,
    path,
    holder,
    reason,
  }: Omit<Written, 'kind' | 'holder'> & {
    readonly kind: EventKind
    readonly holder: NonNullable<Written['holder']>
  },
): void {
  recordOwn(parts, repo, kind, by, heldFacts({ path, reason, claim: holder.id }, holder))
}

/** Another machine saw it, of a claim of this one. */
export function recordTold(parts: WritingParts, repo: Repo, written: WrittenBy): void {
  const claim = hostOf(repo).loop.view().state.claims.get(asClaimId(written.claim))
  if (claim === undefined || claim.peer !== parts.mesh.self) return
  const holder = { ...claim, machine: parts.about.machine }
  recordAs(parts, repo, written.kind, written, heldFacts(written, holder))
}

type Recording = Pick<Parts, 'clock' | 'about'>

function heldFacts(
  { path, reason, claim }: Pick<WrittenBy, 'path' | 'reason' | 'claim'>,
  holder: { readonly agent: string; readonly session: string; readonly machine: string },
): Readonly<Record<string, unknown>> {
  return {
    path,
    pattern: path,
    reason,
    claim,
    holder: holder.agent,
    holder_session: holder.session,
    holder_machine: holder.machine,
  }
}
