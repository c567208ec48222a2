// The operations on kept work.
import {
  escapePath,
  shellQuote,
  SkeinError,
  type EventKind,
  type LedgerClaim,
  type OperationInput,
  type OperationResult,
  type Party,
  iso,
} from '../../protocol/index.ts'
import type { Place } from '../callers.ts'
import type { CallContext } from '../client/operations.ts'
import { coverOf, type Cover } from '../core/claims/cover.ts'
import { recordOwn } from '../own-events.ts'
import { hostOf, type Repo } from '../repos.ts'
import type { Found } from '../wip/keeping.ts'
import { retentionOf } from '../wip/note.ts'
import { writeReplay } from '../wip/restore.ts'
import { WIP_REFS } from '../git-kept.ts'
import type { Replay } from '../git-replay.ts'
import type { Checkout } from '../git.ts'
import { requirePerson, type Handler, type Parts } from './context.ts'

type Kept = OperationResult<'wip/list'>['kept'][number]
type Restored = OperationResult<'wip/restore'>

const LISTED = 100
const FILES_TOLD = 100

export const wipList: Handler<OperationInput<'wip/list'>> = async (parts, input, context) => {
  const repos =
    input.all_repos === true
      ? parts.repos.all()
      : [(await parts.callers.place(input, context)).repo]
  const caller = parts.callers.asker(input, context)
  const found: Kept[] = []
  for (const repo of repos) {
    const all = await parts.wip.keeping.list(repo, context.signal)
    const wanted = all.filter((kept) => isWanted(kept, input, caller))
    found.push(...(await toJson(parts, repo, wanted, context)))
  }
  const limit = input.limit ?? LISTED
  const result: OperationResult<'wip/list'> = {
    kept: found.slice(0, limit),
    more: Math.max(0, found.length - limit),
  }
  return result
}

export const wipShow: Handler<OperationInput<'wip/show'>> = async (parts, input, context) => {
  const { repo } = await parts.callers.place(input, context)
  const found = await findKept(parts, repo, input.id, context)
  const [kept] = await toJson(parts, repo, [found], context)
  if (kept === undefined) throw unknown(input.id)
  const changes = await parts.wip.refs.changes(found.root, found, context.signal)
  const command = ['git', '-C', found.root, 'show', found.commit].map(shellQuote).join(' ')
  return { kept, changes, command } satisfies OperationResult<'wip/show'>
}

export const wipRestore: Handler<OperationInput<'wip/restore'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const party = await parts.callers.party(input, context, place)
  const checkout = requireCheckout(place, context)
  const found = await findKept(parts, place.repo, input.id, context)
  const { id, commit } = found
  const base = { id, commit, branch: null, restored: [], already: [], conflicts: [], options: [] }
  const { to_branch: branch } = input
  if (branch !== undefined) {
    await makeBranch(parts, found, branch)
    tell(parts, place.repo, 'wip.restored', party, found)
    const command = ['git', 'switch', branch].map(shellQuote).join(' ')
    const why = 'the work is its last commit'
    return { ...base, branch, options: [{ action: 'switch', why, command }] } satisfies Restored
  }
  const replay = await replayIn(parts, checkout, found, context)
  const held = heldByOthers(parts, place, party, replay)
  if (held.length > 0 && input.force !== true) throw heldError(held, id)
  if (held.length > 0) requirePerson(parts, input, context)
  const put = await writeReplay({ ...parts.wip, ...parts }, checkout, replay, context.signal)
  const { written, already, failure } = put
  const stages = replay.unmerged.filter(({ path }) => written.includes(path))
  await parts.wip.replays.markUnmerged(checkout.root, stages)
  tell(parts, place.repo, 'wip.restored', party, found)
  if (failure !== null) throw failure
  return {
    ...base,
    restored: written,
    already,
    conflicts: [...new Set(stages.map(({ path }) => path))],
    options: nextFor(parts, place, party, { id, files: [...written, ...already] }),
  } satisfies Restored
}

