// Asking holders to give way, and answering.
import {
  asClaimId,
  asRequestedId,
  DEFAULTS,
  isSameParty,
  SkeinError,
  type AnsweredRequest,
  type AuditEvent,
  type ClaimRequest,
  type OperationInput,
  type OperationResult,
  type Party,
  type RequestedId,
  claimJson,
  iso,
  requestJson,
} from '../../protocol/index.ts'
import { clean, type Place } from '../callers.ts'
import type { CallContext } from '../client/operations.ts'
import type { ResponseTerms } from '../core/claims/command.ts'
import { answersNow, requestNow } from '../core/claims/tell.ts'
import { placeJson } from '../json.ts'
import type { LedgerHost } from '../ledger-host.ts'
import { hostOf } from '../repos.ts'
import { submit } from '../submit.ts'
import { claimContext, patiently, stampNow, type Handler, type Parts } from './context.ts'
import { standingIn } from './queue.ts'
import { namedIn, readParts, readScopes, symbolScopes } from './scopes.ts'
import { readSubject } from './subject.ts'
import { requireSymbols } from './symbols.ts'

/** Harnesses cut a tool's call: what is not answered by then can be asked for again. */
const TOOL_PATIENCE_MS = 25_000

export const request: Handler<OperationInput<'request'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const host = hostOf(place.repo)
  const outcome = await submit(host, {
    kind: 'ask',
    party: await parts.callers.party(input, context, place),
    claim: asClaimId(input.claim),
    reason: clean(input.reason),
    urgency: input.urgency ?? 'normal',
    wanted: input.scope === undefined ? null : wantedOf(input.scope, place),
    answerSeconds: DEFAULTS.requestAnswerSeconds,
    waitSeconds: input.wait_s ?? 0,
  })
  if (outcome.kind !== 'asked' || outcome.request === null) {
    throw new SkeinError('INTERNAL', `a request ended as ${outcome.kind}`)
  }
  const asked = outcome.request
  const waitedOut = await patiently(parts, asked.requester.session, () =>
    waitForAnswers(host, [asked.id], input.wait_s, context),
  )
  const result: OperationResult<'request'> = {
    request: shown(host, asked),
    waited_out: waitedOut,
  }
  return result
}

export const respond: Handler<OperationInput<'respond'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const host = hostOf(place.repo)
  const party = await parts.callers.party(input, context, place)
  const outcome = await submit(host, {
    kind: 'respond',
    party,
    id: asRequestedId(input.request),
    answer: await answerOf(parts, place, input, { party, context }),
    note: clean(input.note ?? ''),
    stamp: stampNow(parts),
  })
  const [found] = outcome.kind === 'answered' ? outcome.answered : []
  if (outcome.kind !== 'answered' || found === undefined) {
    throw new SkeinError('INTERNAL', `an answer ended as ${outcome.kind}`)
  }
  const result: OperationResult<'respond'> = {
    request: requestJson(found.request, found),
    late: outcome.late,
  }
  return result
}

export const inbox: Handler<OperationInput<'inbox'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const host = hostOf(place.repo)
  // Also where another's is looked at: who asks is alive, and nobody else is by that.
  const caller = parts.callers.asker(input, context)
  const ofSession = input.of_session === undefined ? null : clean(input.of_session)
  const isMeant = (party: Party): boolean =>
    ofSession === null ? isSameParty(caller, party) : party.session === ofSession
  const { state } = host.loop.view()
  const told = claimContext(parts, place)
  const mine = [...state.claims.values()].filter(isMeant)
  const result: OperationResult<'inbox'> = {
    requests: [...state.asked.values()]
      .filter(({ holder }) => isMeant(holder))
      .map((asked) => requestJson(asked, null)),
    narrowed: mine
      .filter(({ narrowedBy }) => narrowedBy.length > 0)
      .map(({ id, pattern, narrowedBy }) => ({
        claim: id,
        pattern,
        by: narrowedBy
          .flatMap((partner) => state.claims.get(partner) ?? [])
          .map((partner) => claimJson(told, partner)),
      })),
    waiting: [...state.queue.values()]
      .filter((entry) => isMeant(entry.party))
      .map((entry) => placeJson(entry, standingIn(host, entry).ahead, null)),
    notices: await noticesFor(parts, host, ofSession ?? caller.session),
  }
  return result
}

/** How far back, and how many. */
const NOTICES_HOURS = 24
const NOTICES_MAX = 20

/** Writes of others to what a session holds or held, its own work that was kept, and its own silence, as this machine saw them. */
async function noticesFor(
  { clock }: Parts,
  { audit }: LedgerHost,
  session: string,
): Promise<OperationResult<'inbox'>['notices'][number][]> {
  const since = iso(clock.wall() - NOTICES_HOURS * 3_600_000)
  const filter = {
    kinds: ['guard.bypassed', 'guard.leaked', 'guard.renamed', 'session.silent', 'wip.kept'],
    since,
    where: ({ kind, data }: AuditEvent) =>
      data[kind.startsWith('guard.') ? 'holder_session' : 'session'] === session,
  }
  const found: OperationResult<'inbox'>['notices'][number][] = []
  for await (const event of audit.scan(filter, { newestFirst: true, limit: NOTICES_MAX })) {
    const { id, kind, at, actor, data } = event
    found.push({ event: id, kind, at, by: actor, ...noticeOf(kind, data) })
  }
  return found
}

