// What `skein service` says: for people in lines, with --json in one document.
import type { Command } from '../arguments.ts'
import type { Io } from '../io.ts'
import { diffOf } from '../output/diff.ts'
import { pageOn, pairs } from '../output/page.ts'
import { clean } from '../output/text.ts'
import type {
  ManagerState,
  ServicePlan,
  ServiceState,
  Switched,
  UserService,
} from '../user-service.ts'

export type Act = 'install' | 'uninstall'

export interface Told {
  readonly act: Act
  readonly plan: ServicePlan
  readonly service: UserService
}

/** The difference, and what would be run then. */
export function showPlan(told: Told, { fields }: Command, io: Io): number {
  const { act, plan, service } = told
  const commands = plan.change === null ? [] : service.byHand(act)
  if (fields['json'] === true) {
    printJson({ ...factsOf(told), done: false, commands }, io)
    return 0
  }
  const { paint } = pageOn(io.stdout, io)
  const lines = plan.change === null ? [] : diffOf(plan.change, paint)
  io.stdout.write(lines.map((line) => `${line}\n`).join(''))
  const then = commands.map((words) => `then: ${clean(words)}\n`).join('')
  io.stderr.write(lines.length === 0 ? 'Nothing would change in the file.\n' : then)
  return 0
}

/** What was done. @returns the exit code. */
export function tell(told: Told, outcome: Switched, { fields }: Command, io: Io): number {
  const { act, plan } = told
  const { said, problem } = outcome
  const exit = problem === null ? 0 : 1
  if (fields['json'] === true) {
    printJson({ ...factsOf(told), done: plan.problem === null, said, problem }, io)
    return exit
  }
  const page = pageOn(io.stdout, io)
  const file = `${page.paint('good', wordOf(told))} ${clean(plan.file)}`
  const isTold = plan.problem === null && (act === 'install' || plan.change !== null)
  const lines = [...(isTold ? [file] : []), ...said.map(clean)]
  if (fields['quiet'] !== true) io.stdout.write(lines.map((line) => `${line}\n`).join(''))
  if (problem !== null) io.stderr.write(problemText(problem, io))
  return exit
}

export function problemText(problem: NonNullable<Switched['problem']>, io: Io): string {
  const says = pageOn(io.stderr, io).paint('bad', clean(problem.says))
  return `${says}\n  ACTION REQUIRED: ${clean(problem.hint)}\n`
}

export async function print(service: UserService, { fields }: Command, io: Io): Promise<number> {
  const text = await service.text()
  if (fields['json'] === true) printJson({ manager: service.manager, file: service.file, text }, io)
  else io.stdout.write(text)
  return 0
}

/** @returns 0 where it is as skein wrote it, and runs. */
export async function tellState(
  service: UserService,
  { fields }: Command,
  io: Io,
): Promise<number> {
  const [state, manager] = [await service.look(), await service.askManager()]
  const exit = state.found === 'ours' && manager?.isActive === true ? 0 : 1
  if (fields['json'] === true) {
    printJson(stateFacts(service, state, manager), io)
    return exit
  }
  if (fields['quiet'] === true) return exit
  const lines = pairs(rowsOf(service, state, manager), pageOn(io.stdout, io), '')
  io.stdout.write(lines.map((line) => `${line}\n`).join(''))
  if (exit === 1) io.stderr.write(`  ACTION REQUIRED: ${clean(hintOf(service, state, manager))}\n`)
  return exit
}

function printJson(facts: Readonly<Record<string, unknown>>, io: Io): void {
  io.stdout.write(`${JSON.stringify(facts, null, 2)}\n`)
}

function factsOf(told: Told): Readonly<Record<string, unknown>> {
  const { act, plan, service } = told
  const left = plan.problem === null ? null : plan.problem.problem
  const change = plan.change === null ? null : wordOf(told)
  return { act, manager: service.manager, file: plan.file, change, left_alone: left }
}

function wordOf({ act, plan: { change } }: Told): string {
  if (act === 'uninstall') return 'removed'
  if (change === null) return 'unchanged'
  return change.before === null ? 'wrote' : 'changed'
}

function stateFacts(
  { manager: kind, file }: UserService,
  { found, isCurrent, isThis }: ServiceState,
  manager: ManagerState | null,
): Readonly<Record<string, unknown>> {
  return {
    manager: kind,
    answers: manager !== null,
    file,
    found,
    current: isCurrent,
    this_program: isThis,
    enabled: manager?.isEnabled ?? null,
    active: manager?.isActive ?? null,
    pid: manager?.pid ?? null,
    lingering: manager?.lingers ?? null,
  }
}

const FOUND_WORDS: Readonly<Record<ServiceState['found'], string>> = {
  absent: 'is not there',
  ours: 'as skein wrote it',
  edited: 'changed since skein wrote it',
  foreign: 'not written by skein',
}

function rowsOf(
  { manager: kind, file }: UserService,
  { found, isCurrent, isThis }: ServiceState,
  manager: ManagerState | null,
): readonly (readonly [string, string | null])[] {
  const isOurs = found === 'ours' || found === 'edited'
  const age = isOurs && !isCurrent ? ', and would be written otherwise now' : ''
  const other = isOurs && !isThis ? ', for another skein than this one' : ''
  const rows = [
    ['file', clean(file)] as const,
    ['state', `${FOUND_WORDS[found]}${age}${other}`] as const,
  ]
  if (manager === null) return [...rows, [kind, 'none of yours answers here']]
  const { isEnabled, isActive, pid, lingers } = manager
  return [
    ...rows,
    ['at login', isEnabled ? 'started' : 'not started'],
    ['now', isActive ? `runs, pid ${String(pid)}` : 'does not run'],
    ['lingering', lingers === null ? null : lingers ? 'on' : 'off: it ends with your last session'],
  ]
}

function hintOf(
  service: UserService,
  { found }: ServiceState,
  manager: ManagerState | null,
): string {
  const isWritten = found === 'ours' || found === 'edited'
  return manager === null && isWritten
    ? service.byHand('install').join(' && ')
    : 'skein service install'
}
