// Who stands behind a hook: the session of the payload, as a caller of the operations that the guard carries out for it.
import {
  asPeerId,
  type CallerFields,
  type ClaimId,
  type LedgerClaim,
  type OperationInput,
  type Party,
  type Scope,
} from '../../protocol/index.ts'
import type { Place } from '../callers.ts'
import type { CallContext } from '../client/operations.ts'
import { isDetached } from '../core/attachment.ts'
import { ownProvisionals } from '../core/provisional/own.ts'
import { lapsedClaims } from '../core/renewals.ts'
import { idsOfSession } from '../core/view.ts'
import type { Parts } from '../operations/context.ts'
import { hostOf, type Repo, type RepoAt } from '../repos.ts'
import type { Holdings } from './cover.ts'
import type { HookCall } from './decode/payload.ts'

export interface HookCaller {
  /** Of every operation that is called for it; without a place. */
  readonly fields: CallerFields
  /** A hook's paths are those of this machine, whichever of its doors it came through. */
  readonly context: CallContext
  readonly session: string
}

/** Null for a payload that names no session, and no process does either: nothing can be claimed for it. */
export function hookCaller(
  input: OperationInput<'guard'>,
  call: HookCall,
  context: CallContext,
): HookCaller | null {
  const session = input.session ?? context.caller.session ?? call.session
  if (session == null) return null
  const { agent, branch, caller } = input
  const isPlain = caller?.tool === undefined || caller.tool === 'shell'
  const fields: CallerFields = {
    ...(agent === undefined ? {} : { agent }),
    ...(branch === undefined ? {} : { branch }),
    session,
    caller: { ...caller, ...(isPlain ? { tool: input.harness } : {}) },
  }
  return { fields, session, context: { ...context, door: 'socket' } }
}

/** Its fields in one checkout. */
export function callAt(caller: HookCaller, { checkout }: Pick<RepoAt, 'checkout'>): CallerFields {
  return { ...caller.fields, checkout: checkout.root }
}

export function placeAt(at: RepoAt): Place {
  const { repo, checkout, config } = at
  return { repo, checkout, config, isOwn: true }
}

/** What it holds there, by this machine's replica. */
export function holdingsOf(parts: Parts, repo: Repo, party: Party): Holdings {
  const { loop } = hostOf(repo)
  const engine = loop.engine()
  // Cut off for longer than its lease, this machine gives up what its sessions held.
  const lapsed = isDetached(engine) ? lapsedClaims(engine).map(({ id }) => id) : []
  const over = new Set<ClaimId>([...parts.releasing.of(repo.id), ...lapsed])
  const provisional: Scope[] = ownProvisionals(engine)
    .filter((noted) => noted.party.session === party.session)
    .map(({ scope }) => scope)
  return { view: loop.view(), party, over, provisional }
}

/** Live claims of the session itself, whatever its agent is called. */
export function claimsOf(parts: Parts, repo: Repo, session: Party['session']): LedgerClaim[] {
  const view = hostOf(repo).loop.view()
  return idsOfSession(view, asPeerId(parts.about.peer), session).flatMap((id) => {
    const claim = view.state.claims.get(id)
    return claim === undefined ? [] : [claim]
  })
}
