// The ledger tells the remote: one atomic push that moves the ledger note forward, takes away the tokens of claims that have
// ended and makes those of live ones. The remote itself compares; who loses the race reads again.
import { setTimeout as delay } from 'node:timers/promises'
import { nonce, type Listing, type Pushed, type Remote } from './remote.ts'
import {
  compareFencePositions,
  FENCE_REFS,
  LEDGER_REF,
  ledgerText,
  parseLedger,
  tokenRef,
  tokenText,
  type Facts,
} from './token.ts'

export type Synced =
  | { readonly kind: 'synced'; readonly listing: Listing; readonly tries: number }
  /** The remote knows more than this machine: nothing was done. */
  | { readonly kind: 'behind'; readonly listing: Listing; readonly other: number | null }
  /** The remote takes no such refs, or no atomic push. */
  | { readonly kind: 'unsupported'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string }

export interface SyncOptions {
  readonly facts: Facts
  /** Fences whose tokens must be there, whatever the bound. */
  readonly needed: ReadonlySet<number>
  readonly kind: 'commit' | 'blob'
  /** A listing that is fresh; read when left out. */
  readonly listing?: Listing
  readonly random?: () => number
}

const TRIES_MAX = 40
const PAUSE_MS = 20
const PAUSE_MS_MAX = 1_000
/** Each costs every later push 78 bytes of what the remote lists. */
const TOKENS_MAX = 2_000

export async function syncRemote(remote: Remote, options: SyncOptions): Promise<Synced> {
  const { facts, random = Math.random } = options
  let listing = options.listing ?? (await remote.list())
  for (let tries = 1; tries <= TRIES_MAX; tries++) {
    const order = await orderOf(remote, listing, facts)
    if (order === null) {
      listing = await remote.list()
      continue
    }
    if (order.by > 0) return { kind: 'behind', listing, other: order.other }
    const plan = planOf(listing, options)
    if (order.by === 0 && plan.made.length === 0 && plan.ended.length === 0)
      return { kind: 'synced', listing, tries }
    const pushed = await pushPlan(remote, listing, plan, options)
    if (pushed.code === 0) return { kind: 'synced', listing: await remote.list(), tries }
    const why = whyUnsupported(pushed)
    if (why !== null) return { kind: 'unsupported', why }
    if (!isRace(pushed)) return { kind: 'failed', why: firstWords(pushed) }
    await delay(Math.min(PAUSE_MS_MAX, PAUSE_MS * tries) * (0.5 + random()))
    listing = await remote.list()
  }
  return { kind: 'failed', why: `lost the race for ${LEDGER_REF} ${String(TRIES_MAX)} times` }
}

interface Order {
  /** The remote's position against ours; negative: it is older, or has none. */
  readonly by: number
  /** The generation of another ledger than ours; null: it is ours, or cannot be read. */
  readonly other: number | null
}

/** Null: it moved on while it was read. */
async function orderOf(remote: Remote, { ledger }: Listing, facts: Facts): Promise<Order | null> {
  if (ledger === null) return { by: -1, other: null }
  const text = (await remote.texts(new Map([[LEDGER_REF, ledger]]))).get(ledger)
  if (text === undefined) return null
  const note = parseLedger(text)
  // Whatever it is, it is not for this version to move.
  if (note === null) return { by: 1, other: null }
  const { position } = note
  if (note.ledger === facts.ledger)
    return { by: compareFencePositions(position, facts.position), other: null }
  // Ledgers of one generation know nothing of each other: who was first stays until a person says otherwise.
  const { generation } = position
  return { by: generation >= facts.position.generation ? 1 : -1, other: generation }
}

interface Plan {
  readonly made: readonly Facts['tokens'][number][]
  readonly ended: readonly number[]
}

/** Newest first where they are too many: what changed hands lately is what a late push would hit. */
function planOf(listing: Listing, { facts, needed }: SyncOptions): Plan {
  const live = facts.tokens
  const kept = new Set(
    [...live]
      .sort((a, b) => b.fence - a.fence)
      .slice(0, TOKENS_MAX)
      .map(({ fence }) => fence),
  )
  const wanted = live.filter(({ fence }) => kept.has(fence) || needed.has(fence))
  const all = new Set(live.map(({ fence }) => fence))
  return {
    made: wanted.filter(({ fence }) => !listing.tokens.has(fence)),
    ended: [...listing.tokens.keys()].filter((fence) => !all.has(fence)),
  }
}

async function pushPlan(
  remote: Remote,
  listing: Listing,
  { made, ended }: Plan,
  { facts, kind }: SyncOptions,
): Promise<Pushed> {
  const idLength = idLengthOf(listing)
  const { position, ledger } = facts
  const note = await remote.write(ledgerText({ position, ledger }, nonce()), kind, idLength)
  const refspecs = [`${note}:${LEDGER_REF}`]
  const leases = new Map<string, string | null>([[LEDGER_REF, listing.ledger]])
  for (const fence of ended) {
    refspecs.push(`:${tokenRef(fence)}`)
    leases.set(tokenRef(fence), listing.tokens.get(fence) ?? null)
  }
  for (const { fence, claims } of made) {
    const text = tokenText({ fence, claims, pushes: 0 }, facts.case_exact, nonce())
    refspecs.push(`${await remote.write(text, kind, idLength)}:${tokenRef(fence)}`)
    leases.set(tokenRef(fence), null)
  }
  return remote.push({ refspecs, leases, options: ['--atomic'] })
}

/** Ids of SHA-256 are longer. An empty remote takes what the clone has, which is told by the listing only once it has refs. */
export function idLengthOf({ refs, tokens, ledger }: Listing): number {
  const [any] = [...(ledger === null ? [] : [ledger]), ...tokens.values(), ...refs.values()]
  return any?.length ?? 40
}

/** Others moved what this push compared. */
export function isRace({ statuses, stderr }: Pushed): boolean {
  const ours = statuses.filter(({ ref }) => ref.startsWith(FENCE_REFS))
  const isLost = ours.some(({ isOk, why }) => !isOk && LOST.test(why))
  const refused = statuses.filter(({ isOk }) => !isOk)
  const isWhole = refused.length > 0 && refused.every(({ why }) => TOGETHER.test(why))
  return isLost || isWhole || LOCKED.test(stderr) || refused.some(({ why }) => LOCKED.test(why))
}

const LOST = /stale info|already exists|does not exist/i
const LOCKED =
  /cannot lock ref|failed to (?:lock|update ref)|incorrect old value|unable to create .*\.lock/i
const TOGETHER = /atomic (?:push|transaction) fail/i

/** Why a remote cannot fence, in its own words; null: it did not say so. */
function whyUnsupported(pushed: Pushed): string | null {
  const atomic = /^.*does not support --atomic push.*$/m.exec(pushed.stderr)?.[0]
  if (atomic !== undefined) return atomic.replace(/^fatal: /, '')
  const refused = pushed.statuses.find(({ isOk, why }) => !isOk && REFUSED.test(why))
  return refused === undefined ? null : refused.why
}

const REFUSED =
  /hidden ref|hook declined|prohibited|not allowed|funny refname|denied|forbidden|protected|invalid ref/i

export function firstWords({ statuses, stderr }: Pushed): string {
  const said = stderr.split('\n').find((line) => /^(?:fatal|error|remote):/.test(line))
  return said ?? statuses.find(({ isOk }) => !isOk)?.why ?? 'git push failed'
}
