// Work that goes on by itself: where config.yml says `fleet.auto: [plan]`, this machine plans and approves whenever something has
// changed that lets more begin, in the repositories of `fleet.repos`.
//
// 1. One machine at a time: whoever plans holds the resource `planning` of the repository.
// 2. Never more than the free slots, and never more than SURGE at a time: what is wrong with a plan is seen before all of it runs.
// 3. What a person stopped, or what failed too often, waits for a person; where machines fail before any work, they get a pause.
// 4. Each decision stands in the ledger: the proposal with its reason, the assignment with this machine's planner as its operator.
import {
  asSessionId,
  FLEET_LIMITS,
  SkeinError,
  type AuditEvent,
  type Party,
  type Proposal,
} from '../protocol/index.ts'
import type { Place } from './callers.ts'
import { pausedUntil } from './core/fleet/pause.ts'
import type { Log } from './log.ts'
import { claimScopes } from './operations/claim.ts'
import { release } from './operations/claims.ts'
import type { Parts } from './operations/context.ts'
import { makePlan } from './operations/planning.ts'
import { approveAll } from './operations/planning-approve.ts'
import { gatherPlan, type Gathered } from './operations/planning-gather.ts'
import { ownPlace } from './own-place.ts'
import { hostOf, type Repo } from './repos.ts'
import { submit } from './submit.ts'

export interface PlanningRound {
  stop(): Promise<void>
}

export interface PlanningRoundOptions {
  readonly parts: Parts
  readonly watch: (listener: (event: AuditEvent) => void) => () => void
  readonly log: Pick<Log, 'info' | 'warn'>
}

/** Most that one pass gives. */
const SURGE = 5
/** What changes together is looked at together. */
const QUIET_MS = 400
/** Plans change without an event: files are edited, issues opened. */
const LOOK_MS = 30_000
const PASS_MS_MAX = 120_000
/** A task that could not be given is tried again after this, and after twice as long each time. */
const RETRY_MS = 30_000
const RETRY_MS_MAX = 30 * 60_000

const SESSION = 'planner'
const RESOURCE = 'planning'
const FAMILIES = ['assignment.', 'merge.', 'task.', 'claim.released', 'claim.expired', 'partition.']

/** Null where this machine does nothing by itself. */
export function startPlanningRound(options: PlanningRoundOptions): PlanningRound | null {
  const { fleet } = options.parts.config
  if (fleet.auto?.includes('plan') !== true || (fleet.repos ?? []).length === 0) return null
  return new Round(options)
}

class Round implements PlanningRound {
  readonly #options: PlanningRoundOptions
  readonly #ending = new AbortController()
  readonly #unwatch: () => void
  readonly #timer: NodeJS.Timeout
  readonly #failures = new Map<string, { readonly times: number; readonly retryAt: number }>()
  #soon: NodeJS.Timeout | null = null
  #running: Promise<void> | null = null
  #isWanted = false

