// What a daemon does for the fences of its clones: it tells their remotes when a claim of one of its sessions takes over what an older
// token there still stands for, and when one of its own has ended; and each clone what is claimed, for pushes that no daemon
// will answer. Only clones whose config sends their pushes through the helper, which a person has put there.
//
// Whoever held a claim may push late, also when its token is gone: so a grant over it is told, token or not.
import { z } from 'zod'
import { createScopeIndex, judgeable, type AuditEvent, type RepoId } from '../../protocol/index.ts'
import type { Checkout, Git } from '../git.ts'
import { createQuietGit, type UserGit } from '../git-user.ts'
import type { Log } from '../log.ts'
import type { Repo, Repos } from '../repos.ts'
import { findAddress } from './address.ts'
import { noteFacts, noteRemote, readKnown } from './known.ts'
import { Remote } from './remote.ts'
import { syncRemote } from './sync.ts'
import type { Facts } from './token.ts'
import { readFencing } from './wiring.ts'

export interface FenceRound {
  stop(): Promise<void>
}

export interface FenceRoundOptions {
  readonly repos: Pick<Repos, 'all'>
  readonly git: Pick<Git, 'findCheckout'>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly factsOf: (repo: Repo) => Facts | null
  readonly watch: (watcher: (event: AuditEvent) => void) => () => void
  readonly log: Pick<Log, 'info' | 'warn'>
}

/** A burst of claims is one word to the remote. */
const GATHER_MS = 300
/** A remote that could not be told is asked again after these, and then with the next claim that begins or ends, or the next push. */
const AGAIN_MS = [2_000, 15_000, 60_000] as const
/** Claims that ended lately; a look at them costs microseconds each. */
const ENDED_MAX = 1_000
/** A remote that does not answer is given up for now; the next push tells it. */
const REMOTE_MS_MAX = 30_000

export function startFenceRound(options: FenceRoundOptions): FenceRound {
  const ending = new AbortController()
  const rounds = new Map<RepoId, RepoRound>()
  const waiting = new Map<RepoId, { readonly timer: NodeJS.Timeout; readonly isAgain: boolean }>()
  // One look at a time, over all: two would race each other for the same refs.
  let running: Promise<void> = Promise.resolve()
  const roundOf = (id: RepoId): RepoRound => {
    const round = rounds.get(id) ?? new RepoRound(options)
    rounds.set(id, round)
    return round
  }
  const look = async (id: RepoId, failures: number): Promise<void> => {
    // Whatever happens from here on asks for another look.
    waiting.delete(id)
    const repo = options.repos.all().find((one) => one.id === id)
    if (repo === undefined) return
    const isTold = await roundOf(id).look(repo, ending.signal)
    const againMs = isTold ? undefined : AGAIN_MS[failures]
    if (againMs !== undefined) plan(id, againMs, failures + 1)
  }
  const plan = (id: RepoId, inMs: number, failures: number): void => {
    const planned = waiting.get(id)
    // What has happened does not wait for a remote that could not be told.
    const isSooner = planned?.isAgain === true && failures === 0
    if (ending.signal.aborted || (planned !== undefined && !isSooner)) return
    clearTimeout(planned?.timer)
    const begin = (): void => {
      running = running.then(() => look(id, failures))
    }
    waiting.set(id, { timer: setTimeout(begin, inMs).unref(), isAgain: failures > 0 })
  }
  const unwatch = options.watch((event) => {
    if (!event.kind.startsWith('claim.')) return
    if (ENDS.has(event.kind)) roundOf(event.repo).noteEnd(event)
    plan(event.repo, GATHER_MS, 0)
  })
  for (const { id } of options.repos.all()) plan(id, GATHER_MS, 0)
  return {
    async stop() {
      unwatch()
      for (const { timer } of waiting.values()) clearTimeout(timer)
      ending.abort()
      await running
    },
  }
}

type Claimed = Facts['tokens'][number]

class RepoRound {
  readonly #options: FenceRoundOptions
  /** Claims that ended lately, by their fence, oldest first: their late holders may still push. */
  readonly #ended = new Map<number, Claimed>()
  /** Fences that ended since the remotes were told. */
  readonly #untold = new Set<number>()
  /** Live fences that the remotes were looked at for. */
  #told: ReadonlySet<number> = new Set()

  constructor(options: FenceRoundOptions) {
    this.#options = options
  }

  /** Each as it happens: a claim may come and go between two looks. */
  noteEnd(event: AuditEvent): void {
    const claimed = claimedIn(event)
    if (claimed !== null) this.#noteEnd(claimed)
  }

  /** Does not reject. @returns whether all remotes know what they should. */
  async look(repo: Repo, signal: AbortSignal): Promise<boolean> {
    const { log } = this.#options
    try {
      const facts = this.#options.factsOf(repo)
      if (facts !== null && !signal.aborted) await this.#lookAt(repo, facts, signal)
      return true
    } catch (error) {
      if (signal.aborted) return true
      const why = error instanceof Error ? error.message : String(error)
      log.warn({ repo: repo.id, error: why }, 'a remote could not be told of claims yet')
      return false
    }
  }

