// Tasks that are over: their claims end, and that they are over is remembered.
import { CLAIM_END_OF, completedOf, type CompletedTask } from '../task.ts'
import type { Task } from './body.ts'
import type { Change } from './change.ts'
import { end } from './fold-claims.ts'
import { complete } from './fold-completed.ts'
import { remember } from './fold-memory.ts'
import type { LedgerRecord } from './record.ts'
import type { LedgerState } from './state.ts'

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
  remember(state, body.rid, { kind: 'task-over', tasks: over })
  return [...changes, ...over.map((task): Change => ({ kind: 'task-over', task }))]
}
