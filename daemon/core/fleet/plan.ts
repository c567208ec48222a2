// Planning: which tasks may begin now, and on which machine each. Same input, same plan.
//
// 1. Every candidate is either chosen or has a reason.
// 2. No two that are chosen change the same files, and none changes what another holds or has not landed.
// 3. None is chosen before what it needs has landed.
// 4. No machine gets more than its free slots.
import { createPlacing } from './placing.ts'
import type {
  Candidate,
  Choice,
  Left,
  LeftReason,
  Plan,
  PlanInput,
  PlanSettings,
} from './plan-words.ts'
import { createReadiness } from './ready.ts'

export function planWork(input: PlanInput): Plan {
  const { obstacle, touched } = createReadiness(input)
  const placing = createPlacing(input)
  const choices: Choice[] = []
  const left: Left[] = []
  for (const candidate of firstOfEach(input.candidates)) {
    const { launcher, limit } = input.settings
    const reason = obstacle(candidate) ?? touched.obstacle(candidate) ?? enough(choices, limit)
    if (reason !== null) {
      left.push({ candidate, reason })
      continue
    }
    const placed = placing.place(candidate, launcher)
    if (placed.kind === 'none') {
      left.push({ candidate, reason: placed.reason })
      continue
    }
    placing.take(placed.machine)
    touched.take(candidate, placed.machine.machine)
    choices.push(choose(candidate, placed, input.settings))
  }
  return { choices, left }
}

/** A tracker that tells one task twice means one. */
function firstOfEach(candidates: readonly Candidate[]): readonly Candidate[] {
  const seen = new Map<string, Candidate>()
  for (const candidate of candidates)
    if (!seen.has(candidate.task)) seen.set(candidate.task, candidate)
  return [...seen.values()]
}

function enough({ length }: readonly Choice[], limit: number): LeftReason | null {
  if (length < limit) return null
  const note = `${String(limit)} are proposed before it, as many as asked for`
  return { kind: 'limit', note, sinceMs: null, who: null, next: 'skein plan --limit N' }
}

function choose(
  candidate: Candidate,
  { machine, free }: { readonly machine: PlanInput['machines'][number]; readonly free: number },
  settings: PlanSettings,
): Choice {
  const { model, why } = modelOf(candidate, settings)
  const { after, files, capabilities } = candidate
  const told = [
    after.length === 0 ? 'nothing stands before it' : `${after.join(', ')} is done`,
    files.length === 0 ? 'it does not say which files' : 'its files are free',
    `${machine.machine} has ${String(free)} free ${free === 1 ? 'slot' : 'slots'}`,
    ...(capabilities.length === 0 ? [] : [`and ${capabilities.join(', ')}`]),
    ...(why === null ? [] : [why]),
  ]
  return {
    candidate,
    ...{ peer: machine.peer, machine: machine.machine, launcher: settings.launcher, model },
    rationale: told.join('; '),
  }
}

/** Its own word, else that of the first label that the settings name, else the repository's. */
export function modelOf(
  { model, labels }: Pick<Candidate, 'model' | 'labels'>,
  settings: Pick<PlanSettings, 'labels' | 'model'>,
): { readonly model: string | null; readonly why: string | null } {
  if (model !== null) return { model, why: `${model} by its own word` }
  const [won, ...more] = settings.labels.filter(([label]) => labels.includes(label))
  if (won === undefined) return { model: settings.model, why: null }
  const [label, named] = won
  const shadowed = more.map(([other]) => other)
  const before = shadowed.length === 0 ? '' : `, before ${shadowed.join(', ')}`
  return { model: named, why: `${named} by its label ${label}${before}` }
}