  async #lookAt(repo: Repo, facts: Facts, signal: AbortSignal): Promise<void> {
    // What ends while the remotes are told, the next look tells them.
    const untold = [...this.#untold]
    for (const checkout of await this.#clones(repo)) {
      const over = AbortSignal.any([signal, AbortSignal.timeout(REMOTE_MS_MAX)])
      const git = await createQuietGit(checkout.root, this.#options.env, over)
      const fenced = (await readFencing(git)).filter(({ isFenced }) => isFenced)
      if (fenced.length === 0) continue
      const before = readKnown(checkout.commonDir).facts
      noteFacts(checkout.commonDir, facts)
      if (before?.ledger === facts.ledger) this.#noteEnded(before.tokens, facts)
      if (!this.#isDue(facts)) continue
      for (const { remote, url } of fenced) await this.#tell(git, checkout, { remote, url }, facts)
      for (const fence of untold) this.#untold.delete(fence)
      this.#told = new Set(facts.tokens.map(({ fence }) => fence))
    }
  }

  /** One checkout of each clone; its worktrees share their config. */
  async #clones({ checkouts }: Repo): Promise<readonly Checkout[]> {
    const found = new Map<string, Checkout>()
    for (const root of checkouts) {
      const checkout = await this.#options.git.findCheckout(root).catch(() => null)
      if (checkout !== null && !found.has(checkout.commonDir))
        found.set(checkout.commonDir, checkout)
    }
    return [...found.values()]
  }

  /** What this clone was told by an earlier daemon. */
  #noteEnded(before: readonly Claimed[], { tokens }: Facts): void {
    const live = new Set(tokens.map(({ fence }) => fence))
    for (const claimed of before)
      if (!live.has(claimed.fence) && !this.#ended.has(claimed.fence)) this.#noteEnd(claimed)
  }

  #noteEnd(claimed: Claimed): void {
    this.#ended.set(claimed.fence, claimed)
    this.#untold.add(claimed.fence)
    const [oldest] = this.#ended.keys()
    if (this.#ended.size > ENDED_MAX && oldest !== undefined) this.#ended.delete(oldest)
  }

  /** Has one of ours ended, or does a new one of ours stand where one ended? */
  #isDue({ tokens, machine, case_exact: caseExact }: Facts): boolean {
    const ended = [...this.#ended.values()]
    const isOwn = ({ claims }: Claimed): boolean =>
      claims.some((claim) => claim.machine === machine)
    if (ended.some((claimed) => this.#untold.has(claimed.fence) && isOwn(claimed))) return true
    const index = createScopeIndex<string>()
    for (const claim of ended.flatMap(({ claims }) => claims))
      index.add(claim.id, judgeable(claim, { caseExact }))
    const fresh = tokens.filter((claimed) => isOwn(claimed) && !this.#told.has(claimed.fence))
    return fresh
      .flatMap(({ claims }) => claims)
      .some((claim) => {
        const [met] = index.candidates(judgeable(claim, { caseExact }))
        return met !== undefined
      })
  }

  async #tell(
    git: UserGit,
    { commonDir }: Checkout,
    { remote: name, url }: { readonly remote: string; readonly url: string },
    facts: Facts,
  ): Promise<void> {
    const { log } = this.#options
    const remote = new Remote(git, await findAddress(git, name, url))
    const known = readKnown(commonDir).remote(remote.url)
    if (known !== null && known.refuses !== null) return
    const listing = await remote.list()
    const live = new Set(facts.tokens.map(({ fence }) => fence))
    const stale = [...listing.tokens.keys()].filter((fence) => !live.has(fence))
    const isMissing = facts.tokens.some(({ fence }) => !listing.tokens.has(fence))
    // A remote that no fenced push has reached knows no claim that could be taken over.
    if (listing.ledger === null || (stale.length === 0 && !isMissing)) return
    const kind = known?.kind ?? 'commit'
    const result = await syncRemote(remote, { facts, needed: new Set(), kind, listing })
    if (result.kind === 'synced')
      log.info(
        { repo: facts.repo, remote: name, ended: stale.length },
        'a remote was told of claims',
      )
    else if (result.kind === 'unsupported')
      noteRemote(commonDir, remote.url, { refuses: result.why, askedAtMs: Date.now(), kind })
    else if (result.kind === 'failed') throw new Error(result.why)
  }
}

const ENDS: ReadonlySet<string> = new Set(['claim.released', 'claim.expired'])

const ENDED = z.object({
  claim: z.string(),
  claim_kind: z.enum(['file', 'module', 'symbol']),
  pattern: z.string(),
  symbols: z.array(z.string()),
  mode: z.enum(['exclusive', 'shared']),
  fence: z.int(),
  agent: z.string(),
  session: z.string(),
})

/** Null: it had no fence, or nothing that a push could hit. */
function claimedIn({ data, machine }: AuditEvent): Claimed | null {
  const scope = ENDED.safeParse(data)
  if (!scope.success) return null
  const { claim: id, claim_kind: kind, fence, ...rest } = scope.data
  return { fence, claims: [{ id, kind, machine, ...rest }] }
}
