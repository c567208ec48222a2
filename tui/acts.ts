// What a person does from the board: end a claim or a worker, give up a place, answer a request, copy an id. Each goes through an operation,
// shown and confirmed first. For sessions of this machine the person before it may speak; for those of others only they can.
import { wholeLabel } from '../daemon/client/board/tree.ts'
import { wantedOf } from '../daemon/client/board/waits.ts'
import { isOpen, type WorkerRow } from '../daemon/client/board/workers.ts'
import { SkeinError, type Claim, type Proposal } from '../protocol/index.ts'
import { idOf } from './model/board.ts'
import type { Note } from './model/ui.ts'
import type { Session } from './session.ts'
import { askText, confirm } from './typing.ts'

export function copyId({ host, frame, store }: Session): void {
  const subject = frame.rows[frame.placed.index]?.subject ?? null
  if (subject === null) return
  const id = idOf(subject)
  // OSC 52 reaches the clipboard of the terminal that a person sits before, over ssh, too.
  host.stdout.write(`\u001b]52;c;${Buffer.from(id).toString('base64')}\u0007`)
  store.set((ui) => ({ ...ui, note: { level: 'plain', text: `copied ${id}` } }))
}

/** The claim, the place in the queue, or the worker that is chosen. */
export function endChosen(session: Session): void {
  const { frame } = session
  const subject = frame.rows[frame.placed.index]?.subject ?? null
  if (subject?.kind === 'claim') void guarded(session, () => release(session, subject.claim))
  else if (subject?.kind === 'wait')
    void guarded(session, async () => {
      const { entry } = subject
      if (!isHere(session, entry.machine))
        return notHere(session, `${entry.agent} waits on ${entry.machine}`)
      const question = `This gives up the place of ${entry.agent} for ${wantedOf(entry)}.`
      if (!(await confirm(session, [question, entry.id]))) return nothing
      const { cancelled } = await session.host.call(
        'cancel',
        { repo: repoOf(session), ids: [entry.id] },
        entry,
      )
      return good(
        cancelled.length === 0 ? 'nothing waited there any more' : `cancelled ${entry.id}`,
      )
    })
  else if (subject?.kind === 'worker')
    void guarded(session, () => stopWorker(session, subject.worker))
  else note(session, { level: 'plain', text: 'x ends a claim, a place in the queue, or a worker' })
}

/** A request, what a worker asks, or a task that is proposed. */
export function approveChosen(session: Session): void {
  const { frame } = session
  const subject = frame.rows[frame.placed.index]?.subject ?? null
  if (subject?.kind === 'worker') void guarded(session, () => answerWorker(session, subject.worker))
  else if (subject?.kind === 'proposal')
    void guarded(session, () => approveProposal(session, subject.proposal))
  else answerRequest(session, 'approve')
}

export type Answer = 'approve' | 'deny' | 'narrow' | 'coexist'

export function answerRequest(session: Session, decision: Answer): void {
  const { frame } = session
  const subject = frame.rows[frame.placed.index]?.subject ?? null
  if (subject?.kind !== 'request') {
    note(session, { level: 'plain', text: 'choose a request first (4)' })
    return
  }
  const { request } = subject
  void guarded(session, async () => {
    if (request.decision !== 'pending') return plain(`it was answered: ${request.decision}`)
    const claim = frame.board.claims.find(({ id }) => id === request.claim)
    if (claim !== undefined && !isHere(session, claim.machine))
      return notHere(session, `${claim.agent} works on ${claim.machine}`)
    const lines = [
      `${request.requester} asks ${request.holder} for ${request.scope ?? request.pattern ?? request.claim}: ${request.reason}`,
      MEANINGS[decision],
    ]
    const more = await askMore(session, decision, lines, request.scope ?? '')
    if (more === null) return nothing
    const { request: after, late } = await session.host.call(
      'respond',
      { repo: repoOf(session), request: request.id, decision, ...more },
      { agent: request.holder, session: request.holder_session },
    )
    return late ? plain('it had ended before: nothing was changed') : good(after.decision)
  })
}

const MEANINGS: Readonly<Record<Answer, string>> = {
  approve: 'Approved, the claim is released at once.',
  deny: 'Denied, the claim keeps the time that it had.',
  narrow: 'Narrowed, the holder keeps only what you type: PATTERN, or FILE:SYMBOL, several apart.',
  coexist: 'Beside it, the other gets what you type: PATTERN, or FILE:SYMBOL, several apart.',
}

/** What an answer needs beside itself; null where the person thought better of it. */
async function askMore(
  session: Session,
  decision: Answer,
  lines: readonly string[],
  wanted: string,
): Promise<object | null> {
  if (decision === 'approve') return (await confirm(session, lines)) ? {} : null
  if (decision === 'deny') {
    const text = await askText(session, lines, 'Why (may be empty):')
    return text === null ? null : { ...(text === '' ? {} : { note: text }) }
  }
  const prompt = decision === 'narrow' ? 'What stays:' : 'What the other gets:'
  const text = await askText(session, lines, prompt, decision === 'coexist' ? wanted : '')
  return text === null || text === '' ? null : scopesOf(text)
}

