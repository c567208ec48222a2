// One run of the merge queue over one target. Each round looks at the remote anew: what has landed already is recorded so, what may
// land is put together, tested and pushed from exactly the commit that it was tested on. Where the target has moved meanwhile, it is
// done again.
//
// 1. Between two moments the target has moved, or it has not: the push is one, and only from the commit that was seen.
// 2. What the remote says decides what landed, not what git said of the push.
// 3. Nothing is pushed unless a majority said right before that the claim lives.
import {
  SkeinError,
  type Assignment,
  type AssignmentId,
  type Landing,
} from '../../protocol/index.ts'
import type { Checks } from '../checks/checks.ts'
import { planQueue, type Left } from '../core/merge/order.ts'
import { isBranchName, type LandingGit, type Pushed } from '../git-landing.ts'
import type { Merged, MergeEntry, MergeWish } from '../ports-landing.ts'
import type { PullRequests } from '../ports-tracker.ts'
import { hostOf, type Repo } from '../repos.ts'
import { submit } from '../submit.ts'
import { testBatch, type BatchFailure } from './batch.ts'
import type { TargetClaim } from './claim.ts'
import { landPull, type PullFate } from './pull.ts'
import { createStack, type Stack } from './stack.ts'
import {
  entryOf,
  messageOf,
  pickWork,
  readTerms,
  type Fate,
  type TargetTerms,
  type Work,
} from './work.ts'

export interface RunParts {
  readonly git: LandingGit
  readonly checks: Pick<Checks, 'run' | 'doubt'>
  readonly machine: string
  /** Where the worktree that branches are put together in may be. */
  readonly folder: string
  /** Tasks that must have landed before, by task. */
  readonly needs: ReadonlyMap<string, readonly string[]>
  /** Null: no tracker has them. */
  readonly pulls: PullRequests | null
  readonly say: (text: string) => void
  readonly signal: AbortSignal
}

export interface RunPlace {
  readonly repo: Repo
  readonly root: string
  readonly target: string
  /** Null: it only looks. */
  readonly claim: TargetClaim | null
}

/** The target moves under it so often before it gives up for now. */
const TRIES_MAX = 5
/** Tested together at most; more wait for the next round. */
const BATCH_MAX = 16

interface Seen {
  readonly base: string
  readonly terms: TargetTerms
  readonly heads: ReadonlyMap<string, string | null>
}

type Round = 'again' | 'moved' | 'over'

export class LandingRun {
  readonly #parts: RunParts
  readonly #place: RunPlace
  readonly #wish: MergeWish
  readonly #picked: readonly Assignment[]
  readonly #fates = new Map<AssignmentId, Fate>()
  readonly #warnings = new Set<string>()
  /** The remote refused a push of several: who is at fault shows when they go one by one. */
  #isSingle = false
  #tries = 0