export const wipDrop: Handler<OperationInput<'wip/drop'>> = async (parts, input, context) => {
  if ((input.ids === undefined || input.ids.length === 0) === (input.older_s === undefined)) {
    throw new SkeinError('INPUT_USAGE', 'say what to give up: ids, or an age', {
      hint: 'skein wip drop ID… | --older 7d',
    })
  }
  requirePerson(parts, input, context)
  const place = await parts.callers.place(input, context)
  const party = await parts.callers.party(input, context, place)
  const all = await parts.wip.keeping.list(place.repo, context.signal)
  const missing = (input.ids ?? []).filter((id) => !all.some((kept) => kept.id === id))
  if (missing.length > 0) throw unknown(missing.join(', '))
  const before = parts.clock.wall() - (input.older_s ?? 0) * 1000
  const wanted = all.filter((kept) =>
    input.ids === undefined ? kept.keptAtMs <= before : input.ids.includes(kept.id),
  )
  for (const kept of wanted) {
    await parts.wip.refs.drop(kept.root, kept.id, kept.commit)
    tell(parts, place.repo, 'wip.dropped', party, kept)
  }
  const result: OperationResult<'wip/drop'> = {
    dropped: wanted.map(({ id, commit, root }) => ({
      id,
      commit,
      command: ['git', '-C', root, 'branch', `kept-${id.slice(-6)}`, commit]
        .map(shellQuote)
        .join(' '),
    })),
  }
  return result
}

function isWanted(
  { note }: Found,
  { mine, of_agent: agent, of_session: session }: OperationInput<'wip/list'>,
  caller: Party,
): boolean {
  if (agent !== undefined && note?.agent !== agent) return false
  if (session !== undefined && note?.session !== session) return false
  const isOwn =
    note?.session === caller.session || (caller.agentGiven && note?.agent === caller.agent)
  return mine !== true || isOwn
}

/** @throws SkeinError WIP_UNKNOWN */
async function findKept(
  { wip }: Parts,
  repo: Repo,
  id: string,
  { signal }: CallContext,
): Promise<Found> {
  const all = await wip.keeping.list(repo, signal)
  const [found, ...more] = all.filter(
    (kept) => kept.id === id || kept.note?.claims.some((claim) => claim.id === id) === true,
  )
  if (found === undefined) throw unknown(id)
  if (more.length === 0) return found
  const ids = [found, ...more].map((kept) => kept.id)
  throw new SkeinError(
    'INPUT_USAGE',
    `Under ${id} work was kept more than once: ${ids.join(', ')}.`,
    {
      hint: `skein wip show ${found.id}`,
      data: { ids },
    },
  )
}

function unknown(id: string): SkeinError {
  return new SkeinError('WIP_UNKNOWN', `No kept work here is ${id}.`, { data: { id } })
}

async function toJson(
  { wip, config }: Parts,
  repo: Repo,
  found: readonly Found[],
  { signal }: CallContext,
): Promise<readonly Kept[]> {
  const files = new Map<string, readonly string[]>()
  for (const root of new Set(found.map((kept) => kept.root))) {
    const commits = found.filter((kept) => kept.root === root).map(({ commit }) => commit)
    const lists = await wip.refs.files(root, commits, signal)
    for (const [at, commit] of commits.entries()) files.set(commit, lists[at] ?? [])
  }
  const { ageMsMax } = retentionOf(config.retention)
  return found.map(({ id, commit, parent, keptAtMs, note }) => {
    const changed = files.get(commit) ?? []
    return {
      id,
      repo: repo.id,
      kept_at: iso(keptAtMs),
      expires_at: iso(keptAtMs + ageMsMax),
      agent: note?.agent ?? '',
      session: note?.session ?? '',
      machine: note?.machine ?? '',
      branch: note?.branch ?? null,
      reason: note?.reason ?? '',
      claims: note?.claims ?? [],
      checkout: note?.checkout ?? '',
      files: changed.slice(0, FILES_TOLD),
      more_files: Math.max(0, changed.length - FILES_TOLD),
      skipped: note?.skipped ?? [],
      more_skipped: note?.skipped_more ?? 0,
      commits: note?.commits ?? 0,
      ...{ commit, parent },
    }
  })
}

/** Files are written where the caller is, and by callers of this machine alone. */
function requireCheckout({ checkout, isOwn }: Place, { door }: CallContext): Checkout {
  if (checkout !== null && isOwn && door !== 'tcp') return checkout
  throw new SkeinError('REPO_UNKNOWN', 'Kept work is restored into a checkout: say into which.', {
    hint: 'Call it inside the checkout, or pass `cwd` over the socket.',
  })
}

