// The operations on tasks: entries of plan files, worked on by one session at a time.
import { AGAIN, BRANCH, KEY, URGENCY, YES } from './flags.ts'
import type { ArgumentSpec, OperationSpec } from './spec.ts'

const TASK: ArgumentSpec = {
  field: 'task',
  name: 'ID',
  help: "the task's id, as its plan has it",
  many: false,
  required: true,
  names: 'task',
}

export const TASK_OPERATIONS = {
  'task/list': {
    summary: 'List tasks: who works on what, what was completed lately, what is free',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: 'list_tasks',
    arguments: [],
    flags: [
      {
        flag: '--plan',
        field: 'plan',
        type: 'text',
        value: 'PLAN',
        names: 'file',
        help: 'of this plan only: its file or its name',
      },
      { flag: '--free', field: 'free', type: 'switch', help: 'only what can be claimed now' },
      { flag: '--limit', field: 'limit', type: 'integer', value: 'N', help: 'at most this many' },
    ],
  },
  'task/claim': {
    summary: 'Claim a task for this session, which works on one at a time',
    class: 'agent',
    ofRepo: true,
    writes: true,
    tool: 'claim_task',
    arguments: [TASK],
    flags: [
      BRANCH,
      {
        flag: '--token',
        field: 'token',
        type: 'text',
        value: 'TOKEN',
        help: 'of `task list`: refused when the plan has changed since',
      },
      AGAIN,
      {
        flag: '--wait',
        field: 'wait_s',
        type: 'duration',
        value: 'TIME',
        help: 'wait for its holder, and for tasks before it (at most 10m)',
      },
      URGENCY,
      {
        flag: '--ttl',
        field: 'ttl_s',
        type: 'duration',
        value: 'TIME',
        help: 'how long at most (10d)',
      },
      {
        flag: '--description',
        field: 'description',
        type: 'text',
        value: 'TEXT',
        help: "shown to whoever is refused (the task's name)",
      },
      KEY,
    ],
  },
  'task/complete': {
    summary: "Complete this session's task",
    class: 'agent',
    ofRepo: true,
    writes: true,
    tool: 'complete_task',
    arguments: [TASK],
    flags: [
      BRANCH,
      { flag: '--note', field: 'note', type: 'text', value: 'TEXT', help: 'a word to the others' },
    ],
  },
  'task/expire': {
    summary: 'Free the task of a session that is gone',
    class: 'person',
    ofRepo: true,
    writes: true,
    tool: null,
    arguments: [{ ...TASK, required: false }],
    flags: [
      {
        flag: '--of-session',
        field: 'of_session',
        type: 'text',
        value: 'SESSION',
        names: 'session',
        help: 'what this session works on',
      },
      {
        flag: '--of-agent',
        field: 'of_agent',
        type: 'text',
        value: 'AGENT',
        names: 'agent',
        help: 'what sessions of this agent work on',
      },
      { flag: '--reason', field: 'reason', type: 'text', value: 'TEXT', help: 'why; recorded' },
      YES,
    ],
  },
} as const satisfies Readonly<Record<string, OperationSpec>>
