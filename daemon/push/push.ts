// One fenced push: which files, whose claims, which tokens, and then one atomic push in which the remote itself compares the
// tokens. What a local check allowed is decided there again; after a failure only a new look at the remote says what happened.
import { SkeinError } from '../../protocol/index.ts'
import { noteFacts, noteRemote, readKnown, REFUSAL_KEPT_MS, type Known } from '../fence/known.ts'
import { nonce, type Listing, type Pushed, type Remote, type RefStatus } from '../fence/remote.ts'
import {
  firstWords,
  idLengthOf,
  isRace,
  syncRemote,
  type Synced,
  type SyncOptions,
} from '../fence/sync.ts'
import {
  compareFencePositions,
  parseToken,
  tokenRef,
  tokenText,
  type Facts,
  type Token,
} from '../fence/token.ts'
import type { UserGit } from '../git-user.ts'
import type { Asking } from './asking.ts'
import { changesOf, type RefUpdate } from './changes.ts'
import { judgeByLeader, type OwnClaim, type Verdict } from './judge.ts'
import { judgeByMemory, readTokens } from './memory.ts'
import { reasonOf, refusalLines } from './words.ts'

export interface PushPlace {
  readonly git: UserGit
  readonly remote: Remote
  readonly asking: Asking
  /** Of the clone: where it remembers. */
  readonly commonDir: string
  /** A line for the person. */
  readonly say: (line: string) => void
  /** What git and the remote say while they work. */
  readonly onStderr: (text: string) => void
}

export interface PushRequest {
  readonly updates: readonly RefUpdate[]
  /** As git gave them. */
  readonly refspecs: readonly string[]
  /** For git's own push: `--dry-run`, `--push-option=…`. */
  readonly options: readonly string[]
  readonly isAtomic: boolean
  readonly isDryRun: boolean
  /** The user's own `--force-with-lease`. */
  readonly leases: ReadonlyMap<string, string | null>
}

const TRIES_MAX = 6

export async function fencedPush(
  place: PushPlace,
  request: PushRequest,
  listing: Listing,
): Promise<readonly RefStatus[]> {
  const found = await changesOf(place.git, request.updates, listing.refs)
  if (found.kind === 'unknown') return refuse(request, 'fetch first')
  const known = readKnown(place.commonDir)
  const judged = await judge(place, found.changes, known, listing)
  if (judged.kind === 'refused') return refuse(request, judged.why)
  if (judged.kind === 'unfenced') return plain(place, request)
  const { verdict } = judged
  if (verdict.blocked.length > 0) {
    for (const line of refusalLines('push', verdict.blocked)) place.say(line)
    return refuse(request, reasonOf(verdict.blocked))
  }
  if (verdict.own.length === 0 || request.isDryRun) return plain(place, request)
  const tokens = await readyTokens(place, judged, known, listing)
  if (tokens.kind === 'refused') return refuse(request, tokens.why)
  if (tokens.kind === 'unfenced') return plain(place, request)
  const statuses = await pushWithTokens(place, request, tokens)
  if (judged.by === 'leader' && statuses.every(({ isOk }) => isOk))
    await land(place, request, verdict, listing)
  return statuses
}

type Judged =
  | {
      readonly kind: 'judged'
      readonly by: 'leader' | 'memory'
      readonly verdict: Verdict
      readonly tokens: readonly Token[]
    }
  | { readonly kind: 'unfenced' }
  | { readonly kind: 'refused'; readonly why: string }

async function judge(
  place: PushPlace,
  changes: Parameters<typeof judgeByLeader>[1],
  known: Known,
  listing: Listing,
): Promise<Judged> {
  if (changes.size === 0) return { kind: 'unfenced' }
  try {
    const verdict = await judgeByLeader(place.asking, changes)
    return { kind: 'judged', by: 'leader', verdict, tokens: [] }
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error
    if (error.code === 'REPO_NOT_ENROLLED' || error.code === 'REPO_NOT_GIT')
      return { kind: 'unfenced' }
    if (error.exit !== 2 && error.code !== 'BUSY')
      return { kind: 'refused', why: `skein: ${error.message} (${error.hint})` }
    const tokens = await readTokens(place.remote, listing)
    if (known.facts === null && tokens.length === 0) return { kind: 'unfenced' }
    place.say(`skein: ${error.message} The push is judged by what the remote knows of claims.`)
    const memory = { facts: known.facts, ...place.asking }
    const verdict = judgeByMemory(changes, memory, tokens)
    return { kind: 'judged', by: 'memory', verdict, tokens }
  }
}

interface ReadyTokens {
  readonly kind: 'ready'
  readonly listing: Listing
  readonly tokens: readonly Token[]
  readonly caseExact: boolean
  readonly object: 'commit' | 'blob'
}

