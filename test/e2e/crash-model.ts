// What strangers know about a daemon that is killed over and over: each acknowledged answer, each call without an answer.
// Compared with what the daemon shows after each restart; whatever does not fit is a violation, told in words.
import type { ClaimJson as Claim } from '../helpers/api.ts'

export interface PoolScope {
  readonly kind: 'file' | 'resource'
  /** As the daemon writes it. */
  readonly pattern: string
  readonly mode: 'exclusive' | 'shared'
}

/** Patterns over a small tree, with what they cover by a reading of their own. */
const POOL: Readonly<Record<string, RegExp>> = {
  ...Object.fromEntries(
    ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((folder) => [
      ...[1, 2, 3, 4].map((n): [string, RegExp] => {
        const file = `src/${folder}/${String(n)}.ts`
        return [file, new RegExp(`^${file}$`)]
      }),
      [`src/${folder}/**`, new RegExp(`^src/${folder}/`)],
    ]),
  ),
  'docs/1.md': /^docs\/1\.md$/,
  'docs/2.md': /^docs\/2\.md$/,
  'docs/**': /^docs\//,
  'src/*/2.ts': /^src\/[^/]+\/2\.ts$/,
  '**/3.ts': /^(.*\/)?3\.ts$/,
  'src/{a,b}/1.ts': /^src\/(a|b)\/1\.ts$/,
  'src/[c-e]/[34].ts': /^src\/[c-e]\/[34]\.ts$/,
}

export const FILES = ['a', 'b', 'c', 'd', 'e', 'f']
  .flatMap((folder) => [1, 2, 3, 4].map((n) => `src/${folder}/${String(n)}.ts`))
  .concat(['docs/1.md', 'docs/2.md', 'docs/3.md'])

export const PATTERNS = Object.keys(POOL)
export const RESOURCES = ['port-1', 'port-2', 'port-3', 'port-4']

/** Parts of a pattern that a claim on it can be narrowed to. */
export const PARTS: Readonly<Record<string, readonly string[]>> = {
  'src/a/**': ['src/a/1.ts', 'src/a/2.ts', 'src/a/3.ts'],
  'src/b/**': ['src/b/1.ts', 'src/b/2.ts'],
  'src/c/**': ['src/c/1.ts', 'src/c/2.ts'],
  'docs/**': ['docs/1.md', 'docs/2.md'],
}

const covered = new Map(
  PATTERNS.map((pattern) => [pattern, new Set(FILES.filter((file) => POOL[pattern]?.test(file)))]),
)

function isOverlapping(a: PoolScope, b: PoolScope): boolean {
  if (a.kind !== b.kind) return false
  if (a.kind === 'resource') return a.pattern === b.pattern
  const [mine, theirs] = [covered.get(a.pattern), covered.get(b.pattern)]
  if (mine === undefined || theirs === undefined) return false
  return [...mine].some((file) => theirs.has(file))
}

interface Known {
  readonly id: string
  readonly fence: number
  readonly session: string
  readonly mode: string
  /** What it may show as pattern: two while a narrowing is in doubt. */
  patterns: readonly string[]
  status: 'live' | 'ending' | 'ended'
  /** Monotonic time from which on its own time may have ended it. */
  mayEndAt: number
}

/** A claim call whose answer never came. */
export interface Attempt {
  readonly session: string
  readonly scopes: readonly PoolScope[]
  readonly key: string | null
  readonly ttlSeconds: number | null
  readonly fenceBefore: number
  readonly sentAt: number
  /** Found after the restart. */
  adopted: readonly string[]
}

interface DoubtfulNarrow {
  readonly id: string
  readonly patterns: readonly string[]
}

export class CrashModel {
  readonly violations: string[] = []
  readonly known = new Map<string, Known>()
  fenceMax = 0
  /** Fence to the session that was granted it. */
  readonly #fences = new Map<number, string>()
  #attempts: Attempt[] = []
  #narrows: DoubtfulNarrow[] = []
  /** Ids that one release named: it takes all of them or none. */
  #releases: (readonly string[])[] = []
  #term = 0
  #index = 0

  fail(what: string): void {
    this.violations.push(what)
  }

  liveOf(session: string): Known[] {
    return [...this.known.values()].filter(
      (claim) => claim.session === session && claim.status === 'live',
    )
  }

