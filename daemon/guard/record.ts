// Events of the guard: this machine's own observations, so they stand in its audit log alone, and in that of the holder's
// machine, which is told.
import { randomBytes } from 'node:crypto'
import { asClaimId, makeId, type EventKind, type OperationResult } from '../../protocol/index.ts'
import { iso } from '../json.ts'
import type { Parts } from '../operations/context.ts'
import { hostOf, type Repo } from '../repos.ts'
import { tellHolder, type WrittenBy } from './telling.ts'

export type ConflictJson = OperationResult<'claim'>['conflicts'][number]

/** Somebody wrote, or is about to write, a file that is another's. */
export interface Written {
  readonly kind: Extract<EventKind, `guard.${string}`>
  /** From the root. */
  readonly path: string
  readonly holder: Pick<ConflictJson['claim'], 'id' | 'agent' | 'session' | 'machine'>
  readonly reason: string
}

export type WritingParts = Pick<Parts, 'clock' | 'about' | 'mesh'>

export function recordWritten(
  parts: WritingParts,
  repo: Repo,
  { agent, session }: { readonly agent: string; readonly session: string },
  { kind, path, holder, reason }: Written,
): void {
  const { machine } = parts.about
  const written = { kind, agent, session, machine, path, reason, claim: holder.id }
  append(parts, repo, written, holder)
  const peer = hostOf(repo).loop.view().state.claims.get(asClaimId(holder.id))?.peer
  if (peer === undefined || peer === parts.mesh.self) return
  // Its machine knows who tells it.
  tellHolder(parts.mesh, peer, repo.id, { kind, agent, session, path, reason, claim: holder.id })
}

/** Another machine saw it, of a claim of this one. */
export function recordTold(parts: WritingParts, repo: Repo, written: WrittenBy): void {
  const claim = hostOf(repo).loop.view().state.claims.get(asClaimId(written.claim))
  if (claim === undefined || claim.peer !== parts.mesh.self) return
  append(parts, repo, written, { ...claim, machine: parts.about.machine })
}

function append(
  parts: WritingParts,
  repo: Repo,
  { kind, agent, session, machine, path, reason, claim }: WrittenBy,
  holder: { readonly agent: string; readonly session: string; readonly machine: string },
): void {
  const host = hostOf(repo)
  const { term, index } = host.loop.view().state.applied
  const wallMs = parts.clock.wall()
  host.audit.append({
    id: makeId('evt', wallMs, randomBytes(10)),
    repo: repo.id,
    kind,
    at: iso(wallMs),
    term,
    index,
    actor: agent,
    machine,
    data: {
      agent,
      session,
      path,
      pattern: path,
      reason,
      claim,
      holder: holder.agent,
      holder_session: holder.session,
      holder_machine: holder.machine,
    },
  })
}
