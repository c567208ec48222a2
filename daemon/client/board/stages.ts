// How far work is on its way to the branch that it is for: six stages, each by evidence alone. Pure, and read without colour.
import type { Level } from './standing.ts'
import type { WorkerRow } from './workers.ts'

export const STAGES = ['Proposed', 'Work', 'Test', 'Review', 'Merge', 'Done'] as const
export type StageName = (typeof STAGES)[number]

export type StageState = 'todo' | 'now' | 'done' | 'asks' | 'failed' | 'stale' | 'kept' | 'over'

export interface Stage {
  readonly name: StageName
  readonly state: StageState
}

interface StageWords {
  /** One character, different for each. */
  readonly sign: string
  readonly word: string
  readonly level: Level | 'plain'
}

export const STAGE_STATES: Readonly<Record<StageState, StageWords>> = {
  todo: { sign: '·', word: 'to come', level: 'plain' },
  now: { sign: '▸', word: 'under way', level: 'plain' },
  done: { sign: '✓', word: 'done', level: 'good' },
  asks: { sign: '?', word: 'asks a person', level: 'warning' },
  failed: { sign: '✗', word: 'failed', level: 'bad' },
  stale: { sign: '~', word: 'found of an older commit', level: 'warning' },
  kept: { sign: '!', word: 'kept from going on', level: 'warning' },
  over: { sign: '-', word: 'over without it', level: 'plain' },
}

/** @param looking workers that look at its work now, as reviews and tests do */
export function stagesOf(worker: WorkerRow, looking: readonly WorkerRow[] = []): readonly Stage[] {
  const work = workStage(worker)
  const isLanded = worker.landing?.state === 'landed'
  const found = (name: 'test' | 'review', states: readonly StageState[]): StageState =>
    looking.some(({ type }) => STAGE_OF[type] === name) ? 'now' : worst(states)
  const isWork = worker.type === 'work'
  const rest: readonly StageState[] = isWork
    ? [
        found('test', [verdictStage(worker, 'test'), verdictStage(worker, 'smoke')]),
        found('review', [verdictStage(worker, 'review')]),
        mergeStage(worker),
        isLanded ? 'done' : 'todo',
      ]
    : ['over', 'over', 'over', work === 'done' ? 'done' : 'todo']
  const states: readonly StageState[] = ['done', work, ...rest]
  return STAGES.map((name, at) => ({ name, state: states[at] ?? 'todo' }))
}

/** Of what nobody gave yet. */
export const PROPOSED: readonly Stage[] = STAGES.map((name) => {
  return { name, state: name === 'Proposed' ? 'now' : 'todo' }
})

/** `✓✓▸···` */
export function pipeline(stages: readonly Stage[]): string {
  return stages.map(({ state }) => STAGE_STATES[state].sign).join('')
}

/** The one that stands out: what is wrong first, then what goes on, then the last that is done. */
export function stageNow(stages: readonly Stage[]): Stage {
  const last = stages.at(-1)
  if (last?.state === 'done') return last
  const found =
    stages.find(({ state }) => LOUD.has(state)) ??
    stages.find(({ state }) => state === 'now') ??
    stages.findLast(({ state }) => state === 'done')
  return found ?? { name: 'Proposed', state: 'todo' }
}

const LOUD: ReadonlySet<StageState> = new Set(['asks', 'failed', 'kept', 'stale'])

const STAGE_OF: Readonly<Record<WorkerRow['type'], 'test' | 'review' | null>> = {
  ...{ work: null, review: 'review', test: 'test', smoke: 'test' },
}

function workStage({ last_state: state, blocker }: WorkerRow): StageState {
  switch (state) {
    case 'assigned':
    case 'starting':
    case 'running':
      return blocker === null ? 'now' : 'kept'
    case 'waiting':
      return blocker === null ? 'now' : 'asks'
    case 'succeeded':
      return 'done'
    case 'empty':
    case 'stopped':
      return 'over'
    case 'failed':
    case 'lost':
      return 'failed'
  }
}

function verdictStage({ verdicts }: WorkerRow, kind: 'test' | 'review' | 'smoke'): StageState {
  const verdict = verdicts.find((one) => one.kind === kind)
  if (verdict === undefined) return 'todo'
  if (verdict.stale) return 'stale'
  return verdict.outcome === 'pass' ? 'done' : 'failed'
}

function mergeStage({ landing, last_state: state }: WorkerRow): StageState {
  if (landing === null) return state === 'succeeded' ? 'now' : 'todo'
  if (landing.state === 'blocked') return 'kept'
  return landing.state === 'landed' ? 'done' : 'over'
}

const WORST: readonly StageState[] = ['failed', 'stale', 'done']

function worst(states: readonly StageState[]): StageState {
  return WORST.find((state) => states.includes(state)) ?? 'todo'
}
