// Who holds something and has shown no sign for long: by the ledger, and for sessions of this machine by what was heard of them.
import {
  type ClaimId,
  type LedgerClaim,
  type LedgerState,
  type OperationInput,
  type OperationResult,
  type Party,
  claimJson,
  iso,
} from '../../protocol/index.ts'
import { clean } from '../callers.ts'
import { sessionKey } from '../core/view.ts'
import { claimNowJson } from '../json.ts'
import { hostOf } from '../repos.ts'
import { submit } from '../submit.ts'
import { asOf, claimContext, machineOf, requirePerson, type Handler } from './context.ts'

const DAYS = 7
const DAY_MS = 86_400_000

interface Held {
  readonly party: Party
  seenMs: number
  readonly claims: LedgerClaim[]
  waits: number
  requests: number
}

type Silent = Held & { readonly isKnown: boolean }

export const stale: Handler<OperationInput<'stale'>> = async (parts, input, context) => {
  if (input.release === true) requirePerson(parts, input, context)
  const place = await parts.callers.place(input, context)
  const host = hostOf(place.repo)
  const days = input.days ?? DAYS
  const before = parts.clock.wall() - days * DAY_MS
  const heardOf = ({ peer, session }: Party): number | null =>
    peer === parts.about.peer ? parts.sessions.lastActivity(session) : null
  const silent = silentIn(host.loop.view().state, before, heardOf)
  const told = claimContext(parts, place)
  const ids = silent.flatMap(({ isKnown, claims }) => (isKnown ? claims.map(({ id }) => id) : []))
  const agents = silent.map(({ party, seenMs, isKnown, claims, waits, requests }) => ({
    agent: party.agent,
    session: party.session,
    machine: machineOf(parts, party.peer),
    last_seen: isKnown ? iso(seenMs) : null,
    claims: claims.map((claim) => claimJson(told, claim)),
    waits,
    requests,
  }))
  const result: OperationResult<'stale'> = { days, agents, released: [], as_of: asOf(place.repo) }
  if (input.release !== true || ids.length === 0) return result
  const party = await parts.callers.party(input, context, place)
  const force = clean(input.reason ?? '') || `no sign for ${String(days)} days`
  return { ...result, released: await releaseAll(ids, force) } satisfies OperationResult<'stale'>

  async function releaseAll(claims: readonly ClaimId[], reason: string) {
    const target = { by: 'ids', ids: claims } as const
    const outcome = await submit(host, { kind: 'release', party, target, force: reason })
    const ended = outcome.kind === 'ended' ? outcome.claims : []
    return ended.map((now) => claimNowJson(told, now))
  }
}

/**
 * Sessions without a sign since `before`. Whoever works under an old claim writes nothing into the ledger: of a session that
 * this machine has heard nothing of it is not known whether it is silent.
 * @param heardOf wall-clock time of the last that was heard of a session here; null: nothing
 */
export function silentIn(
  state: Pick<LedgerState, 'claims' | 'queue' | 'asked'>,
  before: number,
  heardOf: (party: Party) => number | null,
): readonly Silent[] {
  return holdersIn(state)
    .map((held) => {
      const heardMs = heardOf(held.party)
      return { ...held, seenMs: Math.max(held.seenMs, heardMs ?? 0), isKnown: heardMs !== null }
    })
    .filter(({ seenMs }) => seenMs < before)
    .sort((a, b) => a.seenMs - b.seenMs)
}

/** Every session that holds, waits or asks, with its last sign that the ledger has. */
function holdersIn({
  claims,
  queue,
  asked,
}: Pick<LedgerState, 'claims' | 'queue' | 'asked'>): Held[] {
  const found = new Map<string, Held>()
  const noted = (party: Party, seenMs: number): Held => {
    const key = sessionKey(party.peer, party.session)
    const held = found.get(key) ?? { party, seenMs, claims: [], waits: 0, requests: 0 }
    held.seenMs = Math.max(held.seenMs, seenMs)
    found.set(key, held)
    return held
  }
  for (const claim of claims.values())
    noted(claim, Math.max(claim.grantedAtMs, claim.stamp.wallMs)).claims.push(claim)
  for (const entry of queue.values()) noted(entry.party, entry.joinedAtMs).waits++
  for (const request of asked.values()) noted(request.requester, request.filedAtMs).requests++
  return [...found.values()]
}
