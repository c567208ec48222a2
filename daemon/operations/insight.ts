// The operations that explain: why, status, the audit log's chain, the configuration.
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  countWorkers,
  intersects,
  parsePattern,
  SkeinError,
  symbolsOverlap,
  tellEvent,
  type AuditEvent,
  type LedgerClaim,
  type OperationInput,
  type OperationResult,
  type Pattern,
  claimJson,
  iso,
} from '../../protocol/index.ts'
import { isDetached } from '../core/attachment.ts'
import { isLeading } from '../core/engine.ts'
import type { LedgerHost } from '../ledger-host.ts'
import type { Place } from '../callers.ts'
import type { CallContext } from '../client/operations.ts'
import { hostOf, type Repo } from '../repos.ts'
import { claimContext, machineOf, type Handler, type Parts } from './context.ts'
import { isAbout } from './event-query.ts'
import { leaderName, votersOf } from './mesh.ts'
import { readSubject } from './subject.ts'

const EVENTS_TOLD = 20
const ID = /^(?:clm|que|req|evt|wip|asg)_[0-9A-Z]{26}$/

export const why: Handler<OperationInput<'why'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const host = hostOf(place.repo)
  const subject = subjectOf(input.pattern, place)
  const limit = input.limit ?? EVENTS_TOLD
  const events: AuditEvent[] = []
  const options = { newestFirst: true, limit: limit + 1, signal: context.signal }
  for await (const event of host.audit.scan({ where: subject.isEvent }, options)) events.push(event)
  const told = events.slice(0, limit)
  const claimed = claimContext(parts, place)
  const live = [...host.loop.view().state.claims.values()].filter(subject.isClaim)
  const result: OperationResult<'why'> = {
    holders: live.map((claim) => claimJson(claimed, claim)),
    events: told,
    more: events.length > limit,
    summary: told.map(tellEvent),
  }
  return result
}

export const status: Handler<OperationInput<'status'>> = async (parts, input, context) => {
  const { about, mesh, repos } = parts
  await firstUse(parts, input.checkout ?? input.cwd ?? context.caller.cwd, context)
  const repoStates = repos.all().map((repo) => repoStatus(parts, repo))
  const { members } = mesh.state()
  const online = [...members.keys()].filter((peer) => mesh.board.isReady(peer)).length
  const result: OperationResult<'status'> = {
    version: about.version,
    ready: isServed(mesh.host) && repoStates.every((repo) => repo.quorum),
    machine: about.machine,
    peer_id: about.peer,
    pid: process.pid,
    home: about.home,
    http: about.http,
    started_at: iso(about.startedAtMs),
    mesh: { id: mesh.id, members: Math.max(1, members.size), online: online + 1 },
    repos: repoStates,
  }
  return result
}

/** To ask from inside a checkout is the first use of its repository; where that takes longer, the next answer has it. */
async function firstUse(
  { repos }: Parts,
  folder: string | undefined,
  { door }: CallContext,
): Promise<void> {
  if (folder === undefined || door === 'tcp' || !path.isAbsolute(folder)) return
  const used = repos.at(folder).catch((error: unknown) => {
    // Not a repository, or none that takes part: whoever asks how the daemon is gets an answer.
    if (!(error instanceof SkeinError)) throw error
  })
  // Late, it concerns nobody here.
  used.catch(() => undefined)
  await Promise.race([used, delay(FIRST_USE_MS_MAX, null, { ref: false })])
}

/** To found a ledger takes some tens of milliseconds; to be let into that of a mesh may take seconds. */
const FIRST_USE_MS_MAX = 2_000

export const auditVerify: Handler<OperationInput<'audit/verify'>> = async (
  parts,
  input,
  context,
) => {
  const place = await parts.callers.place(input, context)
  const { audit } = hostOf(place.repo)
  const verdict = await audit.verify({ signal: context.signal })
  const { broken } = verdict
  const result: OperationResult<'audit/verify'> = {
    ok: broken === null,
    events: verdict.events,
    last: audit.last()?.hash ?? null,
    problem:
      broken === null
        ? null
        : `${broken.kind} in segment ${String(broken.segment)}, line ${String(broken.line)}`,
  }
  return result
}

export const metrics: Handler<OperationInput<'metrics'>> = async (parts) => {
  const { text } = await parts.metrics.text()
  return { text }
}

export const config: Handler<OperationInput<'config'>> = async (parts, input, context) => {
  const isHere = input.repo !== undefined || input.cwd !== undefined || input.checkout !== undefined
  const place = isHere ? await placeIfAny(parts, input, context) : null
  const settings = [...parts.config.settings, ...(place?.config.settings ?? [])]
  return {
    values: settings.map(({ key, value, source, from }) => ({ key, value, source, file: from })),
  }
}

/** The configuration can be asked for outside of a repository too. */
async function placeIfAny(
  parts: Parts,
  ...[input, context]: Parameters<Parts['callers']['place']>
): Promise<Awaited<ReturnType<Parts['callers']['place']>> | null> {
  try {
    return await parts.callers.place(input, context)
  } catch (error) {
    if (error instanceof SkeinError && (error.exit === 5 || error.code === 'REPO_UNKNOWN'))
      return null
    throw error
  }
}

