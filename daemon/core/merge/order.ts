// The merge queue of one target: which work is tried, in which order, and what is left alone and why. Plain data in, plain data out:
// what the remote has is asked before.
//
// 1. Nothing comes before what it builds on; between two that do not depend on each other the older grant is first, then the smaller.
// 2. Of several assignments on one branch the last stands for all: the branch has their commits.
// 3. What was kept from landing is left alone until its branch or the target has moved, a person names it, or what kept it may have
//    changed elsewhere.
import type {
  AssignmentId,
  Landing,
  LandingBlocker,
  Verdict,
  VerdictKind,
} from '../../../protocol/index.ts'

/** Work that is to land, as it stands at the remote now. */
export interface Candidate {
  readonly id: AssignmentId
  readonly task: string
  readonly branch: string
  /** Where its branch stands. */
  readonly head: string
  /** Of its grant. */
  readonly fence: number
  /** Lines that it changes; null: not known. */
  readonly size: number | null
  /** Tasks that must have landed before. */
  readonly after: readonly string[]
  readonly landing: Landing | null
  readonly verdicts: Readonly<Partial<Record<VerdictKind, Verdict>>>
}

export interface QueueInput {
  readonly candidates: readonly Candidate[]
  /** Where the target stands. */
  readonly base: string
  /** A person asks for these. */
  readonly named: ReadonlySet<AssignmentId>
  /** Tasks whose work has not landed; for those that nobody knows of, nobody waits. */
  readonly unlanded: ReadonlySet<string>
  readonly requireApproval: boolean
}

/** Why one is not tried now. `order`: what it builds on comes first. */
export interface Left<C extends Candidate> {
  readonly candidate: C
  readonly state: 'blocked' | 'waiting'
  readonly reason: LandingBlocker | 'order'
  readonly note: string
  /** The ledger has it so already. */
  readonly isKnown: boolean
}

export interface Queue<C extends Candidate> {
  readonly order: readonly C[]
  readonly left: readonly Left<C>[]
}

export function planQueue<C extends Candidate>(
  input: Omit<QueueInput, 'candidates'> & { readonly candidates: readonly C[] },
): Queue<C> {
  const left: Left<C>[] = []
  const open: C[] = []
  for (const candidate of input.candidates) {
    const why = whyLeft(candidate, input)
    if (why === null) open.push(candidate)
    else left.push({ candidate, ...why })
  }
  const { order, waiting } = sortByNeed(open, input.unlanded)
  for (const { candidate, on } of waiting)
    left.push({
      ...{ candidate, state: 'waiting', reason: 'order', isKnown: false },
      note: `task ${on} comes first, and has not landed`,
    })
  return { order, left }
}

type Why = Omit<Left<Candidate>, 'candidate'>

function whyLeft(candidate: Candidate, input: QueueInput): Why | null {
  const { branch, fence, head, landing, verdicts } = candidate
  const later = input.candidates.find((other) => other.branch === branch && other.fence > fence)
  if (later !== undefined) {
    const note = `${later.id} goes on with its branch, and lands it`
    return { state: 'waiting', reason: 'order', note, isKnown: false }
  }
  const gate = gateOf(verdicts, head, input.requireApproval)
  if (gate !== null) {
    const isKnown = isRecorded(candidate, input) && landing?.reason === gate.reason
    return { state: 'blocked', ...gate, isKnown: isKnown && landing.note === gate.note }
  }
  if (landing?.reason == null || input.named.has(candidate.id)) return null
  if (!isRecorded(candidate, input) || ELSEWHERE.has(landing.reason)) return null
  // Something was found out since then.
  if (Object.values(verdicts).some(({ atMs }) => atMs > landing.atMs)) return null
  return { state: 'blocked', reason: landing.reason, note: landing.note, isKnown: true }
}

/** Is what the ledger says of it about what is there now? */
function isRecorded({ head, landing }: Candidate, { base }: QueueInput): boolean {
  return landing?.state === 'blocked' && landing.head === head && landing.base === base
}

/** What keeps it then may have changed although neither branch nor target has. */
const ELSEWHERE: ReadonlySet<LandingBlocker> = new Set(['review', 'claim', 'checks'])

/** What was found of another commit says nothing of this one. */
function gateOf(
  { review, test }: Candidate['verdicts'],
  head: string,
  requireApproval: boolean,
): { readonly reason: LandingBlocker; readonly note: string } | null {
  if (test?.commit === head && test.outcome === 'fail')
    return { reason: 'test', note: noteOf(test) }
  if (!requireApproval) return null
  if (review === undefined) return { reason: 'review', note: 'it was not reviewed' }
  if (review.commit !== head)
    return { reason: 'review', note: `its review is about ${review.commit.slice(0, 12)}` }
  return review.outcome === 'fail' ? { reason: 'review', note: noteOf(review) } : null
}

function noteOf({ by, note }: Verdict): string {
  return note === '' ? `${by} found that it fails` : `${by}: ${note}`
}

/** Kahn's algorithm; of those that may come next the first by grant, size and id. */
function sortByNeed<C extends Candidate>(open: readonly C[], unlanded: ReadonlySet<string>) {
  const order: C[] = []
  const done = new Set<string>()
  let rest = [...open].sort(compare)
  const needOf = (candidate: C): string | undefined =>
    candidate.after.find((task) => unlanded.has(task) && !done.has(task))
  for (;;) {
    const next = rest.find((candidate) => needOf(candidate) === undefined)
    if (next === undefined) break
    order.push(next)
    done.add(next.task)
    rest = rest.filter((candidate) => candidate !== next)
  }
  const waiting = rest.map((candidate) => ({ candidate, on: needOf(candidate) ?? '' }))
  return { order, waiting }
}

function compare(a: Candidate, b: Candidate): number {
  const size = (a.size ?? Number.MAX_SAFE_INTEGER) - (b.size ?? Number.MAX_SAFE_INTEGER)
  return a.fence - b.fence || size || (a.id < b.id ? -1 : 1)
}
