// A worker's way back: how far it is, what it needs, and what it found. Its session is its assignment's id, which its machine gave it;
// so only a worker of this machine gets in, and only as itself.
import { setTimeout as delay } from 'node:timers/promises'
import {
  asAssignmentId,
  FLEET_LIMITS,
  isAssignmentOver,
  SkeinError,
  verdictJson,
  type Assignment,
  type AssignmentId,
  type CallerFields,
  type OperationInput,
  type OperationResult,
  type Party,
  type Said,
  type Verdict,
  type VerdictKind,
} from '../../protocol/index.ts'
import { clean, type Place } from '../callers.ts'
import type { CallContext } from '../client/operations.ts'
import { hostOf } from '../repos.ts'
import { submit } from '../submit.ts'
import { patiently, type Handler, type Parts } from './context.ts'
import { assignedOf } from './fleet-words.ts'

/** A worker's own assignment, as it is now. */
interface Own {
  readonly place: Place
  readonly party: Party
  now(): Assignment
}

export const reportStatus: Handler<OperationInput<'report-status'>> = async (
  parts,
  input,
  context,
) => {
  const own = await ownOf(parts, input, context)
  const { id, state, stop } = own.now()
  const text = said(input.text, 'text').replace(/^STATUS:\s*/i, '')
  await parts.fleet.report(id, text, input.confidence ?? null)
  const result: OperationResult<'report-status'> = { id, state, stopping: stop !== null }
  return result
}

const ASK_SECONDS = 300
const LOOK_MS = 100
/** A worker that begins with a call is there before its machine has said so. */
const BEGIN_MS_MAX = 15_000

export const ask: Handler<OperationInput<'ask'>> = async (parts, input, context) => {
  const own = await ownOf(parts, input, context)
  const question = said(input.question, 'question')
  const until = parts.clock.monotonic() + (input.wait_s ?? ASK_SECONDS) * 1000
  const askedAtMs = await putQuestion(parts, own, question, context.signal)
  const wait = () => untilAnswered(parts, own, { askedAtMs, until, signal: context.signal })
  const answer = await patiently(parts, own.party.session, wait)
  const { id, stop } = own.now()
  const result: OperationResult<'ask'> = {
    ...{ id, answered: answer !== null, stopping: stop !== null },
    ...{ answer: answer?.note ?? null, by: answer?.by ?? null },
  }
  return result
}

/** @returns since when it waits */
async function putQuestion(
  parts: Parts,
  own: Own,
  question: string,
  signal: AbortSignal,
): Promise<number> {
  const assignment = await untilBegun(parts, own, signal)
  if (assignment.state !== 'waiting') {
    await move(own, 'waiting', question)
    return own.now().stateAtMs
  }
  // A call that broke off, or ended without an answer, is made again.
  if (assignment.note === question) return assignment.stateAtMs
  throw new SkeinError(
    'ASSIGNMENT_OVER',
    `you have asked already, and wait for the answer: ${assignment.note ?? ''}`,
    { hint: 'Ask the same again, or end your turn: you are started again with the answer.' },
  )
}

async function untilBegun(parts: Parts, own: Own, signal: AbortSignal): Promise<Assignment> {
  const until = parts.clock.monotonic() + BEGIN_MS_MAX
  for (;;) {
    const assignment = own.now()
    if (assignment.state !== 'assigned' && assignment.state !== 'starting') return assignment
    if (parts.clock.monotonic() >= until)
      throw new SkeinError('BUSY', `${assignment.id} is ${assignment.state} still`)
    await delay(LOOK_MS, undefined, { signal })
  }
}

/** Null: nobody has answered in this time, or somebody wants it to end. Its machine says when it goes on. */
async function untilAnswered(
  { clock }: Parts,
  own: Own,
  { askedAtMs, until, signal }: { askedAtMs: number; until: number; signal: AbortSignal },
): Promise<Said | null> {
  for (;;) {
    const { answer, state, stop } = own.now()
    if (answer !== null && answer.atMs >= askedAtMs) {
      if (state === 'waiting') await move(own, 'running')
      return answer
    }
    if (stop !== null || clock.monotonic() >= until) return null
    await delay(LOOK_MS, undefined, { signal })
  }
}

async function move(own: Own, to: 'waiting' | 'running', note?: string): Promise<void> {
  const facts = note === undefined ? {} : { note }
  const { id } = own.now()
  await submit(hostOf(own.place.repo), { kind: 'move-assignment', id, to, facts })
}

