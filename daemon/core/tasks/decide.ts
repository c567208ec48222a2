// How tasks end: completed by the session that works on them, freed by an operator, or completed because their branch is
// gone. A task is its session's: another session of the same agent would do the work twice, or call it done unseen.
import {
  peerOf,
  isSameSession,
  type LedgerClaim,
  type RecordBody,
  type RequestId,
  type TaskEnd,
} from '../../../protocol/index.ts'
import type {
  BranchGoneCommand,
  CompleteCommand,
  ExpireTasksCommand,
  TaskTarget,
} from '../claims/command.ts'
import { fail, type Decision } from '../claims/decision.ts'
import { assignmentOf, endsWithAssignment } from '../fleet/held.ts'
import type { View } from '../view.ts'
import { holderOf } from './needs.ts'

export function decideComplete(rid: RequestId, command: CompleteCommand, view: View): Decision {
  const { task, party } = command
  const claim = holderOf(view, task)
  if (claim === null) return notClaimed(command, view)
  if (!isSameSession(party, claim)) return notYours(claim)
  const assignment = assignmentOf(view, claim.id)
  if (assignment !== null) return endsWithAssignment(assignment)
  const wrong = wrongBranch(command, claim)
  if (wrong !== null) return wrong
  return over(rid, [claim], 'client_completed', party.agent, command.note)
}

export function decideExpireTasks(
  rid: RequestId,
  command: ExpireTasksCommand,
  view: View,
): Decision {
  const { target, party, note } = command
  const claims = [...view.state.claims.values()].filter(
    (claim) => claim.kind === 'task' && isMeant(claim, target),
  )
  if (claims.length === 0) {
    return fail('TASK_NOT_CLAIMED', `nobody works on ${targetText(target)} now`)
  }
  return over(rid, claims, 'timed_out', party.agent, note)
}

export function decideBranchGone(rid: RequestId, command: BranchGoneCommand, view: View): Decision {
  const { ids, branch } = command
  // A claim that moved to another branch since the remote was asked goes on.
  const claims = ids
    .flatMap((id) => view.state.claims.get(id) ?? [])
    .filter(
      (claim) => claim.kind === 'task' && claim.branch === branch && claim.peer === peerOf(rid),
    )
  if (claims.length > 0) return over(rid, claims, 'branch_removed', 'daemon', '')
  return { kind: 'answer', outcome: { kind: 'task-over', tasks: [], already: true } }
}

function over(
  rid: RequestId,
  claims: readonly LedgerClaim[],
  reason: TaskEnd,
  by: string,
  note: string,
): Decision {
  const ids = claims.map(({ id }) => id)
  const body: RecordBody = { kind: 'task', rid, ids, reason, by, note }
  return { kind: 'append', bodies: [body], warnings: [] }
}

/** Completing twice is one completion; its answer may have been lost. */
function notClaimed({ task, party }: CompleteCommand, view: View): Decision {
  const known = view.state.completed.get(task)
  if (known === undefined) {
    return fail('TASK_NOT_CLAIMED', `nobody works on task ${task}: claim it first`, {
      hint: `skein task claim ${task}`,
      data: { task },
    })
  }
  if (known.reason === 'client_completed' && isSameSession(party, known)) {
    return { kind: 'answer', outcome: { kind: 'task-over', tasks: [known], already: true } }
  }
  const { agent, reason } = known
  return fail('TASK_NOT_CLAIMED', `task ${task} is over: ${reason}, last held by ${agent}`, {
    data: { task, agent, reason, at_ms: known.atMs },
  })
}

function notYours({ pattern, agent, branch, id, machine }: LedgerClaim): Decision {
  return fail('TASK_NOT_YOURS', `${agent} works on task ${pattern} in another session`, {
    hint: `skein request ${id} --reason TEXT (if its session is gone, a person: skein task expire ${pattern})`,
    data: { task: pattern, agent, machine, branch, claim: id },
  })
}

/** Work that goes from the trunk to a branch, or has landed on the trunk, is the same work. */
function wrongBranch(command: CompleteCommand, { branch, pattern }: LedgerClaim): Decision | null {
  const { trunk, party } = command
  const now = party.branch
  if (now === null || branch === null || now === branch) return null
  if (now === trunk || branch === trunk) return null
  return fail('TASK_BRANCH', `task ${pattern} is worked on at branch ${branch}, not ${now}`, {
    hint: `git switch ${branch} (or: skein task complete ${pattern} --branch ${branch})`,
    data: { task: pattern, branch, here: now },
  })
}

function isMeant(claim: LedgerClaim, target: TaskTarget): boolean {
  switch (target.by) {
    case 'task':
      return claim.pattern === target.task
    case 'session':
      return claim.session === target.session
    case 'agent':
      return claim.agent === target.agent
  }
}

function targetText(target: TaskTarget): string {
  switch (target.by) {
    case 'task':
      return `task ${target.task}`
    case 'session':
      return `a task in session ${target.session}`
    case 'agent':
      return `a task as ${target.agent}`
  }
}
