// Before a tool runs: may it write what it is about to write? The files decide, each by its own checkout; what nobody holds
// is claimed, all of it in one claim, and the act is allowed only when everything in it is.
import os from 'node:os'
import path from 'node:path'
import {
  escapePath,
  LIMITS,
  SkeinError,
  type HookVerdict,
  type Party,
  type Scope,
} from '../../protocol/index.ts'
import { conflictJson } from '../json.ts'
import { claimContext, type Parts } from '../operations/context.ts'
import type { ShellAnswer, TouchedAnswer } from '../ports-symbols.ts'
import { refusalOptions } from '../refusal-options.ts'
import type { RepoAt } from '../repos.ts'
import type { Asked, Judged } from './asked.ts'
import { callAt, holdingsOf, placeAt } from './caller.ts'
import { claimFor, type Wanted } from './claiming.ts'
import { standInLine } from './waiting/contested.ts'
import { coverOf, heldByOthers, type Holdings } from './cover.ts'
import { keepBefore } from './renames.ts'
import { judgeShut } from './shut.ts'
import { recordWritten, type ConflictJson } from './record.ts'
import { shellWrites } from './shell/interpret.ts'
import { plainScript } from './shell/plain.ts'
import type { ShellWrite } from './shell/writes.ts'
import { hasBelow, isTarget, namesOf, targetsOf, type Target } from './targets.ts'
import { refusalText } from './words.ts'

export async function judgeAct(parts: Parts, asked: Asked): Promise<Judged> {
  const writes = await writesOf(parts, asked)
  const { targets, hasUnknown } = await targetsOf(parts, writes)
  const { caller, call, folder } = asked
  const startedAt = parts.clock.wall()
  const notes: string[] = []
  for (const group of byCheckout(targets)) {
    const outcome = await judgeGroup(parts, asked, group)
    if (outcome.decision !== 'allow') return outcome
    notes.push(...outcome.notes)
  }
  await keepBefore(parts, caller, targets)
  // What it does beyond these is looked at when it has run.
  if (hasUnknown && folder !== null)
    parts.guard.memory.mark(caller.session, call.toolUse, folder, startedAt)
  return { decision: 'allow', reason: '', notes }
}

/** What the act says that it writes. */
async function writesOf(
  parts: Parts,
  { call, folder }: Pick<Asked, 'call' | 'folder'>,
): Promise<readonly ShellWrite[]> {
  const { act, tool } = call
  switch (act.kind) {
    case 'none':
      return []
    case 'unknown':
      return [{ kind: 'unknown', why: tool }]
    case 'edits':
      return act.edits.map(({ path: file, edit }): ShellWrite => {
        if (folder === null && !path.isAbsolute(file)) return { kind: 'unknown', why: tool }
        const place = { text: path.resolve(folder ?? '/', file), glob: null }
        return { kind: 'file', place, edit, ...(MOVING.test(tool) ? { tree: 'all' } : {}) }
      })
    case 'shell': {
      if (folder === null) return [{ kind: 'unknown', why: tool }]
      const start = path.resolve(folder, act.folder ?? '.')
      const { command } = act
      return shellWrites({ command, folder: start, home: os.homedir(), read: readerOf(parts) })
    }
  }
}

/** Tools so called take a folder with everything in it. */
const MOVING = /delete|remove|move|rename/i

function readerOf({ symbols }: Parts): (command: string) => Promise<ShellAnswer> {
  return async (command) => {
    const script = plainScript(command)
    if (script !== null) return { kind: 'script', script }
    try {
      return await symbols.readShell(command)
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error
      return { kind: 'unknown', why: error.message }
    }
  }
}

interface Group extends RepoAt {
  readonly targets: readonly Target[]
}

function byCheckout(targets: readonly Target[]): readonly Group[] {
  const groups = new Map<string, Target[]>()
  for (const target of targets) {
    const { root } = target.checkout
    groups.set(root, [...(groups.get(root) ?? []), target])
  }
  return [...groups.values()].flatMap((all) => {
    const [first] = all
    return first === undefined ? [] : [{ ...first, targets: all }]
  })
}

async function judgeGroup(parts: Parts, asked: Asked, group: Group): Promise<Judged> {
  const { caller } = asked
  const party = await parts.callers.party(callAt(caller, group), caller.context, placeAt(group))
  const shut = judgeShut(parts, asked, group, party)
  if (shut.refusal !== null) return shut.refusal
  const open = { ...group, targets: shut.open }
  const verdict = await judgeOpen(parts, asked, open, party)
  return verdict.decision === 'allow'
    ? { ...verdict, notes: [...shut.notes, ...verdict.notes] }
    : verdict
}

