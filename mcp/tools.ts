// The tools: operations of the table, with the names and arguments that users of `coord` know. Every word of a description is
// paid for by every agent in every session, so it says when to call and what comes back, and no more.
import type { Tool } from './tool.ts'
import { BOARD_TOOL } from './tools/board.ts'
import { CLAIM_TOOLS } from './tools/claims.ts'
import { REFACTOR_TOOL } from './tools/refactor.ts'
import { TASK_TOOLS } from './tools/tasks.ts'
import { WAIT_TOOLS } from './tools/waits.ts'
import { WORKER_TOOLS } from './tools/worker.ts'

/** Those that only workers are shown stand last. */
export const TOOLS: readonly Tool[] = [
  ...CLAIM_TOOLS,
  REFACTOR_TOOL,
  ...WAIT_TOOLS,
  ...TASK_TOOLS,
  BOARD_TOOL,
  ...WORKER_TOOLS,
]

const OF_WORKERS: ReadonlySet<Tool> = new Set(WORKER_TOOLS)
/** A worker has its task, which is over with its assignment. */
const NOT_OF_WORKERS: ReadonlySet<Tool> = new Set(TASK_TOOLS)

/** What a client is shown; each can be called by everybody, and the daemon says who may. */
export function toolsFor(isWorker: boolean): readonly Tool[] {
  const left = isWorker ? NOT_OF_WORKERS : OF_WORKERS
  return TOOLS.filter((tool) => !left.has(tool))
}
