// Tools on tasks of plan files: look, take one, say that it is done.
import { z } from 'zod'
import { OUTPUTS } from '../../protocol/index.ts'
import { renderTaskClaim, renderTaskDone, renderTasks } from '../render-tasks.ts'
import { defineTool, type Tool } from '../tool.ts'
import { ENGINEER, identity, name, place, READ, text, waitSeconds, WRITE } from './arguments.ts'

/** Tasks listed when nobody says how many: models are shown them as JSON. */
const LISTED = 25
const LISTED_MAX = 10_000

export const TASK_TOOLS: readonly Tool[] = [
  defineTool({
    name: 'list_tasks',
    operation: 'task/list',
    description: 'List tasks of the plans: who works on them, what is done, what is free.',
    annotations: READ,
    args: z.strictObject({
      free: z.boolean().optional().describe('only claimable ones'),
      plan: name.optional(),
      limit: z.int().min(1).max(LISTED_MAX).optional(),
      ...place,
    }),
    result: OUTPUTS['task/list'],
    toInput: ({ limit, ...rest }) => ({ ...rest, limit: limit ?? LISTED }),
    render: renderTasks,
  }),
  defineTool({
    name: 'claim_task',
    operation: 'task/claim',
    description: 'Claim a task before you begin with it, one a session. "refused": another has it.',
    annotations: WRITE,
    args: z.strictObject({
      task_id: name,
      branch: name.optional(),
      token: name.optional().describe('of list_tasks'),
      again: z.boolean().optional().describe('though completed'),
      wait_seconds: waitSeconds.optional(),
      ...identity,
    }),
    aliases: { ...ENGINEER, id: 'task_id', task: 'task_id' },
    result: OUTPUTS['task/claim'],
    toInput: ({ task_id, wait_seconds, ...rest }) => ({
      ...rest,
      task: task_id,
      wait_s: wait_seconds,
    }),
    render: renderTaskClaim,
  }),
  defineTool({
    name: 'complete_task',
    operation: 'task/complete',
    description: 'Say that your task is done; set its status in the plan too.',
    annotations: { ...WRITE, idempotentHint: true },
    args: z.strictObject({
      task_id: name,
      branch: name.optional(),
      note: text.optional(),
      ...identity,
    }),
    aliases: { ...ENGINEER, id: 'task_id', task: 'task_id' },
    result: OUTPUTS['task/complete'],
    toInput: ({ task_id, ...rest }) => ({ ...rest, task: task_id }),
    render: renderTaskDone,
  }),
]
