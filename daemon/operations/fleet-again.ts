// Workers again: an answer to one that waits, a further try of one that came to nothing, and repairs of work that was found wanting.
import {
  asAssignmentId,
  FLEET_LIMITS,
  isUnlanded,
  SkeinError,
  type Assignment,
  type AssignmentOrder,
  type OperationInput,
} from '../../protocol/index.ts'
import { cleanName, type Place } from '../callers.ts'
import { hostOf } from '../repos.ts'
import { submit } from '../submit.ts'
import { attemptPrompt, taskOf } from './attempt-words.ts'
import type { Handler, Parts } from './context.ts'
import { known } from './fleet.ts'
import { assignedOf, tellWorkers } from './fleet-words.ts'
import { memberNamed } from './mesh.ts'
import { nextModel } from './model-ladder.ts'
import { prepareTask, type PreparedTask } from './task-terms.ts'
import { cleanLines, giveWork, workKey, type WorkGiven } from './work-order.ts'
import { isTextTask } from './work-subject.ts'

export const resumeStuck: Handler<OperationInput<'resume-stuck'>> = async (
  parts,
  input,
  context,
) => {
  const place = await parts.callers.place(input, context)
  const party = await parts.callers.party(input, context, place)
  const id = asAssignmentId(input.id)
  const note = cleanLines(input.guidance).slice(0, FLEET_LIMITS.answerCharactersMax)
  const answer = { kind: 'answer-assignment', party, id, note } as const
  const { assignment } = assignedOf(await submit(hostOf(place.repo), answer))
  const [worker] = await tellWorkers(parts, place, [assignment])
  return { worker }
}

type Verb = 'retry' | 'fix'
type AgainInput = OperationInput<'retry'> & Pick<OperationInput<'fix'>, 'guidance'>

export const retry: Handler<OperationInput<'retry'>> = (parts, input, context) =>
  tryAgain('retry', parts, input, context)

export const fix: Handler<OperationInput<'fix'>> = (parts, input, context) =>
  tryAgain('fix', parts, input, context)

/** The task goes to its machine once more; that goes on from what the attempt before has left. */
async function tryAgain(
  verb: Verb,
  ...[parts, input, context]: Parameters<Handler<AgainInput>>
): Promise<unknown> {
  const place = await parts.callers.place(input, context)
  const party = await parts.callers.party(input, context, place)
  const before = known(place, asAssignmentId(input.id))
  requireAgain(verb, before, place, input)
  const { peer, machine } = memberNamed(parts, input.machine ?? before.peer)
  const prepared = await prepare(verb, parts, place, party, before)
  const from = await modelOf(parts, place, before)
  const model = nextModel(place.config.fleet.models ?? [], { ...before, model: from })
  const order = orderOf(before, { model, launcher: input.launcher }, input.guidance ?? '')
  const key = keyOf(input, [verb, before.id, input.guidance ?? '', peer])
  const told = await giveWork(parts, place, {
    ...{ party, worker: { peer, machine }, order, prepared, key },
    ...{ again: verb === 'fix', proposal: null },
  })
  const [worker] = await tellWorkers(parts, place, [told.assignment])
  const moved = peer === before.peer ? [] : [movedNote(before)]
  const warnings = [...(prepared?.warnings ?? []), ...moved]
  return { worker, already: told.already, warnings, climbed: { from, to: model } }
}

function keyOf({ idempotency_key: key }: AgainInput, body: readonly string[]): WorkGiven['key'] {
  return key === undefined ? null : workKey(cleanName(key, 'the idempotency key'), body)
}