async function judgeOpen(parts: Parts, asked: Asked, group: Group, party: Party): Promise<Judged> {
  const { caller } = asked
  const first = await plan(parts, group, party)
  if (first.conflicts.length > 0) return refuse(parts, asked, group, party, heldText(group, first))
  if (first.scopes.length === 0) return allow(parts, asked, group, [])
  const { description } = asked
  let wanted = { ...first, description }
  const startedAt = performance.now()
  let claimed = await claimFor(parts, caller, group, wanted)
  if (claimed.kind === 'refused') {
    // The replica may have been behind: with what it knows now, symbols may be asked for instead.
    const again = await plan(parts, group, party)
    const isNew = JSON.stringify(again.scopes) !== JSON.stringify(first.scopes)
    if (isNew && again.conflicts.length === 0 && again.scopes.length > 0) {
      wanted = { ...again, description }
      claimed = await claimFor(parts, caller, group, wanted)
    }
  }
  if (claimed.kind === 'stopped')
    return { decision: claimed.decision, reason: claimed.reason, notes: [] }
  if (claimed.kind === 'refused') {
    const refused = { ...claimed.result, scopes: wanted.scopes }
    // A majority answers in a moment. Without one a place is asked for in vain, and for longer than its hook waits for a word.
    if (performance.now() - startedAt > ANSWER_MS_MAX)
      return refuse(parts, asked, group, party, refused)
    return contest(parts, asked, group, party, { wanted, refused })
  }
  return allow(parts, asked, group, claimed.notes)
}

const ANSWER_MS_MAX = 2_000

/** What another holds: refused, parked, or had after all once it is free. */
async function contest(
  parts: Parts,
  asked: Asked,
  group: Group,
  party: Party,
  { wanted, refused }: { readonly wanted: Wanted; readonly refused: Refused },
): Promise<Judged> {
  if (asked.bypass !== null || asked.contested === 'refuse')
    return refuse(parts, asked, group, party, refused)
  const files = group.targets.map(({ file }) => file)
  const line = await standInLine(parts, asked, group, { party, wanted, files })
  switch (line.kind) {
    case 'granted':
      return allow(parts, asked, group, line.notes)
    case 'none':
      return refuse(parts, asked, group, party, refused, line.why)
    case 'parked':
      return { decision: 'defer', reason: `skein: ${line.what} is waited for.`, notes: [] }
    case 'waits': {
      const told = await refuse(parts, asked, group, party, { ...refused, ...line.result })
      const seconds = group.config.edit_wait[asked.isHeadless ? 'headless' : 'interactive']
      return { ...told, wait: { ids: [line.id], in_place_s: seconds } }
    }
  }
}

interface Plan {
  readonly scopes: readonly Scope[]
  readonly conflicts: readonly ConflictJson[]
  readonly isNarrowable: boolean
}

/** What has to be claimed, and what is held against it beyond doubt. */
async function plan(parts: Parts, group: Group, party: Party): Promise<Plan> {
  const holdings = holdingsOf(parts, group.repo, party)
  const told = claimContext(parts, group)
  const ignored = await ignoredIn(parts, group, holdings)
  const scopes: Scope[] = []
  const conflicts: ConflictJson[] = []
  let isNarrowable = true
  const isTooMany = group.targets.length > LIMITS.scopesMax
  for (const target of group.targets) {
    const scope = scopeOf(target)
    if (ignored.has(target.file)) continue
    if (!target.mayClaim || target.isFolder || isTooMany) {
      conflicts.push(...heldByOthers(holdings, scope).map((met) => conflictJson(told, met)))
      if (!target.mayClaim || isTooMany) continue
    }
    const cover = await coverOf(holdings, scope, () => touchedBy(parts, target))
    if (cover.kind === 'claim') {
      scopes.push(...cover.scopes)
      isNarrowable &&= cover.isNarrowable
    }
    if (cover.kind === 'held')
      conflicts.push(...cover.conflicts.map((met) => conflictJson(told, met)))
  }
  return { scopes, conflicts, isNarrowable }
}

function scopeOf({ file, isFolder }: Target): Scope {
  const pattern = file === '' ? '**' : escapePath(file) + (isFolder ? '/' : '')
  return { kind: 'file', pattern, symbols: [], mode: 'exclusive' }
}

function touchedBy(
  parts: Parts,
  { checkout, file, edit, isFolder }: Target,
): Promise<TouchedAnswer> {
  if (isFolder) return Promise.resolve({ kind: 'unknown', why: 'it is a folder' })
  if (edit.kind === 'whole' && edit.text === null)
    return Promise.resolve({ kind: 'unknown', why: 'what it will hold is not known' })
  return parts.symbols.touchedBy(checkout.root, file, edit)
}