type Readied =
  ReadyTokens | { readonly kind: 'unfenced' } | { readonly kind: 'refused'; readonly why: string }

/** The tokens that the push goes under, each of which the remote has. */
async function readyTokens(
  place: PushPlace,
  judged: Extract<Judged, { kind: 'judged' }>,
  known: Known,
  listing: Listing,
): Promise<Readied> {
  const { own } = judged.verdict
  const needed = new Set(own.map(({ fence }) => fence))
  const remembered = known.remote(place.remote.url)
  const object = remembered?.kind ?? 'commit'
  const caseExact = known.facts?.case_exact ?? false
  if (judged.by === 'memory') {
    const tokens = judged.tokens.filter(({ fence }) => needed.has(fence))
    return { kind: 'ready', listing, tokens, caseExact, object }
  }
  const isRefusal = remembered !== null && remembered.refuses !== null
  if (isRefusal && Date.now() - remembered.askedAtMs < REFUSAL_KEPT_MS) {
    place.say(`skein: not fenced: ${remembered.refuses}`)
    return { kind: 'unfenced' }
  }
  const facts = await place.asking.ask('fence', {})
  noteFacts(place.commonDir, facts)
  const isThere = own.every(({ fence }) => listing.tokens.has(fence))
  if (isThere) return ready(listing, facts, needed, object)
  return synced(place, facts, listing, own, object)
}

function ready(
  listing: Listing,
  facts: Facts,
  needed: ReadonlySet<number>,
  object: 'commit' | 'blob',
): ReadyTokens {
  const tokens = facts.tokens
    .filter(({ fence }) => needed.has(fence))
    .map(({ fence, claims }) => ({ fence, claims, pushes: 0 }))
  return { kind: 'ready', listing, tokens, caseExact: facts.case_exact, object }
}

async function synced(
  place: PushPlace,
  known: Facts,
  listing: Listing,
  own: readonly OwnClaim[],
  object: 'commit' | 'blob',
): Promise<Readied> {
  const needed = new Set(own.map(({ fence }) => fence))
  let facts = known
  let now: Listing | undefined = listing
  for (let tries = 1; ; tries++) {
    const { result, kind } = await syncAs(
      place,
      { facts, needed, ...(now && { listing: now }) },
      object,
    )
    if (result.kind === 'unsupported') {
      place.say(
        `skein: this remote cannot fence (${result.why}); the push is checked by the daemon alone`,
      )
      return { kind: 'unfenced' }
    }
    if (result.kind === 'failed') return { kind: 'refused', why: `skein: ${result.why}` }
    const missing = own.find(({ fence }) => !result.listing.tokens.has(fence))
    if (missing === undefined) return ready(result.listing, facts, needed, kind)
    const which = `claim ${missing.id}, fence ${String(missing.fence)}`
    if (result.kind === 'synced') {
      return {
        kind: 'refused',
        why: `skein: the remote does not know ${which}: skein verify ${missing.id}`,
      }
    }
    const later = await place.asking.ask('fence', {})
    const isStuck = compareFencePositions(later.position, facts.position) <= 0
    if (isStuck || tries >= TRIES_MAX) {
      return {
        kind: 'refused',
        why: `skein: the remote knows a later state of the ledger than this machine, and not ${which}: skein status`,
      }
    }
    // Another machine, or this one's daemon, told the remote of more meanwhile.
    facts = later
    now = undefined
  }
}

/** One sync; a host that refuses commits by authors that it does not know is given blobs. */
async function syncAs(
  place: PushPlace,
  options: Omit<SyncOptions, 'kind'>,
  object: 'commit' | 'blob',
): Promise<{ readonly result: Synced; readonly kind: 'commit' | 'blob' }> {
  let kind = object
  let result = await syncRemote(place.remote, { ...options, kind })
  if (result.kind === 'unsupported' && kind === 'commit') {
    const second = await syncRemote(place.remote, { ...options, kind: 'blob' })
    if (second.kind === 'synced') [kind, result] = ['blob', second]
  }
  const refuses = result.kind === 'unsupported' ? result.why : null
  if (result.kind !== 'failed')
    noteRemote(place.commonDir, place.remote.url, { refuses, askedAtMs: Date.now(), kind })
  return { result, kind }
}

