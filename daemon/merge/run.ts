// One run of the merge queue over one target. Each round looks at the remote anew: what has landed already is recorded so, what may
// land is put together, tested and pushed from exactly the commit that it was tested on. Where the target has moved meanwhile, it is
// done again.
//
// 1. Between two moments the target has moved, or it has not: the push is one, and only from the commit that was seen.
// 2. What the remote says decides what landed, not what git said of the push.
// 3. Nothing is pushed unless a majority said right before that the claim lives.
// 4. Nothing lands before what it builds on, whatever became of that.
import { SkeinError } from '../../protocol/index.ts'
import type { Checks } from '../checks/checks.ts'
import { planQueue } from '../core/merge/order.ts'
import type { LandingGit, Pushed } from '../git-landing.ts'
import type { Merged, MergeWish } from '../ports-landing.ts'
import type { PullRequests } from '../ports-tracker.ts'
import { hostOf } from '../repos.ts'
import { testBatch, type BatchFailure } from './batch.ts'
import type { TargetClaim } from './claim.ts'
import { Fates, type Hindrance, type RunPlace } from './fates.ts'
import { lookAtRemote, type Seen } from './look.ts'
import { landPull } from './pull.ts'
import { createStack, type Stack } from './stack.ts'
import { pickWork, type Work } from './work.ts'

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

/** The target moves under it so often before it gives up for now. */
const TRIES_MAX = 5
/** Tested together at most; more wait for the next round. */
const BATCH_MAX = 16

type Round = 'again' | 'moved' | 'over'

export class LandingRun {
  readonly #parts: RunParts
  readonly #place: RunPlace
  readonly #wish: MergeWish
  readonly #fates: Fates
  /** The remote refused a push of several: who is at fault shows when they go one by one. */
  #isSingle = false
  /** So often somebody got what it changes while it was tested. */
  #overtaken = 0

  constructor(parts: RunParts, place: RunPlace, wish: MergeWish) {
    this.#parts = parts
    this.#place = place
    this.#wish = wish
    const { assignments } = hostOf(place.repo).loop.view().state
    this.#fates = new Fates(place, pickWork(assignments, wish.ids, place.target), parts)
  }

  async run(): Promise<Merged> {
    const { root, target } = this.#place
    let tries = 0
    for (let round = await this.#round(); round !== 'over'; round = await this.#round()) {
      if (round !== 'moved' || ++tries < TRIES_MAX) continue
      this.#fates.leaveRest(`${target} moved ${String(tries)} times meanwhile`)
      break
    }
    // What ends claims by what has landed looks at what was fetched.
    if (!this.#wish.isDryRun) await this.#parts.git.fetch(root, [target])
    return this.#fates.told()
  }

  async #round(): Promise<Round> {
    const { git, folder, needs } = this.#parts
    const seen = await lookAtRemote(git, this.#place, this.#fates, needs)
    const { base, works: candidates, terms } = seen
    const { order, left } = planQueue({
      ...{ candidates, base, named: new Set(this.#wish.ids ?? []) },
      unlanded: this.#fates.unlandedTasks(),
      requireApproval: terms.requireApproval,
    })
    await this.#fates.leave(left, base)
    if (order.length === 0) return 'over'
    await git.addDetached(this.#place.root, folder, base)
    try {
      return await this.#land(order, seen, createStack(git, folder, base, this.#wish.method))
    } finally {
      await git.removeDetached(this.#place.root, folder)
    }
  }

  async #land(order: readonly Work[], seen: Seen, stack: Stack): Promise<Round> {
    const isPull = seen.terms.mode === 'pr'
    const most = this.#isSingle || isPull ? 1 : BATCH_MAX
    const batch = await this.#gather(order, seen, stack, most)
    if (batch.length === 0) return 'over'
    if (this.#wish.isDryRun) {
      for (const work of batch) this.#fates.ready(work)
      return 'over'
    }
    const judged = await this.#judge(batch, seen, stack)
    if (judged !== 'over') return judged
    const kept = await this.#test(batch, seen, stack)
    const round = await this.#deliver(kept, seen, stack, isPull)
    return round === 'over' && this.#fates.open().length > 0 ? 'again' : round
  }

  async #deliver(kept: readonly Work[], seen: Seen, stack: Stack, isPull: boolean): Promise<Round> {
    if (kept.length === 0) return 'over'
    return isPull ? this.#landPull(kept, seen) : this.#push(kept, seen, stack)
  }

  /** As many as fit on each other, that others' claims let pass, and whose commands may run. */
  async #gather(order: readonly Work[], seen: Seen, stack: Stack, most: number) {
    const batch: Work[] = []
    /** Not in the batch: what builds on them is not, either. */
    const absent = new Set<string>()
    for (const work of order) {
      const isEarly = work.after.some((task) => absent.has(task))
      const why = isEarly || batch.length >= most ? 'later' : await this.#why(batch, work, stack)
      if (why === null) {
        batch.push(work)
        continue
      }
      absent.add(work.task)
      if (why !== 'later') await this.#fates.keepBack(work, seen.base, why)
    }
    return batch
  }

  /** What does not fit on the others, but on the target, is tried once they are there. */
  async #why(
    batch: readonly Work[],
    work: Work,
    stack: Stack,
  ): Promise<Hindrance | 'later' | null> {
    const why = await this.#hindrance([...batch, work], stack).catch(hindranceIn)
    if (why?.reason !== 'conflict' || batch.length === 0) return why
    return (await stack.of([work])).kind === 'stacked' ? 'later' : why
  }

  /** Why the last of these cannot be put on the others. */
  async #hindrance(works: readonly Work[], stack: Stack): Promise<Hindrance | null> {
    const { checks } = this.#parts
    const { repo, root, target } = this.#place
    const stacked = await stack.of(works)
    if (stacked.kind === 'conflict') {
      const files = stacked.files.slice(0, LINES_TOLD).join(', ')
      return { reason: 'conflict', note: `with ${target} in ${files}` }
    }
    const { commit } = stacked
    const diff = await checks.doubt({ repo: repo.id, root, commit })
    if (diff !== null) {
      const lines = diff.slice(0, LINES_TOLD).join(' | ')
      return { reason: 'commands', note: `nobody here approved its commands: ${lines}` }
    }
    return null
  }

