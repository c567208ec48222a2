// The operations on workers: tasks given to machines, and what comes of them.
import type { ArgumentSpec, OperationSpec } from './spec.ts'
import { YES } from './flags.ts'

const ID: ArgumentSpec = {
  field: 'id',
  name: 'ID',
  help: 'asg_…, as `skein workers` shows it',
  many: false,
  required: true,
  names: 'assignment',
}

export const FLEET_OPERATIONS = {
  assign: {
    summary: 'Give a task to a worker, on this machine or another one',
    class: 'agent',
    ofRepo: true,
    writes: true,
    tool: null,
    arguments: [
      {
        field: 'work',
        name: 'TASK|TEXT',
        help: "a task's id as its plan has it, or the work in words",
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
        help: 'whose worker (this machine)',
      },
      {
        flag: '--launcher',
        field: 'launcher',
        type: 'text',
        value: 'L',
        help: 'how it is started, by its name there (`fleet.launcher` of .skein.yml, else claude)',
      },
      {
        flag: '--prompt',
        field: 'prompt',
        type: 'text',
        value: 'TEXT',
        help: 'what the worker is told beside the task',
      },
      { flag: '--again', field: 'again', type: 'switch', help: 'although it was completed' },
      {
        flag: '--key',
        field: 'idempotency_key',
        type: 'text',
        value: 'KEY',
        help: 'the same key gives the same answer again',
      },
    ],
    examples: [
      'skein assign fix-login --machine build-2',
      "skein assign 'rename the setting foo to bar, with its tests' --launcher claude",
    ],
  },
  workers: {
    summary: 'Show workers: what they do, where, how far they are',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: null,
    arguments: [{ ...ID, required: false }],
    flags: [
      { flag: '--all', field: 'all', type: 'switch', help: 'all that are over, too (the last 10)' },
    ],
    examples: ['skein workers', 'skein workers asg_01J… --json'],
  },
  log: {
    summary: 'Show what a worker says, on whichever machine it is',
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
        help: 'from this byte of the log on (0)',
      },
    ],
    examples: ['skein log asg_01J…', 'skein log asg_01J… --follow'],
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
        help: 'its machine is gone for good: a person gives the worker up',
      },
      YES,
    ],
    examples: ['skein stop asg_01J…', "skein stop asg_01J… --lost --reason 'the disk is dead'"],
  },
} as const satisfies Record<string, OperationSpec>