async function pushWithTokens(
  place: PushPlace,
  request: PushRequest,
  readied: ReadyTokens,
): Promise<readonly RefStatus[]> {
  let { listing } = readied
  for (let tries = 1; ; tries++) {
    const made = await makeTokens(place, readied, listing)
    const leases = new Map([...request.leases, ...made.leases])
    const pushed = await place.remote.push({
      refspecs: [...request.refspecs, ...made.refspecs],
      leases,
      options: ['--atomic', ...request.options],
      onStderr: place.onStderr,
    })
    if (pushed.code === 0) return ownStatuses(request, pushed)
    const now = await place.remote.list().catch(() => null)
    if (now === null) return failed(place, request, pushed)
    const isThere = [...made.objects].every(([fence, id]) => now.tokens.get(fence) === id)
    // All or nothing: with the tokens the branches have landed, and only the report was lost.
    if (isThere) return request.updates.map(({ ref }) => ({ ref, isOk: true, why: '' }))
    const gone = readied.tokens.find(({ fence }) => !now.tokens.has(fence))
    if (gone !== undefined) return endedMeanwhile(place, request, gone)
    const isMoved = readied.tokens.some(
      ({ fence }) => now.tokens.get(fence) !== listing.tokens.get(fence),
    )
    if ((!isMoved && !isRace(pushed)) || tries >= TRIES_MAX) return failed(place, request, pushed)
    listing = now
  }
}

async function makeTokens(
  { remote }: PushPlace,
  { tokens, caseExact, object }: ReadyTokens,
  listing: Listing,
): Promise<{
  readonly refspecs: readonly string[]
  readonly leases: ReadonlyMap<string, string | null>
  readonly objects: ReadonlyMap<number, string>
}> {
  const refspecs: string[] = []
  const leases = new Map<string, string | null>()
  const objects = new Map<number, string>()
  const before = await remote.textsHere([...listing.tokens.values()].slice(0, TEXTS_MAX))
  for (const { fence, claims } of tokens) {
    const old = listing.tokens.get(fence) ?? null
    const pushes = (parseToken(before.get(old ?? '') ?? '')?.pushes ?? 0) + 1
    const text = tokenText({ fence, claims, pushes }, caseExact, nonce())
    const id = await remote.write(text, object, idLengthOf(listing))
    refspecs.push(`${id}:${tokenRef(fence)}`)
    leases.set(tokenRef(fence), old)
    objects.set(fence, id)
  }
  return { refspecs, leases, objects }
}

/** The count of pushes is for people; it is not worth more. */
const TEXTS_MAX = 200

function endedMeanwhile(
  place: PushPlace,
  request: PushRequest,
  { fence, claims }: Token,
): readonly RefStatus[] {
  const [claim] = claims
  const what = `claim ${claim?.id ?? ''} (fence ${String(fence)}) ended on this remote while pushing`
  place.say(`skein: ${what}; nothing was pushed.`)
  place.say(`next: skein why ${claim?.id ?? 'ID'}   (who has it now)`)
  return refuse(request, `skein: ${what}`)
}

async function plain(place: PushPlace, request: PushRequest): Promise<readonly RefStatus[]> {
  const pushed = await place.remote.push({
    refspecs: request.refspecs,
    leases: request.leases,
    options: [...(request.isAtomic ? ['--atomic'] : []), ...request.options],
    onStderr: place.onStderr,
  })
  return pushed.code === 0 ? ownStatuses(request, pushed) : failed(place, request, pushed)
}

function ownStatuses(request: PushRequest, { statuses }: Pushed): readonly RefStatus[] {
  const told = new Map(statuses.map((status) => [status.ref, status]))
  return request.updates.map(({ ref }) => told.get(ref) ?? { ref, isOk: true, why: '' })
}

/** git's own answer. */
function failed(place: PushPlace, request: PushRequest, pushed: Pushed): readonly RefStatus[] {
  const told = new Map(pushed.statuses.map((status) => [status.ref, status]))
  const words = firstWords(pushed)
  if (pushed.statuses.length === 0) place.say(pushed.stderr.trimEnd())
  return request.updates.map(({ ref }) => told.get(ref) ?? { ref, isOk: false, why: words })
}

function refuse({ updates }: PushRequest, why: string): readonly RefStatus[] {
  return updates.map(({ ref }) => ({ ref, isOk: false, why }))
}

/** What has reached the branch that work lands on is done. */
async function land(
  place: PushPlace,
  { updates }: PushRequest,
  { own, releaseOnLanding }: Verdict,
  { head }: Listing,
): Promise<void> {
  const hasLanded = updates.some(({ ref, source }) => ref === head && source !== null)
  if (!hasLanded || !releaseOnLanding) return
  try {
    const { released } = await place.asking.ask('landed', { ids: own.map(({ id }) => id) })
    for (const { id, pattern } of released)
      place.say(`skein: ${pattern} has landed: claim ${id} is released`)
  } catch (error) {
    // The push is done; the claim ends later, by its time.
    if (!(error instanceof SkeinError)) throw error
  }
}
