// Which files are another's: by a live claim, by an assignment that is open or has not landed, or by what is proposed beside it.
import {
  createScopeIndex,
  isAssignmentOver,
  isUnlanded,
  judgeable,
  SkeinError,
  type Assignment,
  type JudgedScope,
  type LedgerClaim,
  type ScopeIndex,
} from '../../../protocol/index.ts'
import type { Candidate, LeftReason, PlanInput } from './plan-words.ts'

type Toucher =
  | { readonly kind: 'claim'; readonly claim: LedgerClaim }
  | { readonly kind: 'assignment'; readonly assignment: Assignment }
  | { readonly kind: 'choice'; readonly candidate: Candidate; readonly machine: string }

interface Held {
  readonly pattern: string
  readonly by: Toucher
}

export interface Touched {
  /** What stands against a candidate's files, the first by the name of what it is. */
  obstacle(candidate: Candidate): LeftReason | null
  /** From now on its files are its own. */
  take(candidate: Candidate, machine: string): void
  takeAssignment(assignment: Assignment): void
}

export function createTouched({
  ledger,
  caseExact,
}: Pick<PlanInput, 'ledger' | 'caseExact'>): Touched {
  const index = createScopeIndex<Held>()
  const add = (patterns: readonly string[], by: Toucher): void => {
    for (const pattern of patterns) {
      const scope = scopeOf(pattern, caseExact)
      if (scope !== null) index.add({ pattern, by }, scope)
    }
  }
  for (const claim of ledger.claims) {
    if (claim.kind === 'task' || claim.kind === 'resource') continue
    add([claim.pattern], { kind: 'claim', claim })
  }
  const takeAssignment = (assignment: Assignment): void => {
    if (assignment.type !== 'work') return
    if (isAssignmentOver(assignment.state) && !isUnlanded(assignment)) return
    add(assignment.files, { kind: 'assignment', assignment })
  }
  for (const assignment of ledger.assignments) takeAssignment(assignment)
  return {
    obstacle: (candidate) => obstacle(candidate, index, caseExact),
    take: (candidate, machine) => {
      add(candidate.files, { kind: 'choice', candidate, machine })
    },
    takeAssignment,
  }
}

/** Whole files: a worker that names symbols beforehand is none that we know. Null: it cannot be judged. */
function scopeOf(pattern: string, caseExact: boolean): JudgedScope | null {
  try {
    return judgeable({ kind: 'file', pattern, symbols: [], mode: 'exclusive' }, { caseExact })
  } catch (error) {
    if (error instanceof SkeinError) return null
    throw error
  }
}

function obstacle(
  candidate: Candidate,
  index: ScopeIndex<Held>,
  caseExact: boolean,
): LeftReason | null {
  for (const pattern of candidate.files) {
    const scope = scopeOf(pattern, caseExact)
    if (scope === null) return unreadable(pattern)
    const [met] = [...index.candidates(scope)].sort(byName)
    if (met !== undefined) return overlap(pattern, met)
  }
  return null
}

/** An index tells what it finds in no order. */
function byName(a: Held, b: Held): number {
  const [one, other] = [nameOf(a), nameOf(b)]
  return one < other ? -1 : one > other ? 1 : 0
}

function nameOf({ pattern, by }: Held): string {
  switch (by.kind) {
    case 'assignment':
      return `0 ${by.assignment.id} ${pattern}`
    case 'claim':
      return `1 ${by.claim.id} ${pattern}`
    case 'choice':
      return `2 ${by.candidate.task} ${pattern}`
  }
}

function unreadable(pattern: string): LeftReason {
  const note = `its files cannot be judged: ${pattern}`
  return { kind: 'files', note, sinceMs: null, who: 'a person', next: 'skein task list' }
}

function overlap(pattern: string, { pattern: theirs, by }: Held): LeftReason {
  const what = pattern === theirs ? pattern : `${pattern} overlaps ${theirs}, which`
  const kind = 'overlap'
  if (by.kind === 'choice') {
    const note = `${what} belongs to ${by.candidate.task}, which is proposed before it`
    return { kind, note, sinceMs: null, who: by.machine, next: 'skein approve --all' }
  }
  if (by.kind === 'assignment') {
    const { id, task, machine, state, stateAtMs: sinceMs } = by.assignment
    const how = isAssignmentOver(state) ? 'has not landed' : state
    const next = `skein workers ${id}`
    return { kind, note: `${what} belongs to ${task} (${how})`, sinceMs, who: machine, next }
  }
  const { id, agent, grantedAtMs: sinceMs } = by.claim
  return {
    kind,
    note: `${what} is claimed by ${agent}`,
    sinceMs,
    who: agent,
    next: `skein why ${id}`,
  }
}