  constructor(options: PlanningRoundOptions) {
    this.#options = options
    this.#unwatch = options.watch(({ kind, actor }) => {
      // Its own claim and proposals change nothing for it.
      if (actor !== SESSION && FAMILIES.some((family) => kind.startsWith(family))) this.#wake()
    })
    this.#timer = setInterval(() => {
      this.#wake()
    }, LOOK_MS).unref()
    this.#wake()
  }

  async stop(): Promise<void> {
    this.#ending.abort()
    this.#unwatch()
    clearInterval(this.#timer)
    if (this.#soon !== null) clearTimeout(this.#soon)
    await this.#running
  }

  #wake(): void {
    this.#isWanted = true
    if (this.#ending.signal.aborted || this.#soon !== null || this.#running !== null) return
    this.#soon = setTimeout(() => {
      this.#soon = null
      this.#isWanted = false
      this.#running = this.#pass().finally(() => {
        this.#running = null
        if (this.#isWanted) this.#wake()
      })
    }, QUIET_MS).unref()
  }

  /** Does not reject. */
  async #pass(): Promise<void> {
    const { parts, log } = this.#options
    const wanted = parts.config.fleet.repos ?? []
    for (const repo of parts.repos.all().filter(({ id, host }) => host && wanted.includes(id))) {
      try {
        await this.#planFor(repo)
      } catch (error) {
        if (this.#ending.signal.aborted) return
        const code = error instanceof SkeinError ? error.code : undefined
        const facts = { repo: repo.id, error: String(error), ...(code ? { code } : {}) }
        log.warn(facts, 'nothing could be planned; it is tried again')
      }
    }
  }

  async #planFor(repo: Repo): Promise<void> {
    const { parts } = this.#options
    const signal = AbortSignal.any([this.#ending.signal, AbortSignal.timeout(PASS_MS_MAX)])
    const own = await ownPlace(parts, repo, SESSION, signal)
    if (own === null) return
    const { place, context, caller } = own
    const { about, mesh } = parts
    const party: Party = {
      ...{ agent: SESSION, agentGiven: false, session: asSessionId(SESSION) },
      ...{ peer: mesh.self, machine: about.machine, branch: null },
    }
    // Looked at without the claim first: mostly there is nothing to give.
    const first = makePlan(parts, place, party, await this.#gather(place, signal))
    if (first.proposals.length === 0) return
    const scopes = [{ kind: 'resource', pattern: RESOURCE } as const]
    const { result } = await claimScopes(parts, { ...caller, scopes, ttl_s: 600 }, context, {})
    if (result.status !== 'granted') return
    try {
      await this.#giveIn(place, party, signal)
    } finally {
      const ids = result.claims.map(({ id }) => id)
      await release(parts, { ...caller, ids }, { ...context, signal: this.#ending.signal })
    }
  }

  async #giveIn(place: Place, party: Party, signal: AbortSignal): Promise<void> {
    const { parts, log } = this.#options
    const host = hostOf(place.repo)
    const { proposals } = makePlan(parts, place, party, await this.#gather(place, signal))
    if (proposals.length === 0) return
    const isNew = ({ order: { task } }: Proposal): boolean =>
      !proposals.some((each) => each.order.task === task)
    // What a person has planned stays.
    const others = host.loop.view().state.proposals.filter(isNew)
    const all = [...proposals, ...others].slice(0, FLEET_LIMITS.proposalsMax)
    await submit(host, { kind: 'propose', proposals: all })
    const atMs = parts.clock.wall()
    const wanted = proposals.map((each) => ({ ...each, atMs }))
    const { approved, failed } = await approveAll(parts, place, party, wanted, signal)
    for (const { assignment } of approved) {
      const { id, task, machine } = assignment
      this.#failures.delete(keyOf(place, task))
      log.info({ repo: place.repo.id, assignment: id, task, machine }, 'given by itself')
    }
    for (const { task, code, note } of failed) {
      this.#failed(keyOf(place, task))
      log.warn({ repo: place.repo.id, task, code, note }, 'could not be given; it is tried again')
    }
  }

  /** Without what could not be given a while ago, and without machines that pause. */
  async #gather(place: Place, signal: AbortSignal): Promise<Gathered> {
    const { parts } = this.#options
    const gathered = await gatherPlan(parts, place, { limit: SURGE }, signal)
    const { input } = gathered
    const now = parts.clock.monotonic()
    const wall = parts.clock.wall()
    const candidates = input.candidates.filter(
      ({ task }) => (this.#failures.get(keyOf(place, task))?.retryAt ?? 0) <= now,
    )
    const machines = input.machines.filter(
      ({ peer }) => (pausedUntil(input.ledger.assignments, peer) ?? 0) <= wall,
    )
    return { ...gathered, input: { ...input, candidates, machines } }
  }

  #failed(key: string): void {
    const times = this.#failures.get(key)?.times ?? 0
    const pause = Math.min(RETRY_MS * 2 ** times, RETRY_MS_MAX)
    const retryAt = this.#options.parts.clock.monotonic() + pause
    this.#failures.delete(key)
    this.#failures.set(key, { times: times + 1, retryAt })
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > FAILURES_REMEMBERED && oldest !== undefined)
      this.#failures.delete(oldest)
  }
}

const FAILURES_REMEMBERED = 1_000

function keyOf({ repo }: Pick<Place, 'repo'>, task: string): string {
  return `${repo.id} ${task}`
}
