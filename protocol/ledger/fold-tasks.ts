// Tasks that are over, and those that are taken up again.
import { CLAIM_END_OF, completedOf, type CompletedTask } from '../task.ts'
import type { Grant, Task } from './body.ts'
import type { Change } from './change.ts'
import { end } from './fold-claims.ts'
import { remember } from './fold-memory.ts'
import type { LedgerRecord } from './record.ts'
import { COMPLETED_LIFE_MS, COMPLETED_REMEMBERED, type LedgerState } from './state.ts'

export function endTasks(state: LedgerState, record: LedgerRecord, body: Task): Change[] {
  const { reason, by, note } = body
  const how = { reason, by, note, atMs: record.atMs, index: record.index }
  const over = body.ids.flatMap((id): CompletedTask[] => {
    const claim = state.claims.get(id)
    return claim?.kind === 'task' ? [completedOf(claim, how)] : []
  })
  const ids = over.map(({ claim }) => claim)
  const changes = end(state, record, ids, CLAIM_END_OF[reason], by, note)
  for (const task of over) complete(state, task)
  forgetOld(state, record.atMs)
  remember(state, body.rid, { kind: 'task-over', tasks: over })
  return [...changes, ...over.map((task): Change => ({ kind: 'task-over', task }))]
}

/** Whoever is granted a task begins it anew, whatever was said of it before. */
export function reopenTasks(state: LedgerState, { claims }: Grant): void {
  for (const { kind, pattern } of claims) if (kind === 'task') state.completed.delete(pattern)
}

function complete(state: LedgerState, task: CompletedTask): void {
  state.completed.delete(task.task)
  state.completed.set(task.task, task)
}

function forgetOld(state: LedgerState, atMs: number): void {
  for (const [task, over] of state.completed) {
    const isOld = atMs - over.atMs > COMPLETED_LIFE_MS
    if (!isOld && state.completed.size <= COMPLETED_REMEMBERED) return
    state.completed.delete(task)
  }
}