/** `src/a.ts` and `src/a.ts:A::b`. */
export function scopesOf(text: string): object {
  const patterns: string[] = []
  const symbols: Record<string, string[]> = {}
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    const [, file, name] = /^([^:]+):([^:].*)$/.exec(word) ?? []
    if (file === undefined || name === undefined) patterns.push(word)
    else symbols[file] = [...(symbols[file] ?? []), name]
  }
  return {
    ...(patterns.length === 0 ? {} : { patterns }),
    ...(Object.keys(symbols).length === 0 ? {} : { symbols }),
  }
}

async function release(session: Session, claim: Claim): Promise<Note | null> {
  const { host } = session
  const repo = repoOf(session)
  const what = `${wholeLabel(claim)} of ${claim.agent} on ${claim.machine}`
  if (isOwn(session, claim)) {
    if (!(await confirm(session, [`This releases ${what}.`, claim.id]))) return nothing
    const { state } = await host.call('release', { repo, ids: [claim.id] }, claim)
    return good(`${state} ${claim.id}`)
  }
  const told = [
    `This ends, against the will of its holder: ${what}`,
    claim.description === '' ? claim.id : `${claim.id}: ${claim.description}`,
    'The holder is told why. Its files stay, and what is not committed in them is kept (skein wip); it may still be writing to them.',
  ]
  const reason = await askText(session, told, 'Reason:')
  if (reason === null) return nothing
  if (reason === '') return plain('without a reason nothing is forced')
  if (!(await confirm(session, [...told, `Reason: ${reason}`]))) return nothing
  const { state } = await host.call('release', { repo, ids: [claim.id], force: true, reason })
  return good(`${state} ${claim.id}`)
}

async function stopWorker(session: Session, worker: WorkerRow): Promise<Note | null> {
  const { id, task, title, machine } = worker
  if (!isOpen(worker)) return plain(`it is over: ${worker.state}`)
  const told = [
    `This ends the worker of ${title === task ? task : `${task}: ${title}`} on ${machine}.`,
    'First politely, after 10 s hard. What it has not committed is kept (skein wip), and the task is free again.',
    id,
  ]
  const reason = await askText(session, told, 'Why (may be empty):')
  if (reason === null) return nothing
  const input = { repo: repoOf(session), id, ...(reason === '' ? {} : { reason }) }
  if (!(await confirm(session, reason === '' ? told : [...told, `Reason: ${reason}`])))
    return nothing
  const { worker: after, already } = await session.host.call('stop', input)
  return good(already ? `asked before: ${after.state}` : `${machine} is asked to end ${id}`)
}

async function answerWorker(session: Session, worker: WorkerRow): Promise<Note | null> {
  const { id, task, last_state: state, note: asked } = worker
  if (state !== 'waiting') return plain(`it asks nothing: it is ${worker.state}`)
  const told = [`The worker of ${task} asks: ${asked ?? ''}`, 'It goes on with what you type.', id]
  const guidance = await askText(session, told, 'Answer:')
  if (guidance === null || guidance === '') return nothing
  await session.host.call('resume-stuck', { repo: repoOf(session), id, guidance })
  return good(`${task} goes on`)
}

async function approveProposal(session: Session, proposal: Proposal): Promise<Note | null> {
  const { id, order, machine, rationale } = proposal
  const told = [`This gives ${order.task} to a worker on ${machine}: ${order.title}`, rationale, id]
  if (!(await confirm(session, told))) return nothing
  const { failed } = await session.host.call('approve', { repo: repoOf(session), ids: [id] })
  const [problem] = failed
  return problem === undefined ? good(`${order.task} is given to ${machine}`) : plain(problem.note)
}

/** The reader's own: the same session, or the same name where it was given. */
function isOwn({ host, frame }: Session, claim: Claim): boolean {
  const isHereToo = claim.machine === frame.board.snapshot.status?.machine
  const { agent, session } = host.reader
  return (isHereToo && claim.session === session) || (agent !== null && claim.agent === agent)
}

function isHere({ frame }: Session, machine: string): boolean {
  return machine === frame.board.snapshot.status?.machine
}

function notHere(_session: Session, what: string): Note {
  return { level: 'bad', text: `${what}: only there it can be said` }
}

function repoOf({ frame }: Session): string {
  return frame.board.repo?.id ?? ''
}

const nothing = { level: 'plain', text: 'nothing was changed' } as const

function plain(text: string): Note {
  return { level: 'plain', text }
}

function good(text: string): Note {
  return { level: 'good', text }
}

function note({ store }: Session, told: Note): void {
  store.set((ui) => ({ ...ui, note: told }))
}

/** What became of it is told below; a failure says what to type next. */
async function guarded(session: Session, deed: () => Promise<Note | null>): Promise<void> {
  try {
    const told = await deed()
    if (told !== null) note(session, told)
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error
    note(session, { level: 'bad', text: `${error.message}  next: ${error.hint}` })
  }
}
