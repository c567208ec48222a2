// A batch: branches that fit on each other, built and tested together. What fails is found by halves; what is kept was seen to pass as
// it is kept.
import type { CheckFailure, CheckOutcome } from '../checks/checks.ts'
import { sift } from '../core/merge/sift.ts'
import type { Stack } from './stack.ts'
import type { Work } from './work.ts'

export interface BatchParts {
  readonly stack: Stack
  /** Builds and tests a commit. */
  readonly check: (commit: string) => Promise<CheckOutcome>
  readonly say: (text: string) => void
}

export interface BatchResult {
  readonly kept: readonly Work[]
  readonly culprits: readonly { readonly work: Work; readonly why: BatchFailure }[]
  /** Nothing was built or tested, for the repository declares nothing. */
  readonly isUntested: boolean
}

/** `isOfTarget`: the target fails without the work, too. */
export type BatchFailure =
  | (Pick<CheckFailure, 'step' | 'note'> & {
      readonly kind: 'failed'
      readonly isOfTarget: boolean
    })
  | { readonly kind: 'conflict'; readonly note: string }
  | { readonly kind: 'unapproved'; readonly note: string }

type Tried = BatchFailure | 'passed' | 'none'

export async function testBatch(
  batch: readonly Work[],
  { stack, check, say }: BatchParts,
): Promise<BatchResult> {
  const tried = new Map<string, Tried>()
  async function outcomeOf(some: readonly Work[]): Promise<Tried> {
    const key = some.map(({ id }) => id).join(' ')
    const known = tried.get(key)
    if (known !== undefined) return known
    const names = some.length === 0 ? 'the target' : some.map(({ task }) => task).join(', ')
    const stacked = await stack.of(some)
    if (stacked.kind === 'conflict')
      return { kind: 'conflict', note: `${stacked.at.id}: ${stacked.files.join(', ')}` }
    say(`testing ${names}\n`)
    const told = triedOf(await check(stacked.commit))
    say(`${names}: ${typeof told === 'string' ? told : told.kind}\n`)
    tried.set(key, told)
    return told
  }
  const pick = (places: readonly number[]): readonly Work[] =>
    places.flatMap((at) => batch[at] ?? [])
  const search = sift(batch.length)
  let step = search.next()
  while (step.done !== true) {
    const told = await outcomeOf(pick(step.value))
    step = search.next(told === 'passed' || told === 'none')
  }
  const culprits: { work: Work; why: BatchFailure }[] = []
  for (const { at, trial } of step.value.culprits) {
    const [work] = pick([at])
    const why = await outcomeOf(pick(trial))
    if (work === undefined || typeof why === 'string') continue
    const isAlone = trial.length === 1 && why.kind === 'failed'
    const isOfTarget = isAlone && typeof (await outcomeOf([])) !== 'string'
    culprits.push({ work, why: why.kind === 'failed' ? { ...why, isOfTarget } : why })
  }
  const isUntested = [...tried.values()].includes('none')
  return { kept: pick(step.value.kept), culprits, isUntested }
}

function triedOf(outcome: CheckOutcome): Tried {
  switch (outcome.kind) {
    case 'passed':
    case 'none':
      return outcome.kind
    case 'unapproved':
      return { kind: 'unapproved', note: outcome.diff.join(' | ') }
    case 'failed':
      return { kind: 'failed', step: outcome.step, note: outcome.note, isOfTarget: false }
  }
}
