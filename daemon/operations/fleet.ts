// Workers: a task is given to a machine that takes it, and what comes of it is told from the ledger and from that machine.
import { setTimeout as delay } from 'node:timers/promises'
import {
  asAssignmentId,
  isAssignmentOver,
  SkeinError,
  type Assignment,
  type AssignmentId,
  type OperationInput,
  type OperationResult,
  type Party,
} from '../../protocol/index.ts'
import { clean, cleanName, type Place } from '../callers.ts'
import type { AssignCommand } from '../core/fleet/command.ts'
import { askLog, LOG_BYTES_MAX } from '../mesh/fleet-questions.ts'
import type { WorkerLog } from '../ports-fleet.ts'
import { hostOf } from '../repos.ts'
import { submit } from '../submit.ts'
import { asOf, requirePerson, type Handler, type Parts } from './context.ts'
import { memberNamed } from './mesh.ts'
import { assignedOf, tellWorkers } from './fleet-words.ts'
import { DEFAULT_LAUNCHER, firstOrder, giveWork, workKey } from './work-order.ts'
import { subjectOf } from './work-subject.ts'

type AssignInput = OperationInput<'assign'>

export const assign: Handler<AssignInput> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const party = await parts.callers.party(input, context, place)
  const launcher = input.launcher ?? place.config.fleet.launcher ?? DEFAULT_LAUNCHER
  const { peer, machine } = memberNamed(parts, input.machine ?? parts.about.peer)
  const { signal } = context
  const { prepared, ...subject } = await subjectOf({ parts, place, party, input, signal })
  const { assignment, already } = await giveWork(parts, place, {
    ...{ party, worker: { peer, machine }, prepared, proposal: null },
    again: input.again ?? false,
    order: firstOrder({ ...subject, launcher }),
    key: keyOf(input, peer, launcher),
  })
  const [worker] = await tellWorkers(parts, place, [assignment])
  return { worker, already, warnings: prepared?.warnings ?? [] }
}

function keyOf(input: AssignInput, peer: string, launcher: string): AssignCommand['key'] {
  if (input.idempotency_key === undefined) return null
  const key = cleanName(input.idempotency_key, 'the idempotency key')
  const { work, prompt = '', model = null, files = [] } = input
  const more = model === null && files.length === 0 ? [] : [model, files]
  return workKey(key, [work, prompt, peer, launcher, ...more])
}

/** Of those that are over so many are told without being asked for. */
const OVER_TOLD = 10

export const workers: Handler<OperationInput<'workers'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  parts.callers.asker(input, context)
  const all = [...hostOf(place.repo).loop.view().state.assignments.values()]
  const { id } = input
  const told =
    id === undefined ? listed(all, input.all === true) : [known(place, asAssignmentId(id))]
  const more = id === undefined ? all.length - told.length : 0
  return { workers: await tellWorkers(parts, place, told), more, as_of: asOf(place.repo) }
}

function listed(all: readonly Assignment[], isAll: boolean): readonly Assignment[] {
  const open = all.filter(({ state }) => !isAssignmentOver(state))
  const over = all.filter(({ state }) => isAssignmentOver(state)).toReversed()
  return [...open, ...(isAll ? over : over.slice(0, OVER_TOLD))]
}

export function known({ repo }: Place, id: AssignmentId): Assignment {
  const assignment = hostOf(repo).loop.view().state.assignments.get(id)
  if (assignment !== undefined) return assignment
  throw new SkeinError('ASSIGNMENT_UNKNOWN', `no assignment ${id} is known here`)
}

/** Less than what a person sees as a delay; each look costs the other machine a read of what is new. */
const LOOK_MS = 150

export const log: Handler<OperationInput<'log'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  parts.callers.asker(input, context)
  const { id, peer, machine } = known(place, asAssignmentId(input.id))
  const since = input.since ?? 0
  const until = parts.clock.monotonic() + (input.wait_s ?? 0) * 1000
  const read = (): Promise<WorkerLog> => {
    const asked = { repo: place.repo.id, id, since, bytes: LOG_BYTES_MAX }
    if (peer !== parts.mesh.self) return askLog(parts.mesh, peer, asked)
    return Promise.resolve(parts.fleet.log(id, since, LOG_BYTES_MAX))
  }
  let piece = await read()
  while (piece.total <= since && !piece.isEnded && parts.clock.monotonic() < until) {
    await delay(LOOK_MS, undefined, { signal: context.signal })
    piece = await read()
  }
  const bytes = wholeCharacters(piece)
  const next = since + bytes.length
  const ended = piece.isEnded && next >= piece.total
  const text = Buffer.from(bytes).toString('utf8')
  const result: OperationResult<'log'> = {
    ...{ id, machine, text, since, next, total: piece.total, ended },
  }
  return result
}

/** A character that is cut at the end comes with the next piece. */
function wholeCharacters({ bytes, total, isEnded }: WorkerLog): Uint8Array {
  if (isEnded && bytes.length >= total) return bytes
  for (let back = 1; back <= Math.min(3, bytes.length - 1); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) break
    if (byte < 0xc0) continue
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
    return length > back ? bytes.subarray(0, bytes.length - back) : bytes
  }
  return bytes
}

export const stop: Handler<OperationInput<'stop'>> = async (parts, input, context) => {
  const { lost = false } = input
  if (lost) requirePerson(parts, input, context)
  const place = await parts.callers.place(input, context)
  const party: Party = await parts.callers.party(input, context, place)
  const note = clean(input.reason ?? '')
  const id = asAssignmentId(input.id)
  const told = await submit(hostOf(place.repo), { kind: 'stop-assignment', party, id, note, lost })
  const { assignment, already } = assignedOf(told)
  const [worker] = await tellWorkers(parts, place, [assignment])
  return { worker, already }
}

/** Until it is over, or needs a person, who may not be the one that waits. */
export async function waitForWorker(
  parts: Parts,
  place: Place,
  id: AssignmentId,
  seconds = 0,
  signal: AbortSignal,
): Promise<OperationResult<'wait'>> {
  const until = parts.clock.monotonic() + seconds * 1000
  let assignment = known(place, id)
  while (statusOf(assignment) === 'waiting' && parts.clock.monotonic() < until) {
    await delay(LOOK_MS, undefined, { signal })
    assignment = known(place, id)
  }
  const [worker = null] = await tellWorkers(parts, place, [assignment])
  const session: string = id
  const told = { status: statusOf(assignment), id, place: null, worker, claims: [] }
  return { ...told, reason: assignment.note ?? null, session }
}

/** One that asks and is to end waits for that, and one that was answered for its next run. */
function statusOf({
  state,
  stop: wish,
  answer,
}: Assignment): 'succeeded' | 'ended' | 'asks' | 'waiting' {
  if (state === 'succeeded') return state
  if (state === 'waiting' && wish === null && answer === null) return 'asks'
  return isAssignmentOver(state) ? 'ended' : 'waiting'
}
