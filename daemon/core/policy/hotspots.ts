// Where claims meet: a leader counts what it refuses or lets wait, writes the counts with the next records, and promotes and
// demotes patterns by them, where the policy says from which count on.
import {
  covers,
  DAY_MS,
  parsePattern,
  POLICY_LIMITS,
  sumRefusals,
  type HotspotTotal,
  type Pattern,
  type Promoted,
  type RecordBody,
  type RefusalCount,
  type Scope,
} from '../../../protocol/index.ts'
import type { ClaimCommand } from '../claims/command.ts'
import type { Decision } from '../claims/decision.ts'
import type { View } from '../view.ts'

export interface Hotspots {
  readonly pending: Map<string, { refused: number; readonly agents: Set<string> }>
  /** By the leader's elapsed time: when the first of the pending was counted, when the last record was written. */
  since: number
  writtenAt: number
  demotedAt: number
  /** The head after the last step: above it there are records for the counts to go with. */
  head: number
}

/** Between two records of counts. */
const PAUSE_MS = 1_000
/** Counts that no other record came along for. */
const PATIENCE_MS = 30_000
const DEMOTE_LOOK_MS = 3_600_000

export function createHotspots(): Hotspots {
  return {
    pending: new Map(),
    since: 0,
    writtenAt: -PAUSE_MS,
    demotedAt: -DEMOTE_LOOK_MS,
    head: 0,
  }
}

/** A new term: what the last leader had not written is lost, for it decides nothing. */
export function restartHotspots(hotspots: Hotspots): void {
  hotspots.pending.clear()
}

export function noteRefusal(
  hotspots: Hotspots,
  { party }: ClaimCommand,
  decision: Decision,
  now: number,
): void {
  for (const pattern of refusedIn(decision)) {
    if (pattern.length > POLICY_LIMITS.countedCharactersMax) continue
    if (hotspots.pending.size === 0) hotspots.since = now
    const known = hotspots.pending.get(pattern)
    if (known === undefined && hotspots.pending.size >= POLICY_LIMITS.countsMax) continue
    const count = known ?? { refused: 0, agents: new Set<string>() }
    count.refused++
    if (count.agents.size < POLICY_LIMITS.agentsCountedMax) count.agents.add(party.agent)
    hotspots.pending.set(pattern, count)
  }
}

/** Of a wide claim only what met others is hot. */
function refusedIn(decision: Decision): ReadonlySet<string> {
  const told = decision.kind === 'fail' || decision.kind === 'collect' ? null : toldBy(decision)
  if (told?.kind === 'refused') return new Set(pathsIn(told.conflicts.map(({ scope }) => scope)))
  return new Set(decision.kind === 'append' ? pathsIn(decision.met ?? []) : [])
}

function toldBy(decision: Extract<Decision, { kind: 'append' | 'answer' }>) {
  return decision.kind === 'answer' ? decision.outcome : (decision.told ?? null)
}

function pathsIn(scopes: readonly Scope[]): readonly string[] {
  return scopes.flatMap(({ kind, pattern }) =>
    kind === 'task' || kind === 'resource' ? [] : [pattern],
  )
}

export interface HotspotContext {
  readonly view: View
  /** The leader's elapsed milliseconds. */
  readonly now: number
  readonly wallMs: number
  /** Index of the last record. */
  readonly head: number
}

/** Counts that are due now; null: none. */
export function dueCounts(hotspots: Hotspots, context: HotspotContext): RecordBody | null {
  const { now, wallMs, head } = context
  const { pending, writtenAt, since } = hotspots
  if (pending.size === 0 || now - writtenAt < PAUSE_MS) return null
  if (head === hotspots.head && now - since < PATIENCE_MS) return null
  const counts = [...pending].map(([pattern, { refused, agents }]): RefusalCount => {
    return { pattern, refused, agents: [...agents] }
  })
  pending.clear()
  hotspots.writtenAt = now
  return { kind: 'refusals', day: Math.floor(wallMs / DAY_MS), counts }
}

