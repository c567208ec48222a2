// One fenced push: which files, whose claims, which tokens, and then one atomic push in which the remote itself compares the
// tokens. What a local check allowed is decided there again; after a failure only a new look at the remote says what happened.
import { SkeinError } from '../../protocol/index.ts'
import { readKnown, type Known } from '../fence/known.ts'
import { nonce, type Listing, type Pushed, type RefStatus } from '../fence/remote.ts'
import { firstWords, idLengthOf, isRace } from '../fence/sync.ts'
import { parseToken, tokenRef, tokenText, type Token } from '../fence/token.ts'
import type { UserGit } from '../git-user.ts'
import { changesOf, type RefUpdate } from './changes.ts'
import { judgeByLeader, type Verdict } from './judge.ts'
import { judgeByMemory, readTokens } from './memory.ts'
import { publishedTips } from './published.ts'
import { readyTokens, type JudgedPush, type ReadyPlace, type ReadyTokens } from './ready.ts'
import { reasonOf, refusalLines } from './words.ts'

export interface PushPlace extends ReadyPlace {
  readonly git: UserGit
  /** The remote's name as the user has it, or its address. */
  readonly name: string
  /** Where it really goes. */
  readonly url: string
  /** What git and the remote say while they work. */
  readonly onStderr: (text: string) => void
}

export interface PushRequest {
  readonly updates: readonly RefUpdate[]
  /** The same for git's own push, by ids: what is pushed is what was judged, whatever the names mean by then. */
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
  const isEmpty = listing.refs.size === 0
  const published = await publishedTips(place.git, place.name, { isEmpty })
  const found = await changesOf(place.git, request.updates, listing.refs, published)
  if (found.kind === 'unknown') return refuse(request, 'fetch first')
  if (found.kind === 'too-large') return refuse(request, `skein: ${found.why}`)
  const known = readKnown(place.commonDir)
  const judged = await judge(place, request, found.changes, known, listing)
  if (judged.kind === 'refused') return refuse(request, judged.why)
  if (judged.kind === 'unfenced') return plain(place, request)
  const { verdict } = judged
  if (verdict.blocked.length > 0) {
    for (const line of refusalLines('push', verdict.blocked)) place.say(line)
    return refuse(request, reasonOf(verdict.blocked))
  }
  if (verdict.own.length === 0 || request.isDryRun) return plain(place, request)
  const tokens = await readyTokens(place, judged, known)
  if (tokens.kind === 'refused') return refuse(request, tokens.why)
  if (tokens.kind === 'unfenced') return plain(place, request)
  const statuses = await pushWithTokens(place, request, tokens)
  if (judged.by === 'leader' && statuses.every(({ isOk }) => isOk))
    await land(place, request, verdict, listing)
  return statuses
}

type Judged =
  | (JudgedPush & { readonly kind: 'judged' })
  | { readonly kind: 'unfenced' }
  | { readonly kind: 'refused'; readonly why: string }

async function judge(
  place: PushPlace,
  { updates, isDryRun }: PushRequest,
  changes: Parameters<typeof judgeByLeader>[1],
  known: Known,
  listing: Listing,
): Promise<Judged> {
  if (changes.paths.size === 0) return { kind: 'unfenced' }
  try {
    const pushed = { url: place.url, refs: updates.map(({ ref }) => ref) }
    const verdict = await judgeByLeader(place.asking, changes, isDryRun ? null : pushed)
    for (const note of verdict.notes) place.say(`skein: ${note}`)
    return { kind: 'judged', by: 'leader', verdict, tokens: [], listing }
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error
    if (error.code === 'REPO_NOT_ENROLLED' || error.code === 'REPO_NOT_GIT')
      return { kind: 'unfenced' }
    if (error.exit !== 2 && error.code !== 'BUSY')
      return { kind: 'refused', why: `skein: ${error.message} (${error.hint})` }
    const read = await readTokens(place.remote, listing)
    if (read === null)
      return { kind: 'refused', why: 'skein: the tokens of the remote move; try again' }
    const { tokens } = read
    if (known.facts === null && tokens.length === 0) return { kind: 'unfenced' }
    place.say(`skein: ${error.message} The push is judged by what the remote knows of claims.`)
    const memory = { facts: known.facts, ...place.asking }
    const verdict = judgeByMemory(changes, memory, tokens)
    return { kind: 'judged', by: 'memory', verdict, tokens, listing: read.listing }
  }
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