  /** May these be pushed? One question for all of them; where that is refused, one for each, and the first at fault is kept back. */
  async #judge(batch: readonly Work[], seen: Seen, stack: Stack): Promise<Round> {
    const whole = await this.#guard(batch, seen, stack)
    for (const [at, work] of batch.entries()) {
      if (whole === null || whole === 'moved') break
      const isLast = at === batch.length - 1
      const why = isLast ? whole : await this.#guard(batch.slice(0, at + 1), seen, stack)
      if (why === 'moved') return why
      if (why === null) continue
      await this.#fates.keepBack(work, seen.base, why)
      return 'again'
    }
    return whole === 'moved' ? whole : 'over'
  }

  async #guard(
    works: readonly Work[],
    { base, terms }: Seen,
    stack: Stack,
  ): Promise<Hindrance | 'moved' | null> {
    const { git, folder } = this.#parts
    const { target, claim } = this.#place
    const stacked = await stack.of(works)
    if (claim === null || stacked.kind === 'conflict') return null
    const { commit } = stacked
    const told = await git.judge(folder, { commit, target, expected: base, who: claim.party })
    if (told.kind === 'claim') return { reason: 'claim', note: told.note }
    // Whoever lands by pull requests may not be let push there at all.
    if (terms.mode === 'pr' && told.kind === 'refused') return null
    // It may be the remote's own trouble: nothing is recorded of it.
    if (told.kind === 'refused') return { reason: 'unavailable', note: told.note }
    return told.kind === 'moved' ? 'moved' : null
  }

  async #test(batch: readonly Work[], { base }: Seen, stack: Stack): Promise<readonly Work[]> {
    const { checks, say, signal } = this.#parts
    const { repo, root } = this.#place
    const check = (commit: string) => checks.run({ repo: repo.id, root, commit }, say, signal)
    const { kept, culprits, isUntested } = await testBatch(batch, { stack, check, say })
    if (isUntested) this.#fates.warnings.add(UNTESTED)
    for (const { work, why } of culprits) await this.#fates.keepBack(work, base, hindranceOf(why))
    const failed = new Set(culprits.map(({ work: { task } }) => task))
    // Without those that build on what failed the rest is another one than was tested: the next round is about it.
    return kept.some(({ after }) => after.some((task) => failed.has(task))) ? [] : kept
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
    // Whose work is kept back by it, the next round finds.
    const judged = await git.judge(folder, asked)
    if (judged.kind === 'claim' && this.#overtaken++ < TRIES_MAX) return 'again'
    const told = judged.kind === 'claim' ? judged : await git.push(folder, asked)
    const tip = await git.remoteTip(root, target)
    const isThere = tip === commit || (tip !== base && (await this.#has(tip, commit)))
    if (!isThere) return this.#refused(kept, base, told, tip)
    for (const [at, { assignment, head }] of kept.entries()) {
      const own = await stack.of(kept.slice(0, at + 1))
      const where = own.kind === 'stacked' ? own.commit : commit
      await this.#fates.landed(assignment, { head, base, commit: where })
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
    await this.#fates.keepBack(only, base, { reason, note: told.note })
    return 'over'
  }

  async #landPull([work]: readonly Work[], { base }: Seen): Promise<Round> {
    if (work === undefined) return 'over'
    const { pulls, signal, git } = this.#parts
    const { root, target } = this.#place
    await this.#liveClaim()
    const fate = await landPull(pulls, work, target, this.#wish.method, signal)
    const { assignment, head } = work
    if (fate.kind === 'moved') return 'moved'
    if (fate.kind === 'kept') {
      const { reason, note, pull } = fate
      await this.#fates.block(assignment, { head, base }, reason, note, pull)
      return 'over'
    }
    const tip = (await git.fetch(root, [target])).get(target) ?? base
    const commit = fate.commit === '' ? tip : fate.commit
    await this.#fates.landed(assignment, { head, base, commit }, fate.pull)
    return 'over'
  }

  async #liveClaim(): Promise<TargetClaim> {
    const { claim, target } = this.#place
    if (claim !== null && (await claim.isLive())) return claim
    throw new SkeinError('CLAIM_STALE', `the claim to land on ${target} has ended`, {
      hint: 'skein merge',
    })
  }
}

const LINES_TOLD = 5
const UNTESTED = 'Nothing was built or tested: .skein.yml declares no `commands` (build, test).'

/** What one branch alone brings must not stop the others: a file that cannot be read, or what git cannot put together. */
function hindranceIn(error: unknown): Hindrance {
  if (!(error instanceof SkeinError)) throw error
  if (error.code === 'CONFIG_INVALID') return { reason: 'commands', note: error.message }
  if (error.code === 'REPO_NOT_GIT') return { reason: 'refusal', note: error.message }
  throw error
}

function hindranceOf(why: BatchFailure): Hindrance {
  if (why.kind === 'unapproved') return { reason: 'commands', note: why.note }
  if (why.kind === 'conflict') return { reason: 'conflict', note: why.note }
  const note = why.isOfTarget ? `the target fails without it, too: ${why.note}` : why.note
  return { reason: why.step, note }
}