export const submitVerdict: Handler<OperationInput<'submit-verdict'>> = async (
  parts,
  input,
  context,
) => {
  const own = await ownOf(parts, input, context)
  const { id: from, type, of, base } = await untilBegun(parts, own, context.signal)
  if (type === 'work' || of === null || base === undefined)
    throw new SkeinError('FORBIDDEN', `${from} is work: it looks at nothing of others`)
  const note = noteOf(input)
  const { agent, machine } = own.party
  const verdict = {
    ...{ kind: type, outcome: input.outcome, commit: base, by: agent, machine, from, note },
  }
  const about = known(own, asAssignmentId(of))
  const last = about.verdicts[type]
  const already = last !== undefined && isSame(last, verdict)
  const told = already ? about : await judge(own, about.id, verdict)
  return tellVerdict(told, type, already)
}

async function judge(
  { place }: Own,
  id: AssignmentId,
  verdict: Omit<Verdict, 'atMs'>,
): Promise<Assignment> {
  const outcome = await submit(hostOf(place.repo), { kind: 'judge-assignment', id, verdict })
  return assignedOf(outcome).assignment
}

function tellVerdict({ id, verdicts, commit }: Assignment, kind: VerdictKind, already: boolean) {
  const verdict = verdicts[kind]
  if (verdict === undefined) throw new SkeinError('INTERNAL', `${id} has no ${kind}`)
  const result: OperationResult<'submit-verdict'> = {
    ...{ id, verdict: verdictJson(verdict, commit), already },
  }
  return result
}

/** The same word of the same worker, on the same commit. */
function isSame(last: Verdict, next: Omit<Verdict, 'atMs'>): boolean {
  const { outcome, commit, from, note } = next
  return (
    last.outcome === outcome && last.commit === commit && last.from === from && last.note === note
  )
}

/** Its findings as sections of one text, what weighs most first; what is too long is cut at the end. */
function noteOf(input: OperationInput<'submit-verdict'>): string {
  const { outcome, blocking = [], concerns = [], nits = [], note = '' } = input
  if (outcome === 'fail' && blocking.length === 0)
    throw wrong('fail says what must change: `blocking`')
  if (outcome === 'pass' && blocking.length > 0)
    throw wrong('pass has nothing that is `blocking`: say fail, or name it a concern')
  const sections = [
    section('blocking', blocking),
    section('concerns', concerns),
    section('nits', nits),
    clean(note),
  ].filter((text) => text !== '')
  return sections.join('\n').slice(0, FLEET_LIMITS.verdictCharactersMax)
}

function section(title: string, found: readonly string[]): string {
  const lines = found.map((text) => `- ${clean(text)}`)
  return lines.length === 0 ? '' : [`${title}:`, ...lines].join('\n')
}

/** @throws SkeinError FORBIDDEN: no worker of this machine; ASSIGNMENT_OVER: not any more */
async function ownOf(parts: Parts, input: CallerFields, context: CallContext): Promise<Own> {
  const place = await parts.callers.place(input, context)
  const party = await parts.callers.party(input, context, place)
  const { assignments } = hostOf(place.repo).loop.view().state
  const found = assignments.get(asAssignmentId(party.session))
  if (found?.peer !== parts.mesh.self)
    throw new SkeinError('FORBIDDEN', 'only a worker of this machine may do this, as itself', {
      hint: 'skein workers (its session is its assignment: SKEIN_SESSION)',
    })
  const own: Own = { place, party, now: () => known({ place }, found.id) }
  const { state } = own.now()
  if (isAssignmentOver(state))
    throw new SkeinError('ASSIGNMENT_OVER', `${found.id} is ${state}: end your turn`)
  return own
}

function known({ place }: Pick<Own, 'place'>, id: AssignmentId): Assignment {
  const assignment = hostOf(place.repo).loop.view().state.assignments.get(id)
  if (assignment !== undefined) return assignment
  throw new SkeinError('ASSIGNMENT_UNKNOWN', `no assignment ${id} is known here`)
}

function said(text: string, what: string): string {
  const words = clean(text)
  if (words !== '') return words
  throw wrong(`${what} has no character that can be shown`)
}

function wrong(message: string): SkeinError {
  return new SkeinError('INPUT_SCHEMA', message)
}