  constructor(parts: RunParts, place: RunPlace, wish: MergeWish) {
    this.#parts = parts
    this.#place = place
    this.#wish = wish
    const { assignments } = hostOf(place.repo).loop.view().state
    this.#picked = pickWork(assignments, wish.ids, place.target)
    for (const { id, landing } of this.#picked)
      if (landing?.state === 'landed' || landing?.state === 'dropped')
        this.#fates.set(id, {
          state: landing.state,
          reason: null,
          note: '',
          commit: landing.commit,
        })
  }

  async run(): Promise<Merged> {
    const { root, target } = this.#place
    let tries = 0
    for (;;) {
      const round = await this.#round()
      if (round === 'over') break
      if (round === 'moved' && ++tries >= TRIES_MAX) {
        this.#leaveRest(
          'waiting',
          'unavailable',
          `${target} moved ${String(tries)} times meanwhile`,
        )
        break
      }
    }
    // What ends claims by what has landed looks at what was fetched.
    if (!this.#wish.isDryRun) await this.#parts.git.fetch(root, [target])
    const entries = this.#picked.map((one) => this.#entry(one))
    return { target, entries, warnings: [...this.#warnings] }
  }

  #entry(assignment: Assignment): MergeEntry {
    const none: Fate = { state: 'waiting', reason: 'order', note: 'it waits for its turn' }
    const fate = this.#fates.get(assignment.id) ?? none
    return entryOf(assignment, this.#place.target, fate)
  }

  async #round(): Promise<Round> {
    const seen = await this.#look()
    const candidates = await this.#candidates(seen)
    const { base } = seen
    const { assignments } = hostOf(this.#place.repo).loop.view().state
    const { order, left } = planQueue({
      ...{ candidates, base, named: new Set(this.#wish.ids ?? []) },
      unlanded: this.#unlandedTasks(assignments),
      requireApproval: seen.terms.requireApproval,
    })
    for (const one of left) await this.#leave(one, base)
    if (order.length === 0) return 'over'
    const { git, folder } = this.#parts
    await git.addDetached(this.#place.root, folder, base)
    try {
      return await this.#land(order, seen, createStack(git, folder, base, this.#wish.method))
    } finally {
      await git.removeDetached(this.#place.root, folder)
    }
  }

  /** What the remote has now. */
  async #look(): Promise<Seen> {
    const { git } = this.#parts
    const { root, target } = this.#place
    const open = this.#open().filter(({ branch }) => isBranchName(branch))
    const heads = await git.fetch(root, [...new Set([target, ...open.map(({ branch }) => branch)])])
    const base = heads.get(target) ?? null
    if (base === null)
      throw new SkeinError('REPO_NOT_GIT', `origin has no branch ${target}`, {
        hint: 'skein merge --target BRANCH',
      })
    return { base, heads, terms: await readTerms(git, root, target, base) }
  }

  #open(): readonly Assignment[] {
    return this.#picked.filter(({ id }) => !this.#fates.has(id))
  }

  #unlandedTasks(assignments: ReadonlyMap<AssignmentId, Assignment>): ReadonlySet<string> {
    const landed = [...this.#fates].filter(([, { state }]) => state === 'landed')
    const over = new Set(landed.map(([id]) => id))
    const waiting = [...assignments.values()].filter(
      ({ id, type, state, landing }) =>
        type === 'work' &&
        !over.has(id) &&
        !GONE.has(state) &&
        landing?.state !== 'landed' &&
        landing?.state !== 'dropped',
    )
    return new Set(waiting.map(({ task }) => task))
  }

  /** Without those that the target has already. */
  async #candidates({ base, heads }: Seen): Promise<readonly Work[]> {
    const { git, needs } = this.#parts
    const { root } = this.#place
    const works: Work[] = []
    for (const assignment of this.#open()) {
      const { id, task, branch, fence, landing, verdicts, commit = '' } = assignment
      const isLast = !this.#picked.some((other) => other.branch === branch && other.fence > fence)
      // Who went on with the branch has put commits on it that are not this one's.
      const head = isLast ? (heads.get(branch) ?? commit) : commit
      if (!isBranchName(branch) || !(await git.has(root, head))) {
        await this.#block(assignment, { head, base }, 'refusal', 'its branch is not at the remote')
        continue
      }
      if (await git.contains(root, base, head)) {
        await this.#landed(assignment, { head, base, commit: base })
        continue
      }
      const size = await git.size(root, base, head)
      const what = { assignment, message: messageOf(assignment), after: needs.get(task) ?? [] }
      works.push({ ...{ id, task, branch, head, fence, size, landing, verdicts }, ...what })
    }
    return works
  }

  async #leave({ candidate, state, reason, note, isKnown }: Left<Work>, base: string) {
    const { assignment, head } = candidate
    // Somebody else's landing may be what it waits for.
    if (reason === 'order') return
    if (isKnown || state === 'waiting')
      this.#fates.set(assignment.id, { state, reason, note, head })
    else await this.#block(assignment, { head, base }, reason, note)
  }

  async #land(order: readonly Work[], seen: Seen, stack: Stack): Promise<Round> {
    const isPull = seen.terms.mode === 'pr'
    const most = this.#isSingle || isPull ? 1 : BATCH_MAX
    const { batch, isPartial, isMoved } = await this.#gather(order, seen, stack, most)
    if (isMoved) return 'moved'
    if (batch.length === 0) return isPartial ? 'again' : 'over'
    if (this.#wish.isDryRun) {
      for (const { id, head } of batch)
        this.#fates.set(id, { state: 'ready', reason: null, note: '', head })
      return 'over'
    }
    const kept = await this.#test(batch, seen, stack)
    if (kept.length === 0) return this.#open().length > 0 ? 'again' : 'over'
    const round = isPull ? await this.#landPull(kept, seen) : await this.#push(kept, seen, stack)
    return round === 'over' && this.#open().length > 0 ? 'again' : round
  }

  /** As many as fit on each other, that others' claims let pass, and whose commands may run. */
  async #gather(order: readonly Work[], seen: Seen, stack: Stack, most: number) {
    const batch: Work[] = []
    let isPartial = false
    for (const work of order) {
      if (batch.length >= most) {
        isPartial = true
        break
      }
      const why = await this.#hindrance([...batch, work], seen, stack)
      if (why === null) batch.push(work)
      else if (why === 'moved') return { batch, isPartial, isMoved: true }
      else if (batch.length > 0 && why.reason === 'conflict' && !(await this.#fits(work, stack)))
        await this.#keepBack(work, seen.base, why)
      else if (batch.length > 0 && why.reason === 'conflict') isPartial = true
      else await this.#keepBack(work, seen.base, why)
    }
    return { batch, isPartial, isMoved: false }
  }

  async #fits(work: Work, stack: Stack): Promise<boolean> {
    return (await stack.of([work])).kind === 'stacked'
  }

  /** Why the last of these cannot be put on the others. */
  async #hindrance(
    works: readonly Work[],
    { base, terms }: Seen,
    stack: Stack,
  ): Promise<Pick<Fate, 'reason' | 'note'> | 'moved' | null> {
    const { git, checks, folder } = this.#parts
    const { repo, root, target, claim } = this.#place
    const stacked = await stack.of(works)
    if (stacked.kind === 'conflict') {
      const files = stacked.files.slice(0, FILES_TOLD).join(', ')
      return { reason: 'conflict', note: `with ${target} in ${files}` }
    }
    const { commit } = stacked
    const diff = await checks.doubt({ repo: repo.id, root, commit })
    if (diff !== null) {
      const lines = diff.slice(0, FILES_TOLD).join(' | ')
      return { reason: 'commands', note: `nobody here approved its commands: ${lines}` }
    }
    if (claim === null || terms.mode === 'pr') return null
    const told = await git.judge(folder, { commit, target, expected: base, who: claim.party })
    if (told.kind === 'claim') return { reason: 'claim', note: told.note }
    if (told.kind === 'moved') return 'moved'
    if (told.kind === 'refused') throw new SkeinError('REPO_NOT_GIT', told.note)
    return null
  }

  async #keepBack(work: Work, base: string, { reason, note }: Pick<Fate, 'reason' | 'note'>) {
    const { assignment, head } = work
    // It is this machine's alone; another may have approved them.
    if (reason === 'commands' || reason === null || reason === 'order' || reason === 'unavailable')
      this.#fates.set(work.id, { state: 'blocked', reason, note, head })
    else await this.#block(assignment, { head, base }, reason, note)
  }

  async #test(batch: readonly Work[], { base }: Seen, stack: Stack): Promise<readonly Work[]> {
    const { checks, say, signal } = this.#parts
    const { repo, root } = this.#place
    const check = (commit: string) => checks.run({ repo: repo.id, root, commit }, say, signal)
    const { kept, culprits, isUntested } = await testBatch(batch, { stack, check, say })
    if (isUntested)
      this.#warnings.add(
        'Nothing was built or tested: .skein.yml declares no `commands` (build, test).',
      )
    for (const { work, why } of culprits) {
      const told = failureOf(why)
      await this.#keepBack(work, base, told)
    }
    return kept
  }

  async #push(kept: readonly Work[], { base }: Seen, stack: Stack): Promise<Round> {
    const { git, folder, say } = this.#parts
    const { root, target } = this.#place
    const claim = await this.#liveClaim()
    const stacked = await stack.of(kept)
    if (stacked.kind === 'conflict') return 'again'
    const { commit } = stacked
    say(`pushing ${kept.map(({ task }) => task).join(', ')} to ${target}\n`)
    const asked = { commit, target, expected: base, who: claim.party }
    // While it was tested somebody may have got what it changes: whose work that keeps back, the next round finds.
    const judged = await git.judge(folder, asked)
    if (judged.kind === 'claim' && this.#tries++ < TRIES_MAX) return 'again'
    const told = judged.kind === 'claim' ? judged : await git.push(folder, asked)
    const tip = await git.remoteTip(root, target)
    const isThere = tip === commit || (tip !== base && (await this.#has(tip, commit)))
    if (!isThere) return this.#refused(kept, base, told, tip)
    for (const [at, { assignment, head }] of kept.entries()) {
      const own = await stack.of(kept.slice(0, at + 1))
      const where = own.kind === 'stacked' ? own.commit : commit
      await this.#landed(assignment, { head, base, commit: where })
    }
    return 'over'
  }

  /** Somebody may have pushed on top of it already. */
  async #has(tip: string | null, commit: string): Promise<boolean> {
    const { git } = this.#parts
    const { root, target } = this.#place
    if (tip === null) return false
    await git.fetch(root, [target])
    return git.isAncestor(root, commit, tip)
  }

  async #refused(
    kept: readonly Work[],
    base: string,
    told: Pushed,
    tip: string | null,
  ): Promise<Round> {
    if (told.kind === 'moved' || told.kind === 'pushed' || tip !== base) return 'moved'
    const [only, ...more] = kept
    if (only === undefined) return 'over'
    if (more.length > 0) {
      this.#isSingle = true
      return 'again'
    }
    const reason = told.kind === 'claim' ? 'claim' : 'refusal'
    await this.#block(only.assignment, { head: only.head, base }, reason, told.note)
    return 'over'
  }

  async #landPull([work]: readonly Work[], { base }: Seen): Promise<Round> {
    if (work === undefined) return 'over'
    const { pulls, signal, git } = this.#parts
    const { root, target } = this.#place
    await this.#liveClaim()
    const fate: PullFate = await landPull(pulls, work, target, this.#wish.method, signal)
    const { assignment, head } = work
    if (fate.kind === 'moved') return 'moved'
    if (fate.kind === 'kept') {
      await this.#block(assignment, { head, base }, fate.reason, fate.note, fate.pull)
      return 'over'
    }
    const tip = (await git.fetch(root, [target])).get(target) ?? fate.commit
    await this.#landed(assignment, { head, base, commit: fate.commit || tip }, fate.pull)
    return 'over'
  }

  async #liveClaim(): Promise<NonNullable<RunPlace['claim']>> {
    const { claim, target } = this.#place
    if (claim !== null && (await claim.isLive())) return claim
    throw new SkeinError('CLAIM_STALE', `the claim to land on ${target} has ended`, {
      hint: 'skein merge',
    })
  }

  #landed(assignment: Assignment, at: At & { readonly commit: string }, pull: Pull = null) {
    const { head, commit } = at
    const state = this.#wish.isDryRun ? 'ready' : 'landed'
    this.#fates.set(assignment.id, { state, reason: null, note: '', head, commit })
    this.#parts.say(`${assignment.task}: ${state}\n`)
    return this.#record(assignment, { ...at, state: 'landed', reason: null, note: '', pull })
  }

  #block(
    assignment: Assignment,
    at: At,
    reason: NonNullable<Landing['reason']>,
    note: string,
    pull: Pull = null,
  ) {
    this.#fates.set(assignment.id, { state: 'blocked', reason, note, head: at.head })
    this.#parts.say(`${assignment.task}: blocked (${reason})\n`)
    const told = note.slice(0, NOTE_CHARACTERS)
    return this.#record(assignment, {
      ...at,
      state: 'blocked',
      commit: null,
      reason,
      note: told,
      pull,
    })
  }

  async #record({ id }: Assignment, landing: Omit<Landing, 'atMs' | 'by' | 'target'>) {
    const { repo, target, claim } = this.#place
    if (claim === null) return
    await submit(hostOf(repo), {
      ...{ kind: 'land-assignment', id, fence: claim.fence },
      landing: { ...landing, target, by: this.#parts.machine },
    })
  }

  #leaveRest(state: Fate['state'], reason: Fate['reason'], note: string): void {
    for (const { id } of this.#open()) this.#fates.set(id, { state, reason, note })
  }
}

interface At {
  readonly head: string
  readonly base: string
}
type Pull = Landing['pull']

/** Nothing of these will ever land. */
const GONE: ReadonlySet<string> = new Set(['empty', 'failed', 'stopped', 'lost'])
const FILES_TOLD = 5
const NOTE_CHARACTERS = 500

function failureOf(why: BatchFailure): Pick<Fate, 'reason' | 'note'> {
  if (why.kind === 'unapproved') return { reason: 'commands', note: why.note }
  if (why.kind === 'conflict') return { reason: 'conflict', note: why.note }
  const note = why.isOfTarget ? `the target fails without it, too: ${why.note}` : why.note
  return { reason: why.step, note }
}