async function makeBranch({ wip }: Parts, { root, commit }: Found, name: string): Promise<void> {
  if (!(await wip.refs.isBranchName(root, name)))
    throw new SkeinError('INPUT_USAGE', `\`${name}\` is no name for a branch.`)
  if (!(await wip.refs.branch(root, name, commit)))
    throw new SkeinError('INPUT_USAGE', `There is a branch ${name} already.`, {
      hint: 'Take another name.',
    })
}

async function replayIn(
  { wip }: Parts,
  { root, commonDir }: Checkout,
  { id, commit, ...found }: Found,
  { signal }: CallContext,
): Promise<Replay> {
  if (found.commonDir !== commonDir) {
    const ref = WIP_REFS + id
    const message = `${id} is kept in another clone: ${found.root}.`
    throw new SkeinError('WIP_UNMERGEABLE', message, {
      hint: `git fetch ${shellQuote(found.root)} ${ref}:${ref}`,
    })
  }
  const replay = await wip.replays.replay(root, commit, signal)
  const hint = `skein wip restore ${id} --branch NAME`
  if (replay === null) {
    const message = 'HEAD has moved since, and merging that needs git 2.38.'
    throw new SkeinError('WIP_UNMERGEABLE', message, { hint })
  }
  const { ours, theirs } = replay.names
  const isMoved = ({ path }: { readonly path: string }): boolean =>
    ours !== '' && (path.includes(`~${ours}`) || path.includes(`~${theirs}`))
  if (!replay.changes.some(isMoved)) return replay
  const message = 'A file of it and a folder of this checkout have the same name.'
  throw new SkeinError('WIP_UNMERGEABLE', message, { hint })
}

function heldByOthers(
  parts: Parts,
  place: Place,
  party: Party,
  { changes }: Replay,
): readonly LedgerClaim[] {
  const held = changes
    .map(({ path }) => coverIn(parts, place, party, path))
    .flatMap((cover) => (cover.kind === 'other' || cover.kind === 'by-symbols' ? cover.claims : []))
  return [...new Map(held.map((claim) => [claim.id, claim])).values()]
}

function coverIn(parts: Parts, { repo }: Place, party: Party, file: string): Cover {
  const view = hostOf(repo).loop.view()
  return coverOf(view, party, { path: file, touched: null }, parts.releasing.of(repo.id))
}

function heldError(held: readonly LedgerClaim[], id: string): SkeinError {
  const names = held.slice(0, 5).map(({ agent, pattern }) => `${pattern} (${agent})`)
  const more = held.length > names.length ? ` and ${String(held.length - names.length)} more` : ''
  const message = `Others hold what would be written: ${names.join(', ')}${more}.`
  return new SkeinError('CLAIM_CONFLICT', message, {
    hint: `Ask for it (skein request ${held[0]?.id ?? ''} --reason TEXT), or: skein wip restore ${id} --branch NAME`,
    data: { claims: held.map((claim) => claim.id) },
  })
}

/** What is restored and not claimed is anybody's. */
function nextFor(
  parts: Parts,
  place: Place,
  party: Party,
  { id, files }: { readonly id: string; readonly files: readonly string[] },
): Restored['options'] {
  const free = files.filter((file) => coverIn(parts, place, party, file).kind === 'free')
  const words = ['skein', 'claim', ...free.slice(0, 20).map(escapePath)]
  const claim = {
    action: 'claim',
    why: 'nobody holds these files now',
    command: words.map(shellQuote).join(' '),
  }
  const drop = {
    action: 'drop',
    why: 'when it is no longer needed',
    command: `skein wip drop ${id}`,
  }
  return free.length === 0 ? [drop] : [claim, drop]
}

function tell(
  parts: Parts,
  repo: Repo,
  kind: Extract<EventKind, `wip.${string}`>,
  by: Party,
  { id, commit, note }: Found,
): void {
  recordOwn(parts, repo, kind, by, {
    ...{ wip: id, commit, by_session: by.session, agent: note?.agent ?? '' },
    session: note?.session ?? '',
    claims: note?.claims.map((claim) => claim.id) ?? [],
    patterns: note?.claims.map(({ pattern }) => pattern) ?? [],
  })
}
