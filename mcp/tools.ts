// The tools: operations of the table, with the names and arguments that users of `coord` know. Every word of a description is
// paid for by every agent in every session, so it says when to call and what comes back, and no more.
import type { Tool } from './tool.ts'
import { BOARD_TOOL } from './tools/board.ts'
import { CLAIM_TOOLS } from './tools/claims.ts'
import { REFACTOR_TOOL } from './tools/refactor.ts'
import { TASK_TOOLS } from './tools/tasks.ts'
import { WAIT_TOOLS } from './tools/waits.ts'

export const TOOLS: readonly Tool[] = [
  ...CLAIM_TOOLS,
  REFACTOR_TOOL,
  ...WAIT_TOOLS,
  ...TASK_TOOLS,
  BOARD_TOOL,
]
