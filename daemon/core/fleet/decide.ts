// Assignments against a leader's state: who gets a task, how far its worker may say it is, and when it is to end.
import {
  asAssignmentId,
  asSessionId,
  FLEET_LIMITS,
  isAssignmentOver,
  keyName,
  makeId,
  mayBecome,
  peerOf,
  type Assignment,
  type AssignmentId,
  type LedgerClaim,
  type Party,
  type RecordBody,
  type RequestId,
} from '../../../protocol/index.ts'
import type { ClaimCommand } from '../claims/command.ts'
import { fail, type Decision, type DecisionContext, type Request } from '../claims/decision.ts'
import { holderOf } from '../tasks/needs.ts'
import type { View } from '../view.ts'
import type { AssignCommand, MoveCommand, StopCommand } from './command.ts'

type JudgeClaim = (request: Request, command: ClaimCommand, context: DecisionContext) => Decision

/** @param judge as any claim of the task would be judged. */
export function decideAssign(
  request: Request,
  command: AssignCommand,
  context: DecisionContext,
  judge: JudgeClaim,
): Decision {
  const { view, wallMs } = context
  const { order, party, proposal } = command
  const repeated = repeatKey(command, view)
  if (repeated !== null) return repeated
  if (proposal !== null) {
    if (view.state.assignments.has(proposal)) return present(view, proposal)
    if (!view.state.proposals.some(({ id }) => id === proposal)) return gone(proposal)
  }
  const open = [...view.state.assignments.values()].filter(({ state }) => !isAssignmentOver(state))
  if (open.length >= FLEET_LIMITS.openMax)
    return fail('BUSY', `${String(open.length)} assignments are open, the limit`)
  const id = proposal ?? asAssignmentId(makeId('asg', wallMs, request.entropy))
  const judged = judge(request, claimFor(command, id), context)
  if (judged.kind === 'answer') return taken(order.task, view)
  if (judged.kind !== 'append') return judged
  const [grant] = judged.bodies
  if (grant?.kind !== 'grant') return judged
  const { agent, session, peer, machine } = party
  const body: RecordBody = {
    ...{ kind: 'assign', rid: request.rid, id, order, key: command.key },
    operator: { agent, session, peer, machine },
    grant: { ...grant, rid: null },
  }
  return { kind: 'append', bodies: [body], warnings: [] }
}

/** A later plan took its place, or somebody has assigned the task by hand. */
function gone(proposal: AssignmentId): Decision {
  return fail('PROPOSAL_UNKNOWN', `no proposal ${proposal} is there any more`, {
    data: { proposal },
  })
}

/** The claim of the task, for the session that the worker will be. */
function claimFor({ worker, order, terms, stamp, again }: AssignCommand, id: AssignmentId) {
  const { peer, machine } = worker
  const party: Party = {
    agent: `${order.launcher}@${machine}/${id.slice(-6)}`,
    ...{ agentGiven: false, session: asSessionId(id), peer, machine, branch: order.branch },
  }
  const scope = { kind: 'task', pattern: order.task, symbols: [], mode: 'exclusive' } as const
  const command: ClaimCommand = {
    ...{ kind: 'claim', party, scopes: [scope], terms, stamp, key: null, again },
    ...{ urgency: 'normal', waitSeconds: 0 },
  }
  return command
}

function repeatKey({ key, party }: AssignCommand, view: View): Decision | null {
  if (key === null) return null
  const known = view.state.keys.get(keyName(party.peer, party.session, key.key))
  if (known === undefined) return null
  if (known.digest !== key.digest)
    return fail(
      'INPUT_KEY_REUSED',
      `the idempotency key '${key.key}' came before with another body`,
    )
  if (known.outcome.kind !== 'assigned')
    return fail('INPUT_KEY_REUSED', `the idempotency key '${key.key}' was another operation's`)
  return present(view, known.outcome.id)
}