/** Can something be decided in it now, as far as this machine knows? */
function isServed({ loop }: LedgerHost): boolean {
  const engine = loop.engine()
  const { role } = engine.consensus
  if (engine.newer !== null) return false
  if (role.kind === 'leader') return isLeading(engine)
  return role.kind === 'follower' && role.leader !== null && !isDetached(engine)
}

/** A later version has written what this one cannot read. */
function unreadIn({ host }: Repo): string | null {
  const newer = host?.loop.engine().newer ?? null
  return newer === null ? null : `${newer.message}: upgrade skein on this machine`
}

export function repoStatus(parts: Parts, repo: Repo): OperationResult<'status'>['repos'][number] {
  const live = [...(repo.host?.loop.view().state.claims.values() ?? [])]
  const base = {
    id: repo.id,
    narrowed: live.filter(({ narrowedBy }) => narrowedBy.length > 0).length,
    checkouts: repo.checkouts,
    queued: repo.host?.loop.view().state.queue.size ?? 0,
    problem: repo.problem?.message ?? unreadIn(repo),
    workers: countWorkers(repo.host?.loop.view().state.assignments.values() ?? []),
  }
  if (repo.host === null) {
    const none = { leader: null, term: 0, commit_index: 0, voters: [], claims: 0, quorum: false }
    return { ...base, ...none, role: 'stopped' }
  }
  const engine = repo.host.loop.engine()
  const { applied, claims } = repo.host.loop.view().state
  return {
    ...base,
    role: engine.consensus.role.kind,
    leader: leaderName(parts, repo.host),
    term: applied.term,
    commit_index: applied.index,
    voters: votersOf(repo.host).map((peer) => machineOf(parts, peer)),
    claims: claims.size,
    quorum: isServed(repo.host),
  }
}

interface Subject {
  readonly isEvent: (event: AuditEvent) => boolean
  readonly isClaim: (claim: LedgerClaim) => boolean
}

/** What is asked about: one claim, place, request or event by its id, else everything that overlaps a pattern. */
function subjectOf(text: string, place: Place): Subject {
  if (ID.test(text))
    return { isEvent: (event) => isAbout(event, text), isClaim: (claim) => claim.id === text }
  const options = { caseExact: place.config.case === 'exact' }
  const { pattern: canonical, symbol } = readSubject(text, place)
  const asked = parsePattern(canonical, options)
  const known = new Map<string, boolean>()
  const meets = (pattern: string): boolean => {
    let answer = known.get(pattern)
    if (answer === undefined) {
      answer = meetsPattern(asked, pattern, options)
      known.set(pattern, answer)
    }
    return answer
  }
  const isPath = (kind: unknown): boolean => kind !== 'task' && kind !== 'resource'
  /** Whole files meet each of their symbols. */
  const meetsSymbols = (symbols: unknown): boolean =>
    symbol === null ||
    !Array.isArray(symbols) ||
    symbols.length === 0 ||
    symbols.some((one: unknown) => typeof one === 'string' && symbolsOverlap(symbol, one))
  return {
    isEvent: ({ data, ...event }) => {
      if (data['task'] === text) return true
      if (typeof data['pattern'] === 'string') {
        return isPath(data['claim_kind'])
          ? meets(data['pattern']) && meetsSymbols(data['symbols'])
          : data['pattern'] === text
      }
      const patterns: unknown = data['patterns']
      if (Array.isArray(patterns)) {
        const isMet = patterns.some((one: unknown) => typeof one === 'string' && meets(one))
        return isMet && meetsSymbols(data['symbols'])
      }
      return conflictsOf({ ...event, data }).some(
        ({ pattern, symbols }) => meets(pattern) && meetsSymbols(symbols),
      )
    },
    isClaim: ({ kind, pattern, symbols }) =>
      isPath(kind) ? meets(pattern) && meetsSymbols(symbols) : pattern === text,
  }
}

/** Names of resources and tasks are no patterns: those that cannot be read as one do not meet. */
function meetsPattern(
  asked: Pattern,
  text: string,
  options: { readonly caseExact: boolean },
): boolean {
  try {
    return intersects(asked, parsePattern(text, options))
  } catch (error) {
    if (error instanceof SkeinError) return false
    throw error
  }
}

function conflictsOf(event: AuditEvent): { pattern: string; symbols: unknown; claim: string }[] {
  const conflicts: unknown = event.data['conflicts']
  if (!Array.isArray(conflicts)) return []
  return conflicts.flatMap((conflict: unknown) => {
    if (typeof conflict !== 'object' || conflict === null) return []
    const pattern = 'pattern' in conflict ? String(conflict.pattern) : ''
    const claim = 'claim' in conflict ? String(conflict.claim) : ''
    const symbols: unknown = 'symbols' in conflict ? conflict.symbols : []
    return [{ pattern, symbols, claim }]
  })
}
