// The operations on workers: tasks given to machines, and what comes of them.
import type { ArgumentSpec, FlagSpec, OperationSpec } from './spec.ts'
import { AGAIN, KEY, MODEL, YES } from './flags.ts'

const ID: ArgumentSpec = {
  field: 'id',
  name: 'ID',
  help: 'asg_…',
  many: false,
  required: true,
  names: 'assignment',
}

const FURTHER_TRY: readonly FlagSpec[] = [
  {
    flag: '--machine',
    field: 'machine',
    type: 'text',
    value: 'M',
    names: 'machine',
    help: 'where (the same)',
  },
  { flag: '--launcher', field: 'launcher', type: 'text', value: 'L', help: 'how (the same)' },
  { flag: '--again', field: 'again', type: 'switch', help: 'although it was tried five times' },
  KEY,
]

export const FLEET_OPERATIONS = {
  assign: {
    summary: 'Give a task to a worker',
    class: 'agent',
    ofRepo: true,
    writes: true,
    tool: null,
    arguments: [
      {
        field: 'work',
        name: 'TASK|ISSUE|TEXT',
        help: 'a task of a plan, an issue, or the work in words',
        many: false,
        required: true,
        names: 'task',
      },
    ],
    flags: [
      {
        flag: '--machine',
        field: 'machine',
        type: 'text',
        value: 'M',
        names: 'machine',
        help: 'where (here)',
      },
      {
        flag: '--launcher',
        field: 'launcher',
        type: 'text',
        value: 'L',
        help: 'how it is started (claude)',
      },
      {
        flag: '--prompt',
        field: 'prompt',
        type: 'text',
        value: 'TEXT',
        help: 'told beside the task',
      },
      MODEL,
      {
        flag: '--files',
        field: 'files',
        type: 'texts',
        value: 'PATTERN',
        help: 'what it will change; repeat it',
      },
      AGAIN,
      KEY,
    ],
  },
  workers: {
    summary: 'Show workers',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: null,
    arguments: [{ ...ID, required: false }],
    flags: [{ flag: '--all', field: 'all', type: 'switch', help: 'all that are over, too' }],
  },
  log: {
    summary: 'Show what a worker says',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: null,
    arguments: [ID],
    flags: [
      {
        flag: '--since',
        field: 'since',
        type: 'integer',
        value: 'BYTE',
        help: 'from this byte on',
      },
    ],
  },
  stop: {
    summary: 'End a worker',
    class: 'agent',
    ofRepo: true,
    writes: true,
    tool: null,
    arguments: [ID],
    flags: [
      { flag: '--reason', field: 'reason', type: 'text', value: 'TEXT', help: 'why; recorded' },
      {
        flag: '--lost',
        field: 'lost',
        type: 'switch',
        help: 'its machine is gone for good',
      },
      YES,
    ],
  },
  'resume-stuck': {
    summary: 'Answer a worker that asks',
    class: 'agent',
    ofRepo: true,
    writes: true,
    tool: null,
    arguments: [ID],
    flags: [
      {
        flag: '--guidance',
        field: 'guidance',
        type: 'text',
        value: 'TEXT',
        help: 'what it is to do',
      },
    ],
  },
  retry: {
    summary: 'Try a task once more',
    class: 'agent',
    ofRepo: true,
    writes: true,
    tool: null,
    arguments: [ID],
    flags: FURTHER_TRY,
  },
  fix: {
    summary: 'Have work repaired',
    class: 'agent',
    ofRepo: true,
    writes: true,
    tool: null,
    arguments: [ID],
    flags: [
      {
        flag: '--guidance',
        field: 'guidance',
        type: 'text',
        value: 'TEXT',
        help: 'what is to be changed',
      },
      ...FURTHER_TRY,
    ],
  },
} as const satisfies Record<string, OperationSpec>
