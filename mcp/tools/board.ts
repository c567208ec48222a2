// The tool that shows everything at a glance.
import { z } from 'zod'
import { BOARD, readBoard } from '../board.ts'
import { renderBoard } from '../render-board.ts'
import { defineView } from '../tool.ts'
import { place, READ } from './arguments.ts'

export const BOARD_TOOL = defineView({
  name: 'board',
  operation: 'status',
  description: 'Show all repositories at a glance: leader, quorum, who holds what, who waits.',
  annotations: READ,
  args: z.strictObject({ ...place }),
  result: BOARD,
  toInput: (args) => args,
  read: (call, { repo }) => readBoard(call, repo),
  render: renderBoard,
})
