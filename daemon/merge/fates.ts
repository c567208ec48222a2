// What becomes of each work of a run: told to whoever asked, and recorded in the ledger under the claim of the target.
import type { Assignment, AssignmentId, Landing } from '../../protocol/index.ts'
import type { Left } from '../core/merge/order.ts'
import type { Merged, MergeEntry } from '../ports-landing.ts'
import { hostOf, type Repo } from '../repos.ts'
import { submit } from '../submit.ts'
import type { TargetClaim } from './claim.ts'
import { entryOf, type Fate, type Work } from './work.ts'

export interface RunPlace {
  readonly repo: Repo
  readonly root: string
  readonly target: string
  /** Null: it only looks. */
  readonly claim: TargetClaim | null
}

/** Where a work and its target stood. */
export interface At {
  readonly head: string
  readonly base: string
}

export type Pull = Landing['pull']
export type Hindrance = Pick<Fate, 'reason' | 'note'>

const NOTE_CHARACTERS = 500

export class Fates {
  readonly #place: RunPlace
  readonly #machine: string
  readonly #say: (text: string) => void
  readonly #picked: readonly Assignment[]
  readonly #fates = new Map<AssignmentId, Fate>()
  /** Of the present round: what these wait for may come to be in the next one. */
  readonly #waiting = new Map<AssignmentId, Fate>()
  readonly warnings = new Set<string>()

  constructor(
    place: RunPlace,
    picked: readonly Assignment[],
    { machine, say }: { readonly machine: string; readonly say: (text: string) => void },
  ) {
    this.#place = place
    this.#picked = picked
    this.#machine = machine
    this.#say = say
    for (const { id, landing } of picked)
      if (landing?.state === 'landed' || landing?.state === 'dropped')
        this.#fates.set(id, {
          ...{ state: landing.state, reason: null, note: '', commit: landing.commit },
        })
  }

  /** Those of which nothing is said yet. */
  open(): readonly Assignment[] {
    return this.#picked.filter(({ id }) => !this.#fates.has(id))
  }

  /** Did another assignment go on with its branch? */
  isLastOfBranch({ branch, fence }: Assignment): boolean {
    return !this.#picked.some((other) => other.branch === branch && other.fence > fence)
  }

  /** Tasks of the repository that something is to be landed of, or will be. */
  unlandedTasks(): ReadonlySet<string> {
    const { assignments } = hostOf(this.#place.repo).loop.view().state
    const waiting = [...assignments.values()].filter(
      ({ id, type, state, landing }) =>
        type === 'work' &&
        !GONE.has(state) &&
        !LANDED.has(landing?.state ?? '') &&
        !LANDED.has(this.#fates.get(id)?.state ?? ''),
    )
    return new Set(waiting.map(({ task }) => task))
  }

  told(): Merged {
    const { target } = this.#place
    const none: Fate = { state: 'waiting', reason: 'order', note: 'it waits for its turn' }
    const entries = this.#picked.map((one): MergeEntry => {
      return entryOf(one, target, this.#fates.get(one.id) ?? this.#waiting.get(one.id) ?? none)
    })
    return { target, entries, warnings: [...this.warnings] }
  }

  /** Not tried in this round, for what the planner says. */
  async leave(left: readonly Left<Work>[], base: string): Promise<void> {
    this.#waiting.clear()
    for (const { candidate, state, reason, note, isKnown } of left) {
      const { id, assignment, head } = candidate
      if (reason === 'order') this.#waiting.set(id, { state, reason, note, head })
      else if (isKnown) this.#fates.set(id, { state, reason, note, head })
      else await this.block(assignment, { head, base }, reason, note)
    }
  }

  /** The rest is left for another time. */
  leaveRest(note: string): void {
    for (const { id } of this.open())
      this.#fates.set(id, { state: 'waiting', reason: 'unavailable', note })
  }

  ready({ id, head }: Pick<Work, 'id' | 'head'>, note = ''): void {
    this.#fates.set(id, { state: 'ready', reason: null, note, head })
  }

  async landed(
    assignment: Assignment,
    at: At & { readonly commit: string },
    pull: Pull = null,
  ): Promise<void> {
    const { id, task } = assignment
    const { head, commit } = at
    if (this.#place.claim === null) {
      this.ready({ id, head }, 'the target has it already')
      return
    }
    this.#fates.set(id, { state: 'landed', reason: null, note: '', head, commit })
    this.#say(`${task}: landed\n`)
    await this.#record(id, { ...at, state: 'landed', reason: null, note: '', pull })
  }

  async keepBack({ id, assignment, head }: Work, base: string, why: Hindrance): Promise<void> {
    const { reason, note } = why
    // It is this machine's alone; another may have approved them.
    if (reason === 'commands' || reason === null || reason === 'order' || reason === 'unavailable')
      this.#fates.set(id, { state: 'blocked', reason, note, head })
    else await this.block(assignment, { head, base }, reason, note)
  }

  async block(
    { id, task }: Assignment,
    at: At,
    reason: NonNullable<Landing['reason']>,
    note: string,
    pull: Pull = null,
  ): Promise<void> {
    this.#fates.set(id, { state: 'blocked', reason, note, head: at.head })
    this.#say(`${task}: blocked (${reason})\n`)
    const told = note.slice(0, NOTE_CHARACTERS)
    await this.#record(id, { ...at, state: 'blocked', commit: null, reason, note: told, pull })
  }

  async #record(id: AssignmentId, landing: Omit<Landing, 'atMs' | 'by' | 'target'>): Promise<void> {
    const { repo, target, claim } = this.#place
    if (claim === null) return
    await submit(hostOf(repo), {
      ...{ kind: 'land-assignment', id, fence: claim.fence },
      landing: { ...landing, target, by: this.#machine },
    })
  }
}

/** Nothing of these will ever land. */
const GONE: ReadonlySet<string> = new Set(['empty', 'failed', 'stopped', 'lost'])
const LANDED: ReadonlySet<string> = new Set(['landed', 'dropped'])