type Told = Pick<OperationResult<'inbox'>['notices'][number], 'paths' | 'reason' | 'wip'>

function noticeOf(kind: string, data: AuditEvent['data']): Told {
  const text = (name: string): string => (typeof data[name] === 'string' ? data[name] : '')
  if (kind === 'session.silent') {
    const reason = `${String(data['share'])} % of idle_release, ends ${String(data['ends_at'])}`
    return { paths: namesIn(data['patterns']), reason, wip: null }
  }
  if (kind === 'wip.kept')
    return { paths: namesIn(data['files']), reason: text('reason'), wip: text('wip') }
  return { paths: [text('path')], reason: text('reason'), wip: null }
}

function namesIn(list: unknown): string[] {
  return Array.isArray(list) ? list.filter((each) => typeof each === 'string') : []
}

export const requests: Handler<OperationInput<'requests'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const host = hostOf(place.repo)
  const party = parts.callers.asker(input, context)
  const ids = (input.ids ?? []).map(asRequestedId)
  const unknown = ids.filter((id) => requestNow(host.loop.view(), id) === null)
  if (unknown.length > 0) {
    throw new SkeinError('REQUEST_UNKNOWN', `no request ${unknown.join(', ')} is known here`, {
      data: { ids: unknown },
    })
  }
  const waitedOut = await patiently(parts, party.session, () =>
    waitForAnswers(host, ids, input.wait_s, context),
  )
  const { state } = host.loop.view()
  const open = [...state.asked.values()].map((asked) => ({ asked, end: null }))
  const ended = state.answered.map((end) => ({ asked: end.request, end }))
  const wanted = [...open, ...ended.toReversed()].filter(({ asked }) => {
    if (ids.length > 0 && !ids.includes(asked.id)) return false
    return input.mine !== true || isSameParty(party, asked.requester)
  })
  const result: OperationResult<'requests'> = {
    requests: wanted.map(({ asked, end }) => requestJson(asked, end)),
    waited_out: waitedOut,
  }
  return result
}

/** Waits until all of these have ended, at most this long. @returns whether the wait ended before that. */
async function waitForAnswers(
  host: LedgerHost,
  ids: readonly RequestedId[],
  waitSeconds: number | undefined,
  context: CallContext,
): Promise<boolean> {
  const waitMs = (waitSeconds ?? 0) * 1000
  const patience = context.door === 'mcp' ? Math.min(waitMs, TOOL_PATIENCE_MS) : waitMs
  if (patience <= 0) return false
  const open = (): RequestedId[] => ids.filter((id) => host.loop.view().state.asked.has(id))
  await Promise.all(open().map((id) => host.waiting.wait(id, patience, context.signal)))
  return open().length > 0
}

/** The caller's answer; symbols in it are looked up in its own checkout. */
async function answerOf(
  parts: Parts,
  place: Place,
  input: OperationInput<'respond'>,
  { party, context }: { readonly party: Party; readonly context: CallContext },
): Promise<ResponseTerms> {
  if (input.decision === 'approve') return { decision: 'approved' }
  if (input.decision === 'deny') return { decision: 'denied' }
  if (input.decision === 'narrow') {
    const kept = requireSome(await readParts(input, place), input.decision)
    await requireSymbols(parts, place, { scopes: namedIn(kept), party, context })
    return { decision: 'narrowed', parts: kept }
  }
  const files = (input.patterns ?? []).map((pattern) => ({ kind: 'file' as const, pattern }))
  const given = requireSome([...files, ...symbolScopes(input.symbols)], input.decision)
  const scopes = await readScopes(given, place)
  await requireSymbols(parts, place, { scopes, party, context })
  return { decision: 'coexist', scopes }
}

function requireSome<T>(items: readonly T[], decision: string): readonly T[] {
  if (items.length > 0) return items
  throw new SkeinError('INPUT_USAGE', `'${decision}' says nothing without a pattern or symbols`, {
    hint: `skein respond REQUEST ${decision} PATTERN | FILE:SYMBOL`,
  })
}

function shown(host: LedgerHost, asked: ClaimRequest): ReturnType<typeof requestJson> {
  const end: AnsweredRequest | undefined = answersNow(host.loop.view(), [asked.id])[0]
  return requestJson(asked, end ?? null)
}

/** `PATTERN`, or `FILE:SYMBOL` of the caller's checkout. */
function wantedOf(text: string, place: Place): string {
  const { pattern, symbol } = readSubject(text, place)
  return symbol === null ? pattern : `${pattern}:${symbol}`
}
