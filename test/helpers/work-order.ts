// What an operator asks for, where a test cares for little of it.
import type { AssignmentOrder } from '../../protocol/index.ts'

export function workOrder(task: string, more: Partial<AssignmentOrder> = {}): AssignmentOrder {
  return {
    ...{ task, title: task, prompt: 'do it', launcher: 'sh', branch: `task-${task}` },
    ...{ type: 'work', of: null, attempt: 1, model: null, files: [], ...more },
  }
}
