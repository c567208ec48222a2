// The tokens that a push goes under: the remote has each of them, or is told of it now, by one sync.
import { noteFacts, noteRemote, REFUSAL_KEPT_MS, type Known } from '../fence/known.ts'
import type { Listing, Remote } from '../fence/remote.ts'
import { syncRemote, type Synced, type SyncOptions } from '../fence/sync.ts'
import { compareFencePositions, type Facts, type Token } from '../fence/token.ts'
import type { Asking } from './asking.ts'
import type { OwnClaim, Verdict } from './judge.ts'

export interface ReadyPlace {
  readonly remote: Remote
  readonly asking: Asking
  /** Of the clone: where it remembers. */
  readonly commonDir: string
  /** A line for the person. */
  readonly say: (line: string) => void
}

export interface JudgedPush {
  readonly by: 'leader' | 'memory'
  readonly verdict: Verdict
  /** Those that the remote has, where nobody else says what they stand for. */
  readonly tokens: readonly Token[]
  /** What it was judged by. */
  readonly listing: Listing
}

/** The remote may be told of more while it is told of this. */
const TRIES_MAX = 6

export interface ReadyTokens {
  readonly kind: 'ready'
  readonly listing: Listing
  readonly tokens: readonly Token[]
  readonly caseExact: boolean
  readonly object: 'commit' | 'blob'
}

type Readied =
  ReadyTokens | { readonly kind: 'unfenced' } | { readonly kind: 'refused'; readonly why: string }

/** The tokens that the push goes under, each of which the remote has. */
export async function readyTokens(
  place: ReadyPlace,
  judged: JudgedPush,
  known: Known,
): Promise<Readied> {
  const { listing, verdict } = judged
  const { own } = verdict
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
  place: ReadyPlace,
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
    if (result.other !== null) return { kind: 'refused', why: OUTRANKED }
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

/** Not joined yet, or left behind: no waiting helps. */
const OUTRANKED =
  'skein: the remote knows another ledger of this repository: other machines coordinate it. ' +
  'Join them: skein join TOKEN; if they are gone for good: skein recover --accept-loss'

/** One sync; a host that refuses commits by authors that it does not know is given blobs. */
async function syncAs(
  place: ReadyPlace,
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