/** @throws SkeinError ASSIGNMENT_NOT_AGAIN, ASSIGNMENT_TRIED */
function requireAgain(verb: Verb, before: Assignment, { repo }: Place, input: AgainInput): void {
  const { id, attempt, task, type } = before
  const why = verb === 'retry' ? whyNoRetry(before) : whyNoFix(before, input.guidance)
  if (why !== null)
    throw new SkeinError('ASSIGNMENT_NOT_AGAIN', `${id} ${why.what}`, {
      hint: why.next,
      data: { assignment: id, state: before.state },
    })
  const { assignments } = hostOf(repo).loop.view().state
  const later = [...assignments.values()].find((one) => one.of === id && one.type === type)
  if (later !== undefined && input.idempotency_key === undefined)
    throw new SkeinError('ASSIGNMENT_NOT_AGAIN', `${later.id} continues ${id} already`, {
      hint: `skein workers ${later.id}`,
      data: { assignment: id, later: later.id },
    })
  if (attempt < FLEET_LIMITS.attemptsMax || input.again === true) return
  throw new SkeinError(
    'ASSIGNMENT_TRIED',
    `task ${task} was tried ${String(attempt)} times: look at it before it costs more`,
    { hint: `skein log ${id} (once more: skein ${verb} ${id} --again)`, data: { task, attempt } },
  )
}

interface NoAgain {
  readonly what: string
  readonly next: string
}

const TRIED_IN_VAIN: ReadonlySet<string> = new Set(['failed', 'stopped', 'empty', 'lost'])

function whyNoRetry({ id, state }: Assignment): NoAgain | null {
  if (TRIED_IN_VAIN.has(state)) return null
  if (state === 'succeeded') return { what: 'has succeeded', next: `skein fix ${id}` }
  if (state === 'waiting')
    return { what: 'asks a person', next: `skein resume-stuck ${id} --guidance TEXT` }
  return { what: `is ${state}`, next: `skein stop ${id}` }
}

function whyNoFix(before: Assignment, guidance = ''): NoAgain | null {
  const { id, type, state, landing, verdicts } = before
  if (type !== 'work') return { what: `is a ${type}`, next: `skein fix ${before.of ?? 'ID'}` }
  if (state !== 'succeeded')
    return { what: `is ${state}: there is nothing to repair`, next: `skein retry ${id}` }
  if (landing?.state === 'landed')
    return { what: 'has landed', next: "skein assign 'what is to be changed'" }
  const isWanting =
    Object.values(verdicts).some(({ outcome }) => outcome === 'fail') ||
    (isUnlanded(before) && landing?.state === 'blocked')
  if (isWanting || guidance !== '') return null
  const what = 'has no failing verdict, and nothing keeps it from landing'
  return { what, next: `skein fix ${id} --guidance TEXT` }
}

/** Null for work in words, and for what no plan of this checkout has any more. */
async function prepare(
  verb: Verb,
  parts: Parts,
  place: Place,
  party: Parameters<typeof prepareTask>[2],
  { task }: Assignment,
): Promise<PreparedTask | null> {
  if (isTextTask(task)) return null
  try {
    return await prepareTask(parts, place, party, task, { again: verb === 'fix' })
  } catch (error) {
    if (error instanceof SkeinError && error.code === 'TASK_UNKNOWN') return null
    throw error
  }
}

/** As it was ordered; else as its machine saw it, where that is this one. */
async function modelOf(parts: Parts, place: Place, before: Assignment): Promise<string | null> {
  if (before.model !== null) return before.model
  const [told] = await tellWorkers(parts, place, [before])
  return told?.progress?.model ?? null
}

/** A review that is tried again looks at the same work; work goes on from the work before. */
function orderOf(
  before: Assignment,
  { model, launcher }: { readonly model: string | null; readonly launcher: string | undefined },
  guidance: string,
): AssignmentOrder {
  const { id, task, title, prompt, branch, type, of, attempt, files } = before
  const text = prompt === '' ? `Task ${task}: ${title}` : taskOf(prompt)
  return {
    ...{ task, title, branch, type, files, model, attempt: attempt + 1 },
    of: type === 'work' ? id : of,
    prompt: attemptPrompt(text, before, attempt + 1, cleanLines(guidance)),
    launcher: launcher === undefined ? before.launcher : cleanName(launcher, 'the launcher'),
  }
}

function movedNote({ machine, wip }: Assignment): string {
  const kept = wip === undefined ? '' : `, and what it had not committed (${wip}),`
  return `only what was pushed is continued: commits that ${machine} has not pushed${kept} stay there`
}