  attempt(
    session: string,
    scopes: readonly PoolScope[],
    key: string | null,
    ttlSeconds: number | null,
  ): Attempt {
    const [fenceBefore, sentAt] = [this.fenceMax, performance.now()]
    const patterns = scopes.map(({ pattern }) => pattern)
    // Asked for again with a lifetime, a claim that is held gets that one.
    for (const claim of ttlSeconds === null ? [] : this.liveOf(session)) {
      if (claim.patterns.some((pattern) => patterns.includes(pattern))) claim.mayEndAt = sentAt
    }
    return { session, scopes, key, ttlSeconds, fenceBefore, sentAt, adopted: [] }
  }

  /** The answer was that these are granted now. */
  granted(attempt: Attempt, claims: readonly Claim[]): void {
    const { session, scopes } = attempt
    if (claims.length !== scopes.length)
      this.fail(`${session} asked for ${String(scopes.length)} and got ${String(claims.length)}`)
    const isKnown = claims.map(({ id }) => this.known.has(id))
    if (attempt.adopted.length > 0) {
      const same = claims.map(({ id }) => id).sort()
      if (same.join() !== [...attempt.adopted].sort().join())
        this.fail(`a retry of ${session} got ${same.join()}, not ${attempt.adopted.join()}`)
    }
    for (const claim of claims) {
      const before = this.known.get(claim.id)
      if (before !== undefined) this.#same(before, claim)
      else this.#learn(claim, attempt)
    }
    const isMixed = isKnown.includes(true) && isKnown.includes(false)
    if (isMixed) this.fail(`${session} was granted old and new claims by one call`)
  }

  /** No answer came: found out after the restart. */
  doubtClaim(attempt: Attempt): void {
    this.#attempts.push(attempt)
  }

  releasing(ids: readonly string[]): void {
    for (const id of ids) this.#set(id, 'ending')
  }

  released(ids: readonly string[], answered: readonly string[]): void {
    for (const id of ids) {
      if (!answered.includes(id) && !this.#mayHaveEnded(id))
        this.fail(`a release of ${id} was answered without it`)
      this.#set(id, 'ended')
    }
  }

  doubtRelease(ids: readonly string[]): void {
    this.#releases.push(ids)
  }

  renewed(id: string, claims: readonly Claim[]): void {
    const [claim] = claims
    const before = this.known.get(id)
    if (claim === undefined || before === undefined) this.fail(`a renewal of ${id} shows nothing`)
    else this.#same(before, claim)
  }

  narrowed(id: string, patterns: readonly string[], claims: readonly Claim[]): void {
    const before = this.known.get(id)
    if (before === undefined) return
    if (claims.length !== patterns.length) this.fail(`a narrowing of ${id} lost a part`)
    before.patterns = patterns.slice(0, 1)
    for (const claim of claims) {
      if (claim.fence !== before.fence) this.fail(`a narrowing changed the fence of ${id}`)
      if (claim.id !== id) this.#put(claim, before.mayEndAt)
    }
  }

  doubtNarrow(id: string, patterns: readonly string[]): void {
    this.#narrows.push({ id, patterns })
  }

  /** Or it has, for all that is known. */
  mayHaveEnded(id: string): boolean {
    return this.known.get(id)?.status === 'ended' || this.#mayHaveEnded(id)
  }

  /** After a restart, while nobody calls. */
  compare(shown: readonly Claim[], at: { readonly term: number; readonly index: number }): void {
    this.#compareHead(at)
    const live = new Map<string, Claim>(shown.map((claim) => [claim.id, claim]))
    this.#settleNarrows(live)
    this.#settleReleases(live)
    for (const claim of shown) this.#compareShown(claim)
    for (const attempt of this.#attempts) this.#requireWhole(attempt)
    for (const claim of this.known.values()) {
      if (live.has(claim.id)) claim.status = 'live'
      else if (claim.status === 'live' && !this.#mayHaveEnded(claim.id))
        this.fail(`LOST: ${claim.id} of ${claim.session}, fence ${String(claim.fence)}`)
      else claim.status = 'ended'
    }
    this.#requireApart(shown)
    this.#attempts = []
    this.#narrows = []
    this.#releases = []
  }

  #compareHead({ term, index }: { readonly term: number; readonly index: number }): void {
    if (term <= this.#term) this.fail(`term ${String(term)} after ${String(this.#term)}`)
    if (index < this.#index) this.fail(`index ${String(index)} after ${String(this.#index)}`)
    this.#term = term
    this.#index = index
  }

  #compareShown(claim: Claim): void {
    const before = this.known.get(claim.id)
    if (before !== undefined) {
      if (before.status === 'ended') this.fail(`RISEN: ${claim.id} had ended`)
      this.#same(before, claim)
      return
    }
    const narrow = this.#narrows.find(({ id, patterns }) => {
      const outer = this.known.get(id)
      return outer?.fence === claim.fence && patterns.includes(claim.pattern)
    })
    if (narrow !== undefined) {
      this.#put(claim, this.known.get(narrow.id)?.mayEndAt ?? Infinity)
      return
    }
    const attempt = this.#attempts.find(
      ({ session, scopes }) =>
        session === claim.session &&
        scopes.some(({ pattern, mode }) => pattern === claim.pattern && mode === claim.mode),
    )
    if (attempt === undefined) {
      this.fail(`GHOST: ${claim.id} ${claim.pattern} of ${claim.session}, which nobody asked for`)
      return
    }
    this.#learn(claim, attempt)
    attempt.adopted = [...attempt.adopted, claim.id]
  }

