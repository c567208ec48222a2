// What the remote of a fenced push is to know of the ledger, and what becomes of claims whose work has landed there.
import {
  asClaimId,
  isSameParty,
  SkeinError,
  type LedgerClaim,
  type OperationInput,
  type OperationResult,
} from '../../protocol/index.ts'
import { asLedgerClaim } from '../core/provisional/note.ts'
import { ownProvisionals } from '../core/provisional/own.ts'
import { claimNowJson } from '../json.ts'
import { landedClaims } from '../landing.ts'
import type { LedgerHost } from '../ledger-host.ts'
import { hostOf } from '../repos.ts'
import { submit } from '../submit.ts'
import { claimContext, machineOf, type Handler, type Parts } from './context.ts'

type Facts = OperationResult<'fence'>
type ScopeJson = Facts['provisional'][number]

export const fence: Handler<OperationInput<'fence'>> = async (parts, input, context) => {
  parts.callers.asker(input, context)
  const { repo } = await parts.callers.place(input, context)
  return fenceFacts(parts, repo.id, hostOf(repo), repo.config.case === 'exact')
}

/** Claims on paths by their fence, as the committed state here has them. */
export function fenceFacts(
  parts: Pick<Parts, 'mesh' | 'about'>,
  repo: string,
  { loop, genesis }: LedgerHost,
  caseExact: boolean,
): Facts {
  const { state } = loop.view()
  const byFence = new Map<number, ScopeJson[]>()
  for (const claim of state.claims.values()) {
    const shown = scopeJson(parts, claim)
    if (shown === null) continue
    byFence.set(claim.fence, [...(byFence.get(claim.fence) ?? []), shown])
  }
  return {
    repo,
    machine: parts.about.machine,
    ledger: genesis.hash,
    position: {
      generation: genesis.generation,
      term: state.applied.term,
      index: state.applied.index,
    },
    case_exact: caseExact,
    tokens: [...byFence].map(([number, claims]) => ({ fence: number, claims })),
    provisional: ownProvisionals(loop.engine()).flatMap(
      (claim) => scopeJson(parts, asLedgerClaim(claim)) ?? [],
    ),
  }
}

function scopeJson(parts: Pick<Parts, 'mesh'>, claim: LedgerClaim): ScopeJson | null {
  const { id, agent, session, kind, pattern, symbols, mode } = claim
  if (kind === 'task' || kind === 'resource') return null
  return { id, agent, session, machine: machineOf(parts, claim.peer), kind, pattern, symbols, mode }
}

export const landed: Handler<OperationInput<'landed'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const party = await parts.callers.party(input, context, place)
  const host = hostOf(place.repo)
  const { claims } = host.loop.view().state
  const asked = input.ids.flatMap((id) => claims.get(asClaimId(id)) ?? [])
  const own = asked.filter((claim) => isSameParty(party, claim) && claim.peer === party.peer)
  const { done, kept } = await landedClaims(parts, place, own)
  const ids = done.map(({ id }) => id)
  if (ids.length === 0) return { released: [], kept }
  const outcome = await submit(host, { kind: 'end', ids, reason: 'landed' })
  if (outcome.kind !== 'ended') throw new SkeinError('INTERNAL', `landed ended as ${outcome.kind}`)
  const told = claimContext(parts, place)
  return { released: outcome.claims.map((now) => claimNowJson(told, now)), kept }
}