/** Untracked files that git looks past, and untracked folders: nobody else's work. Asked of git only where it matters. */
async function ignoredIn(
  parts: Parts,
  { checkout, targets }: Group,
  holdings: Holdings,
): Promise<ReadonlySet<string>> {
  const tracked = await parts.git.trackedFiles(checkout)
  const known = namesOf(tracked)
  const open = targets.filter(
    ({ file, isFolder }) => !known.has(file) && !(isFolder && hasBelow(tracked, file)),
  )
  const free = open.filter((target) => heldByOthers(holdings, scopeOf(target)).length === 0)
  const folders = free.filter(({ isFolder }) => isFolder).map(({ file }) => file)
  const files = free.filter(({ isFolder }) => !isFolder).map(({ file }) => file)
  const ignored = files.length === 0 ? [] : await parts.worktree.ignored(checkout, files)
  return new Set([...folders, ...ignored])
}

function allow(
  parts: Parts,
  { caller, call }: Asked,
  { repo, checkout, targets }: Group,
  notes: readonly string[],
): HookVerdict {
  const { waits, memory } = parts.guard
  parts.readOnly.giveBack(checkout.root, (file) => isTarget(file, targets))
  const now = parts.clock.wall()
  const places = targets.map(({ file }) => ({ file, place: path.join(checkout.root, file) }))
  waits.use(
    caller.session,
    repo.id,
    targets.map(({ file }) => file),
  )
  const besides = places.flatMap(({ file, place }) => {
    const other = memory.noteEdit(place, caller.session, now, call.subagent)
    return other === undefined ? [] : [partText(file, other)]
  })
  return {
    decision: 'allow',
    reason: '',
    notes: [...notes, ...besides.slice(0, BESIDES_SHOWN_MAX)],
  }
}

/** Parts of one session do not keep each other out; they are told of each other. */
function partText(file: string, part: string | null): string {
  return `skein: ${part ?? 'the main agent'} of this session wrote ${file} a moment ago: read it again first.`
}

const BESIDES_SHOWN_MAX = 3

type Refused = Parameters<typeof refusalText>[0] & { readonly scopes: readonly Scope[] }

function heldText({ targets }: Group, { conflicts }: Plan): Refused {
  const met = new Set(conflicts.map(({ your_pattern: pattern }) => pattern))
  const scopes = targets.map(scopeOf).filter(({ pattern }) => met.has(pattern))
  const options = refusalOptions(scopes, conflicts, [], null)
  return { conflicts, more_conflicts: 0, waiters: [], options, queue: null, scopes }
}

async function refuse(
  parts: Parts,
  asked: Asked,
  group: Group,
  party: Party,
  refused: Refused,
  noPlace: string | null = null,
): Promise<HookVerdict> {
  const { checkout, repo } = group
  if (asked.bypass !== null) {
    for (const { claim, your_pattern: file } of refused.conflicts) {
      const written = {
        kind: 'guard.bypassed',
        path: file,
        holder: claim,
        reason: asked.bypass,
      } as const
      recordWritten(parts, repo, party, written)
    }
    const who = [...new Set(refused.conflicts.map(({ claim }) => claim.agent))].join(', ')
    const note = `skein: held by ${who}; written all the same by SKEIN_BYPASS, which is recorded and told to the holder.`
    return allow(parts, asked, group, [note])
  }
  const folder = asked.folder === checkout.root ? null : checkout.root
  const why = [await whyWhole(parts, group, refused), noPlace].filter((line) => line !== null)
  const words = { folder, why: why.join('\n') || null, subagent: asked.call.subagent }
  return { decision: 'deny', reason: refusalText(refused, words), notes: [] }
}

/** Why the edit could not be told by its symbols, where that might have made a difference. */
async function whyWhole(
  parts: Parts,
  { targets }: Group,
  { scopes, conflicts }: Refused,
): Promise<string | null> {
  const isAboutFile = scopes.every(({ kind }) => kind === 'file')
  const [met] = conflicts
  const target = targets.find((each) => scopeOf(each).pattern === met?.your_pattern)
  const mightHave = met !== undefined && (met.claim.narrowable || met.claim.kind === 'symbol')
  if (!isAboutFile || !mightHave || target === undefined || !target.mayClaim) return null
  const touched = await touchedBy(parts, target)
  if (touched.kind === 'unknown')
    return `It could not be claimed by its declarations alone: ${touched.why}.`
  return touched.isOutside ? 'The edit changes lines outside of every declaration.' : null
}