  #requireWhole({ adopted, scopes, session, ttlSeconds }: Attempt): void {
    if (ttlSeconds !== null || adopted.length === 0 || adopted.length === scopes.length) return
    this.fail(
      `PART: ${session} asked for ${String(scopes.length)} and holds ${String(adopted.length)}`,
    )
  }

  #settleNarrows(live: ReadonlyMap<string, Claim>): void {
    for (const { id, patterns } of this.#narrows) {
      const claim = this.known.get(id)
      const shown = live.get(id)
      if (claim === undefined || shown === undefined) continue
      if (![...claim.patterns, patterns[0]].includes(shown.pattern))
        this.fail(`${id} shows ${shown.pattern} after a narrowing to ${patterns.join()}`)
      claim.patterns = [shown.pattern]
    }
  }

  #settleReleases(live: ReadonlyMap<string, Claim>): void {
    for (const ids of this.#releases) {
      const sure = ids.filter((id) => !this.#mayHaveEnded(id))
      const left = sure.filter((id) => live.has(id))
      if (left.length > 0 && left.length < sure.length)
        this.fail(`PART: a release took ${String(sure.length - left.length)} of ${ids.join()}`)
    }
  }

  /** No two live claims of different parties overlap, unless both are shared. */
  #requireApart(shown: readonly Claim[]): void {
    shown.forEach((a, at) => {
      for (const b of shown.slice(at + 1)) {
        if (partyOf(a) === partyOf(b) || (a.mode === 'shared' && b.mode === 'shared')) continue
        if (isOverlapping(poolScope(a), poolScope(b)))
          this.fail(`TWO HOLD: ${a.id} ${a.pattern} and ${b.id} ${b.pattern}`)
      }
    })
  }

  #same(before: Known, claim: Claim): void {
    const isSame =
      before.fence === claim.fence &&
      before.session === claim.session &&
      before.mode === claim.mode &&
      before.patterns.includes(claim.pattern)
    if (!isSame) this.fail(`CHANGED: ${JSON.stringify(before)} is now ${JSON.stringify(claim)}`)
  }

  #learn(claim: Claim, attempt: Attempt): void {
    const fence = claim.fence ?? 0
    if (fence <= attempt.fenceBefore)
      this.fail(`fence ${String(fence)} after ${String(attempt.fenceBefore)} was acknowledged`)
    const ttl = attempt.ttlSeconds
    this.#put(claim, ttl === null ? Infinity : attempt.sentAt + ttl * 1000)
  }

  #put(claim: Claim, mayEndAt: number): void {
    const fence = claim.fence ?? 0
    const owner = this.#fences.get(fence)
    if (owner !== undefined && owner !== claim.session)
      this.fail(`FENCE ${String(fence)} of ${owner} is used again by ${claim.session}`)
    this.#fences.set(fence, claim.session)
    this.fenceMax = Math.max(this.fenceMax, fence)
    const { id, session, mode, pattern } = claim
    this.known.set(id, {
      id,
      fence,
      session,
      mode,
      patterns: [pattern],
      status: 'live',
      mayEndAt,
    })
  }

  #mayHaveEnded(id: string): boolean {
    return performance.now() >= (this.known.get(id)?.mayEndAt ?? Infinity)
  }

  #set(id: string, status: Known['status']): void {
    const claim = this.known.get(id)
    if (claim !== undefined) claim.status = status
  }
}

/** Sessions `pair-N-a` and `pair-N-b` give one agent name: they are one party. */
function partyOf(claim: Claim): string {
  return claim.session.startsWith('pair-') ? claim.session.slice(0, -2) : claim.session
}

function poolScope({ kind, pattern, mode }: Claim): PoolScope {
  return { kind: kind === 'resource' ? 'resource' : 'file', pattern, mode }
}
