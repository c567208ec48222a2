// After a tool ran whose words did not say what it writes: what has changed since, and whose it is. Told to the model and to
// the holder; what nobody holds is claimed now.
import path from 'node:path'
import {
  escapePath,
  isSameParty,
  matchesPath,
  parsePattern,
  type HookVerdict,
  type Party,
  type Scope,
} from '../../protocol/index.ts'
import { lstatOrNull } from '../file-facts.ts'
import { conflictJson } from '../json.ts'
import { claimContext, type Parts } from '../operations/context.ts'
import { hostOf, type RepoAt } from '../repos.ts'
import { callAt, holdingsOf, placeAt } from './caller.ts'
import { claimFor } from './claiming.ts'
import { heldByOthers, isHeldInPart, isHeldWhole } from './cover.ts'
import { enrolledAt, locate } from './places.ts'
import { followWritten } from './renames.ts'
import { recordWritten, type ConflictJson } from './record.ts'
import type { Asked } from './asked.ts'
import { listed } from './words.ts'

/** Files looked at after one command; a build that changes more is told as far as that. */
const LOOKED_MAX = 2_000
/** Claimed after one command: more is a build or a formatter, and nobody's careful work. */
const CLAIMED_MAX = 50
const EVENTS_MAX = 20
/** Files whose declarations are compared with the last commit's, where the session holds some. */
const FOLLOWED_MAX = 200
/** File systems stamp by a coarser clock than the one that marks are taken from. */
const STAMP_SLACK_MS = 20

const NOTHING: HookVerdict = { decision: 'allow', reason: '', notes: [] }

export async function judgeEffect(parts: Parts, asked: Asked): Promise<HookVerdict> {
  const { caller, call } = asked
  const mark = parts.guard.memory.takeMark(caller.session, call.toolUse)
  const at = mark === null ? null : await enrolledAt(parts.repos, mark.folder)
  if (mark === null || at === null)
    return { ...NOTHING, notes: await followWritten(parts, caller, []) }
  const party = await parts.callers.party(callAt(caller, at), caller.context, placeAt(at))
  const files =
    call.changed === null
      ? await changedSince(parts, at, party, mark.atMs)
      : await reported(parts, at, call.changed, mark.folder)
  const verdict = await judgeFiles(parts, asked, at, { party, files, sinceMs: mark.atMs })
  const written = files.slice(0, FOLLOWED_MAX).map((file) => ({ at, file, bytes: null }))
  const renamed = await followWritten(parts, caller, written)
  return { ...verdict, notes: [...verdict.notes, ...renamed] }
}

interface Seen {
  readonly party: Party
  /** From the root. */
  readonly files: readonly string[]
  readonly sinceMs: number
}

async function judgeFiles(
  parts: Parts,
  asked: Asked,
  at: RepoAt,
  seen: Seen,
): Promise<HookVerdict> {
  const { own, free, leaked } = sortOut(parts, at, seen)
  parts.guard.waits.use(asked.caller.session, at.repo.id, own)
  const notes = await claimFree(parts, asked, at, free)
  if (leaked.length === 0) return { ...NOTHING, notes }
  const reason = `changed by ${asked.call.tool || 'a command'}, seen afterwards`
  for (const { file, conflict } of leaked.slice(0, EVENTS_MAX)) {
    const written = { kind: 'guard.leaked', path: file, holder: conflict.claim, reason } as const
    recordWritten(parts, at.repo, seen.party, written)
  }
  return { decision: 'deny', reason: leakedText(leaked), notes }
}

interface SortedOut {
  /** What the session holds, or something in it: which of its declarations changed is not known any more. */
  readonly own: readonly string[]
  readonly free: readonly Scope[]
  readonly leaked: readonly { readonly file: string; readonly conflict: ConflictJson }[]
}

function sortOut(parts: Parts, at: RepoAt, { party, files, sinceMs }: Seen): SortedOut {
  const holdings = holdingsOf(parts, at.repo, party)
  const told = claimContext(parts, at)
  const own: string[] = []
  const free: Scope[] = []
  const leaked: { readonly file: string; readonly conflict: ConflictJson }[] = []
  for (const file of files.slice(0, LOOKED_MAX)) {
    const scope = scopeOf(file)
    if (isHeldWhole(holdings, scope) || isHeldInPart(holdings, scope)) {
      own.push(file)
      continue
    }
    const [met] = heldByOthers(holdings, scope)
    if (met === undefined) free.push(scope)
    else if (!wasHolder(parts, at, file, met.claim.session, sinceMs))
      leaked.push({ file, conflict: conflictJson(told, met) })
  }
  return { own, free, leaked }
}