/** Somebody has the task, or stands before it in the queue. */
function taken(task: string, view: View): Decision {
  const holder = holderOf(view, task)
  const assignment = [...view.state.assignments.values()].find(({ claim }) => claim === holder?.id)
  if (assignment !== undefined) return assigned(assignment)
  if (holder !== null) return held(task, holder)
  return fail('TASK_TAKEN', `somebody waits for task ${task} already`, {
    hint: 'skein queue',
    data: { task },
  })
}

function assigned({ id, task, machine, branch, operator, state }: Assignment): Decision {
  return fail(
    'TASK_TAKEN',
    `task ${task} is assigned to ${machine} already, by ${operator.agent}, on branch ${branch} (${state})`,
    { hint: `skein workers ${id}`, data: { task, assignment: id, machine, branch, state } },
  )
}

function held(task: string, { id, agent, machine, branch }: LedgerClaim): Decision {
  const where = branch === null ? '' : ` on branch ${branch}`
  return fail('TASK_TAKEN', `${agent} works on task ${task}${where}, on ${machine}`, {
    hint: `skein request ${id} --reason TEXT`,
    data: { task, claim: id, agent, machine, branch },
  })
}

/** What it is already is no move, and no mistake: an answer may have been lost. */
export function decideMove(rid: RequestId, command: MoveCommand, view: View): Decision {
  const { id, to, facts } = command
  const assignment = view.state.assignments.get(id)
  if (assignment === undefined) return unknown(id)
  if (peerOf(rid) !== assignment.peer)
    return fail('FORBIDDEN', `${id} is moved by ${assignment.machine} alone`)
  if (assignment.state === to) return present(view, id)
  if (!mayBecome(assignment.state, to))
    return fail('ASSIGNMENT_OVER', `${id} is ${assignment.state} and cannot become ${to}`, {
      data: { assignment: id, state: assignment.state },
    })
  if (to === 'succeeded') {
    const doubt = doubtOf(assignment, command, view)
    if (doubt !== null) return doubt
  }
  return append({ kind: 'assignment-move', rid, id, to, facts, by: assignment.machine })
}

/** Nobody succeeds without what shows it, nor with a task that is another's by now. */
function doubtOf({ id, type, of, claim, fence }: Assignment, { facts }: MoveCommand, view: View) {
  if (view.state.claims.get(claim)?.fence !== fence)
    return fail('CLAIM_STALE', `the claim of ${id} has ended`, { data: { claim, fence } })
  if (type === 'work') {
    const isShown = facts.exit?.code === 0 && facts.commit !== undefined
    return isShown ? null : fail('INPUT_SCHEMA', `${id} succeeds with an exit of 0 and a commit`)
  }
  const verdicts = Object.values(
    of === null ? {} : (view.state.assignments.get(of)?.verdicts ?? {}),
  )
  const isShown = facts.exit?.code === 0 && verdicts.some(({ from }) => from === id)
  return isShown ? null : fail('INPUT_SCHEMA', `${id} succeeds with an exit of 0 and a verdict`)
}

export function decideStop(rid: RequestId, command: StopCommand, view: View): Decision {
  const { id, party, note, lost } = command
  const assignment = view.state.assignments.get(id)
  if (assignment === undefined) return unknown(id)
  if (isAssignmentOver(assignment.state)) return present(view, id)
  if (lost) {
    const facts = note === '' ? {} : { note }
    return append({ kind: 'assignment-move', rid, id, to: 'lost', facts, by: party.agent })
  }
  if (assignment.stop !== null) return present(view, id)
  return append({ kind: 'assignment-stop', rid, id, by: party.agent, note })
}

function unknown(id: AssignmentId): Decision {
  return fail('ASSIGNMENT_UNKNOWN', `no assignment ${id} is known here`)
}

function present(view: View, id: AssignmentId): Decision {
  const assignment = view.state.assignments.get(id)
  if (assignment === undefined) return unknown(id)
  return { kind: 'answer', outcome: { kind: 'assigned', assignment, already: true } }
}

function append(body: RecordBody): Decision {
  return { kind: 'append', bodies: [body], warnings: [] }
}
