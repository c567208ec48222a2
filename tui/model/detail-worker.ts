// All about a worker, or about a task that is only proposed.
import { PROPOSED, STAGE_STATES, stagesOf, type Stage } from '../../daemon/client/board/stages.ts'
import { ageOf, brief, clockOf } from '../../daemon/client/board/times.ts'
import {
  costOf,
  isOpen,
  lookersAt,
  modelOf,
  short,
  standingOfWorker,
  type WorkerRow,
} from '../../daemon/client/board/workers.ts'
import type { Proposal } from '../../protocol/index.ts'
import type { Board } from './board.ts'
import type { About, Fact } from './facts.ts'

export function aboutWorker(worker: WorkerRow, { workers }: Board, nowMs: number): About {
  const { task, title, operator, operator_machine: from, assigned_at: at } = worker
  const { word, level } = standingOfWorker(worker)
  const tone = level === 'good' ? 'plain' : level
  const of = worker.of === null ? '' : ` of ${worker.of}`
  const attempt = worker.attempt > 1 ? `, attempt ${String(worker.attempt)}` : ''
  return {
    title: title === task ? task : `${task}: ${title}`,
    facts: [
      ['stages', stagesText(stagesOf(worker, lookersAt(worker, workers)))],
      ['state', `${word}${stateText(worker)}, since ${ageOf(worker.state_at, nowMs)}`, tone],
      ...blockerFacts(worker, nowMs),
      ['kind', worker.type === 'work' && attempt === '' ? '' : `${worker.type}${of}${attempt}`],
      ['machine', worker.machine],
      ['with', [worker.launcher, modelOf(worker)].filter((text) => text !== '').join(', ')],
      ['given by', `${operator} on ${from}, ${clockOf(at, nowMs)} (${ageOf(at, nowMs)} ago)`],
      ...progressFacts(worker),
      ...workFacts(worker),
      ...verdictFacts(worker, nowMs),
      ...landingFacts(worker, nowMs),
      ['fence', String(worker.fence)],
      ['claim', worker.claim],
      ['id', worker.id],
    ],
  }
}

export function aboutProposal(proposal: Proposal, nowMs: number): About {
  const { id, order, machine, rationale, by, atMs } = proposal
  const { task, title, launcher, model, branch, files } = order
  return {
    title: title === task ? task : `${task}: ${title}`,
    facts: [
      ['stages', stagesText(PROPOSED)],
      ['state', 'proposed: given to nobody yet'],
      ['why', rationale],
      ['machine', machine],
      ['with', [launcher, model ?? ''].filter((text) => text !== '').join(', ')],
      ['branch', branch],
      ['changes', files.join(', ')],
      ['told', order.prompt],
      ['by', `${by}, ${brief(nowMs - atMs)} ago`],
      ['id', id],
    ],
  }
}

function stagesText(stages: readonly Stage[]): string {
  return stages.map(({ name, state }) => `${STAGE_STATES[state].sign} ${name}`).join('  ')
}

/** What the word alone does not say. */
function stateText({ state, last_state: last, machine }: WorkerRow): string {
  if (state === 'unknown') return `: it was ${last}; ${machine} cannot be asked`
  return last === 'waiting' || last === 'succeeded' ? ` (${last})` : ''
}

function blockerFacts({ blocker }: WorkerRow, nowMs: number): readonly Fact[] {
  if (blocker === null) return []
  const { kind, note, since, who, next } = blocker
  return [
    ['kept by', `${kind}: ${note}`, 'warning'],
    ['since', `${ageOf(since, nowMs)} ago; ${who} can clear it`],
    ['next', next, 'strong'],
  ]
}

function progressFacts(worker: WorkerRow): readonly Fact[] {
  const { progress } = worker
  const cost = costOf(worker)
  const counts = [
    counted(progress?.turns ?? 0, 'turn'),
    counted(progress?.tools ?? 0, 'tool use'),
    counted(progress?.files ?? 0, 'file'),
    cost === 0 ? '' : `$${cost.toFixed(2)}`,
  ].filter((text) => text !== '')
  return [
    ['effort', counts.join(', ')],
    ['says', progress?.said ?? ''],
    ['did last', progress?.last ?? ''],
    ['stuck at', progress?.stuck ?? '', 'warning'],
    ...(progress?.warnings ?? []).map((text): Fact => ['warning', text, 'warning']),
  ]
}

function workFacts(worker: WorkerRow): readonly Fact[] {
  const { branch, base, commit, wip, exit, reason, note, answer, blocker } = worker
  const isFailed = worker.last_state === 'failed' || worker.last_state === 'lost'
  const said = note === blocker?.note ? '' : (note ?? '')
  const why = [reason ?? '', said].filter((text) => text !== '').join(': ')
  const left = exit === null ? '' : (exit.signal ?? `exit ${String(exit.code)}`)
  return [
    [isFailed ? 'failed' : 'note', why, isFailed ? 'bad' : 'plain'],
    ['answered', answer === null ? '' : `${answer.note} (${answer.by})`],
    ['ended', isOpen(worker) ? '' : left],
    ['branch', base === null ? branch : `${branch}, from ${short(base)}`],
    ['pushed', commit ?? ''],
    ['kept work', wip === null ? '' : `skein wip show ${wip}`],
  ]
}

function verdictFacts({ verdicts }: WorkerRow, nowMs: number): readonly Fact[] {
  return verdicts.map(({ kind, outcome, commit, stale, by, machine, note, at }): Fact => {
    const said = note === '' ? '' : `: ${note}`
    const which = `${short(commit)}${stale ? ' STALE: not what is pushed' : ''}`
    const text = `${outcome.toUpperCase()} at ${which}, ${by} on ${machine}, ${ageOf(at, nowMs)} ago${said}`
    return [kind, text, stale ? 'warning' : outcome === 'pass' ? 'plain' : 'bad']
  })
}

function landingFacts({ landing }: WorkerRow, nowMs: number): readonly Fact[] {
  if (landing === null) return []
  const { state, target, head, commit, reason, note, pull, by, at } = landing
  const why = [reason ?? '', note].filter((text) => text !== '').join(': ')
  const told =
    state === 'landed' ? `landed on ${target} as ${short(commit)}` : `${state}, for ${target}`
  return [
    ['landing', `${told}, of ${short(head)}, by ${by}, ${ageOf(at, nowMs)} ago`],
    ['kept by', why, state === 'blocked' ? 'warning' : 'plain'],
    ['pull', pull === null ? '' : `#${String(pull.number)} ${pull.url}`],
  ]
}

function counted(count: number, what: string): string {
  return count === 0 ? '' : `${String(count)} ${what}${count === 1 ? '' : 's'}`
}