function leakedText(leaked: SortedOut['leaked']): string {
  const who = leaked.map(({ file, conflict }) => `${file} (held by ${conflict.claim.agent})`)
  return [
    `skein: the command changed files that others hold: ${listed(who)}.`,
    'The holders are told. Do not go on with these files; put back what you changed there, but nothing of what the holder wrote.',
  ].join('\n')
}

/** The holder's own hand, in the same worktree at the same time. */
function wasHolder(
  parts: Parts,
  { checkout }: RepoAt,
  file: string,
  session: string,
  sinceMs: number,
): boolean {
  const { root } = checkout
  return parts.guard.memory.hasWritten({ file: path.join(root, file), root, session, sinceMs })
}

async function claimFree(
  parts: Parts,
  { caller, description }: Asked,
  at: RepoAt,
  free: readonly Scope[],
): Promise<readonly string[]> {
  if (free.length === 0) return []
  const names = listed(free.map(({ pattern }) => pattern))
  if (free.length > CLAIMED_MAX)
    return [`skein: the command changed ${String(free.length)} files; none of them was claimed.`]
  const wanted = { scopes: free, isNarrowable: false, description }
  const claimed = await claimFor(parts, caller, at, wanted)
  if (claimed.kind === 'granted')
    return [
      `skein: the command changed ${names}, which is claimed for this session now.`,
      ...claimed.notes,
    ]
  return [`skein: the command changed ${names}, which could not be claimed.`]
}

/** What the harness itself saw, from the root of this checkout. */
async function reported(
  parts: Parts,
  { checkout }: RepoAt,
  files: readonly string[],
  folder: string,
): Promise<readonly string[]> {
  const found: string[] = []
  for (const file of files.slice(0, LOOKED_MAX)) {
    const located = await locate(parts.repos, path.resolve(folder, file))
    if (located !== null && located.checkout.root === checkout.root) found.push(located.file)
  }
  return found
}

/** Files with changes whose stamps are of the command's time, and those that others hold and that have none. */
async function changedSince(
  parts: Parts,
  at: RepoAt,
  party: Party,
  sinceMs: number,
): Promise<readonly string[]> {
  const { checkout } = at
  const [changed, untracked, held] = await Promise.all([
    parts.worktree.changed(checkout),
    parts.worktree.untracked(checkout),
    heldFiles(parts, at, party),
  ])
  const all = [...new Set([...changed, ...untracked, ...held])]
  return all.filter((file) => stampOf(path.join(checkout.root, file)) >= sinceMs - STAMP_SLACK_MS)
}

/** A command that puts a file back leaves no change that git would show. */
async function heldFiles(
  parts: Parts,
  { repo, checkout }: RepoAt,
  party: Party,
): Promise<readonly string[]> {
  const view = hostOf(repo).loop.view()
  const { paths } = await parts.git.trackedFiles(checkout)
  const found = new Set<string>()
  for (const claim of view.state.claims.values()) {
    if (claim.kind === 'task' || claim.kind === 'resource' || isSameParty(party, claim)) continue
    const pattern = parsePattern(claim.pattern, view)
    for (const file of pattern.path === null || pattern.text.endsWith('/') ? paths : [pattern.path])
      if (matchesPath(pattern, file)) found.add(file)
    if (found.size > LOOKED_MAX) break
  }
  return [...found]
}

/** When the file was last written, renamed to or removed, in milliseconds; 0 where nobody can tell. */
function stampOf(file: string): number {
  for (const place of [file, path.dirname(file)]) {
    const stat = lstatOrNull(place)
    if (stat !== null) return Math.max(stat.mtimeMs, stat.ctimeMs)
  }
  return 0
}

function scopeOf(file: string): Scope {
  return { kind: 'file', pattern: escapePath(file), symbols: [], mode: 'exclusive' }
}
