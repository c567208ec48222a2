// The operations about what a repository wants of claims in it, and about where claims meet.
import { YES } from './flags.ts'
import type { ArgumentSpec, OperationSpec } from './spec.ts'

const REQUEST: ArgumentSpec = {
  field: 'id',
  name: 'REQUEST',
  help: 'as `skein owners requests` shows it (req_…)',
  many: false,
  required: true,
  names: 'approval',
}
const PATTERN: ArgumentSpec = {
  field: 'pattern',
  name: 'PATTERN',
  help: 'a path or a glob',
  many: false,
  required: true,
  isPath: true,
}
const NOTE = {
  flag: '--note',
  field: 'note',
  type: 'text',
  value: 'TEXT',
  help: 'a word to whoever asked',
} as const

export const POLICY_OPERATIONS = {
  'owners/show': {
    summary: 'Show what the repository wants of claims: owners, shared and protected files',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: null,
    arguments: [],
    flags: [],
  },
  'owners/set': {
    summary: 'Set the policy by hand, until the default branch changes it',
    class: 'person',
    ofRepo: true,
    writes: true,
    tool: null,
    arguments: [],
    flags: [YES],
  },
  'owners/export': {
    summary: 'Print the policy as YAML for .skein.yml, promoted patterns included',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: null,
    arguments: [],
    flags: [],
  },
  'owners/requests': {
    summary: 'Show who asks to claim in hard areas, and who may',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: null,
    arguments: [],
    flags: [
      { flag: '--mine', field: 'mine', type: 'switch', help: 'asked by you, or yours to answer' },
    ],
  },
  'owners/approve': {
    summary: 'Let a session claim in a hard area of yours',
    class: 'person',
    ofRepo: true,
    writes: true,
    tool: null,
    arguments: [REQUEST],
    flags: [
      { flag: '--for', field: 'for_s', type: 'duration', value: 'TIME', help: 'how long (4h)' },
      NOTE,
      YES,
    ],
  },
  'owners/deny': {
    summary: 'Do not let a session claim in a hard area of yours',
    class: 'person',
    ofRepo: true,
    writes: true,
    tool: null,
    arguments: [REQUEST],
    flags: [NOTE, YES],
  },
  hotspots: {
    summary: 'Show where claims meet, and what would help',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: null,
    arguments: [],
    flags: [
      {
        flag: '--days',
        field: 'days',
        type: 'integer',
        value: 'N',
        help: 'of the last N days (30)',
      },
      {
        flag: '--min',
        field: 'min',
        type: 'integer',
        value: 'N',
        help: 'met so often or more (1)',
      },
      {
        flag: '--limit',
        field: 'limit',
        type: 'integer',
        value: 'N',
        help: 'at most this many (20)',
      },
    ],
  },
  promote: {
    summary: 'Let claims of a pattern be shared from now on',
    class: 'person',
    ofRepo: true,
    writes: true,
    tool: null,
    arguments: [PATTERN],
    flags: [
      {
        flag: '--permanent',
        field: 'permanent',
        type: 'switch',
        help: 'only a person ends it again',
      },
      YES,
    ],
  },
  demote: {
    summary: 'End the promotion of a pattern',
    class: 'person',
    ofRepo: true,
    writes: true,
    tool: null,
    arguments: [PATTERN],
    flags: [YES],
  },
  stale: {
    summary: 'Show who holds something and has shown no sign for long',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: null,
    arguments: [],
    flags: [
      {
        flag: '--days',
        field: 'days',
        type: 'integer',
        value: 'N',
        help: 'no sign for N days (7)',
      },
      {
        flag: '--release',
        field: 'release',
        type: 'switch',
        help: 'end their claims: a person’s act',
      },
      {
        flag: '--reason',
        field: 'reason',
        type: 'text',
        value: 'TEXT',
        help: 'the holder is told why',
      },
      YES,
    ],
  },
} as const satisfies Record<string, OperationSpec>
