// What the tracker is told of an assignment, as Markdown. What others said stands in it as code.
import { isAssignmentOver, type Assignment } from '../../protocol/index.ts'
import { clean } from '../callers.ts'

export const NOTICES = ['briefing', 'completion', 'failure', 'stuck'] as const
export type Notice = (typeof NOTICES)[number]

/** What is to be told of it by now, each once; that it asked is told of each question. */
export function noticesOf({ state, type, note }: Assignment): readonly Notice[] {
  if (type !== 'work') return []
  if (state === 'waiting' && note !== undefined) return ['briefing', 'stuck']
  if (state === 'succeeded') return ['briefing', 'completion']
  return isAssignmentOver(state) ? ['briefing', 'failure'] : ['briefing']
}

/** Facts that find the comment again. */
export function markerFacts(
  { id, machine, stateAtMs }: Assignment,
  event: Notice,
): Readonly<Record<string, string>> {
  const asked = event === 'stuck' ? { asked: String(stateAtMs) } : {}
  return { event, assignment: id, machine, ...asked }
}

/** @param others patterns that other workers change now */
export function noticeText(
  assignment: Assignment,
  event: Notice,
  others: readonly string[],
): string {
  const { id, machine, launcher, model, branch, files } = assignment
  const common = [`- machine: ${code(machine)}`, `- assignment: ${code(id)}`]
  switch (event) {
    case 'briefing':
      return page('Given to a worker', [
        ...common,
        `- launcher: ${code(model === null ? launcher : `${launcher}, ${model}`)}`,
        `- branch: ${code(branch)}`,
        `- files: ${files.length === 0 ? 'not said' : files.map(code).join(', ')}`,
        `- others change now: ${others.length === 0 ? 'nothing that is known' : others.slice(0, OTHERS_TOLD).map(code).join(', ')}`,
      ])
    case 'completion':
      return page('Completed', [
        ...common,
        `- branch: ${code(branch)}, commit ${code(assignment.commit ?? 'unknown')}`,
        ...ending(assignment),
        '',
        'It has not landed yet.',
      ])
    case 'failure':
      return page(`Ended: ${assignment.state}`, [
        ...common,
        ...(assignment.reason === undefined ? [] : [`- why: ${code(assignment.reason)}`]),
        ...(assignment.note === undefined ? [] : [`- said: ${code(assignment.note)}`]),
        ...ending(assignment),
        '',
        `What it said: ${code(`skein log ${id}`)}`,
      ])
    case 'stuck':
      return page('It needs a person', [
        ...common,
        `- asks: ${code(assignment.note ?? 'unknown')}`,
        '',
        `Answer with ${code(`skein resume-stuck ${id} --guidance TEXT`)}`,
      ])
  }
}

const OTHERS_TOLD = 20

function page(head: string, lines: readonly string[]): string {
  return [`### ${head}`, '', ...lines].join('\n')
}

function ending({ exit, startedAtMs, stateAtMs, costUsd }: Assignment): readonly string[] {
  const took = startedAtMs === null ? null : durationText(stateAtMs - startedAtMs)
  const how = exit === undefined ? null : (exit.signal ?? String(exit.code))
  return [
    `- exit: ${how === null ? '–' : code(how)}, after ${took ?? '–'}`,
    ...(costUsd === undefined ? [] : [`- cost: $${costUsd.toFixed(2)}`]),
  ]
}

/** `Ns`, `Nm Ns`, `Nh Nm`. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const minutes = Math.floor(seconds / 60)
  if (minutes === 0) return `${String(seconds)}s`
  if (minutes < 60) return `${String(minutes)}m ${String(seconds % 60)}s`
  return `${String(Math.floor(minutes / 60))}h ${String(minutes % 60)}m`
}

/** One line that nothing in it ends. */
function code(text: string): string {
  return `\`${clean(text).replaceAll('`', "'")}\``
}
