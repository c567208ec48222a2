// The operations on plans: what may begin, where, and the end of a working day.
import { MODEL } from './flags.ts'
import type { ArgumentSpec, FlagSpec, OperationSpec } from './spec.ts'

const DRY_RUN: FlagSpec = {
  flag: '--dry-run',
  field: 'dry_run',
  type: 'switch',
  help: 'change nothing',
}
const TASK: ArgumentSpec = {
  field: 'task',
  name: 'TASK',
  help: 'to split',
  many: false,
  required: true,
  names: 'task',
}
const COMMON = { class: 'agent', ofRepo: true, tool: null } as const

export const PLANNING_OPERATIONS = {
  plan: {
    ...COMMON,
    summary: 'Propose tasks for machines',
    writes: true,
    arguments: [],
    flags: [
      {
        flag: '--machine',
        field: 'machines',
        type: 'texts',
        value: 'M',
        names: 'machine',
        help: 'only there',
      },
      { flag: '--launcher', field: 'launcher', type: 'text', value: 'L', help: 'how (claude)' },
      { flag: '--limit', field: 'limit', type: 'integer', value: 'N', help: 'at most (20)' },
      { flag: '--rank', field: 'rank', type: 'text', value: 'L', help: 'who orders them' },
      DRY_RUN,
    ],
  },
  approve: {
    ...COMMON,
    summary: 'Give proposed tasks to their machines',
    writes: true,
    arguments: [
      {
        field: 'ids',
        name: 'ID|TASK',
        help: 'of a proposal',
        many: true,
        required: false,
        names: 'task',
      },
    ],
    flags: [
      { flag: '--all', field: 'all', type: 'switch', help: 'all' },
      {
        flag: '--machine',
        field: 'machine',
        type: 'text',
        value: 'M',
        names: 'machine',
        help: 'there instead',
      },
      MODEL,
      DRY_RUN,
    ],
  },
  split: {
    ...COMMON,
    summary: 'Write a task down as several',
    writes: false,
    arguments: [
      TASK,
      { field: 'titles', name: 'TITLE', help: 'of each part', many: true, required: true },
    ],
    flags: [],
  },
  notify: {
    ...COMMON,
    summary: 'Tell the tracker what workers did',
    writes: false,
    arguments: [],
    flags: [DRY_RUN],
  },
  done: {
    ...COMMON,
    summary: 'End a working day',
    writes: false,
    arguments: [],
    flags: [
      { flag: '--keep-running', field: 'keep_running', type: 'switch', help: 'workers may run on' },
    ],
  },
  resume: {
    ...COMMON,
    summary: 'Show where work stands, and what is next',
    writes: false,
    arguments: [],
    flags: [],
  },
} as const satisfies Record<string, OperationSpec>