/** What the counts just written make shared. */
export function duePromotions(
  { view, wallMs }: Pick<HotspotContext, 'view' | 'wallMs'>,
  counts: readonly RefusalCount[],
): readonly RecordBody[] {
  const { hotspots: terms } = view.state.policy.policy
  if (terms.promoteAt === 0) return []
  const today = Math.floor(wallMs / DAY_MS)
  const totals = sumRefusals(view.state.refusals, today - terms.windowDays + 1)
  const hot = new Set(
    totals.filter(({ refused }) => refused >= terms.promoteAt).map(({ pattern }) => pattern),
  )
  const fresh = counts
    .map(({ pattern }) => pattern)
    .filter((pattern) => hot.has(pattern) && !isShared(view, pattern))
  const room = POLICY_LIMITS.promotedMax - view.state.policy.promoted.length
  return withFolders(view, fresh.slice(0, Math.max(0, room)))
}

/** Several promoted patterns of one folder become the folder. Whatever was pinned stays as it is. */
function withFolders(view: View, fresh: readonly string[]): readonly RecordBody[] {
  const { policy, promoted } = view.state.policy
  const { subtreeAt } = policy.hotspots
  const bodies: RecordBody[] = []
  const done = new Set<string>()
  for (const pattern of fresh) {
    const folder = folderOf(pattern)
    if (done.has(pattern) || (folder !== null && done.has(folder))) continue
    const known = promoted.filter(
      (one) => one.isAuto && !one.isPinned && folderOf(one.pattern) === folder,
    )
    const beside = fresh.filter((one) => folderOf(one) === folder)
    if (folder !== null && subtreeAt > 0 && known.length + beside.length >= subtreeAt) {
      done.add(folder)
      bodies.push(promotion(`${folder}/**`, known))
    } else bodies.push(promotion(pattern, []))
    done.add(pattern)
  }
  return bodies
}

function promotion(pattern: string, replaced: readonly Promoted[]): RecordBody {
  const replaces = replaced.map((one) => one.pattern)
  return {
    ...{ kind: 'promote', rid: null, pattern, by: 'leader', isAuto: true, isPinned: false },
    replaces,
  }
}

/** Only plain paths are grouped; a file at the top has no folder but the whole repository. */
function folderOf(pattern: string): string | null {
  const at = pattern.lastIndexOf('/')
  return at <= 0 || /[*?[{]/.test(pattern) ? null : pattern.slice(0, at)
}

function isShared({ rules, caseExact }: View, pattern: string): boolean {
  const asked = parsePattern(pattern, { caseExact })
  return rules.now.shared.some(({ compiled }) => covers(compiled, asked))
}

/** Looked at once an hour: patterns that were promoted by themselves and have been calm since. */
export function dueDemotion(hotspots: Hotspots, context: HotspotContext): RecordBody | null {
  const { view, now, wallMs } = context
  if (now - hotspots.demotedAt < DEMOTE_LOOK_MS) return null
  hotspots.demotedAt = now
  const { policy, promoted } = view.state.policy
  const { demoteDays, promoteAt } = policy.hotspots
  if (promoteAt === 0 || demoteDays === 0) return null
  const old = promoted.filter(
    ({ isAuto, isPinned, atMs }) => isAuto && !isPinned && wallMs - atMs >= demoteDays * DAY_MS,
  )
  if (old.length === 0) return null
  const totals = sumRefusals(view.state.refusals, Math.floor(wallMs / DAY_MS) - demoteDays + 1)
  const patterns = calmOf(view, old, totals, promoteAt)
  if (patterns.length === 0) return null
  return { kind: 'demote', rid: null, patterns, by: 'leader', isAuto: true }
}

/** Patterns in which fewer than so many refusals were counted. Thousands are compared, so each is compiled once. */
function calmOf(
  { caseExact }: View,
  old: readonly Promoted[],
  totals: readonly HotspotTotal[],
  enough: number,
): readonly string[] {
  const compile = (text: string): Pattern => parsePattern(text, { caseExact })
  const counted = totals.map(({ pattern, refused }) => ({ inner: compile(pattern), refused }))
  return old.flatMap(({ pattern }) => {
    const outer = compile(pattern)
    let sum = 0
    for (const { inner, refused } of counted) {
      if (covers(outer, inner)) sum += refused
      if (sum >= enough) return []
    }
    return [pattern]
  })
}
