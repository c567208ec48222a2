// The operations about what a repository wants of claims in it, and about where claims meet.
import { YES } from './flags.ts'
import type { ArgumentSpec, OperationSpec } from './spec.ts'

const REQUEST: ArgumentSpec = {
  field: 'id',
  name: 'REQUEST',
  help: 'as `skein owners requests` shows it (req_…)',
  many: false,
  required: true,
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
    examples: ['skein owners show', 'skein owners show --json'],
    details:
      'What the ledger goes by. It is read from `.skein.yml` as the default branch has it; the last commit that changed the file there wins over earlier ones, and over what `owners set` said before it.',
  },
  'owners/set': {
    summary: 'Set the policy by hand, until the default branch changes it',
    class: 'person',
    ofRepo: true,
    writes: true,
    tool: null,
    arguments: [],
    flags: [YES],
    examples: ['skein owners set .skein.yml', 'skein owners set owners.yaml'],
    details:
      'FILE has the keys `owners`, `shared`, `protected` and `hotspots` of `.skein.yml`; `modules`, `areas` and `shared_files` at its top are taken, too. It replaces the whole policy. What was promoted stays.',
  },
  'owners/export': {
    summary: 'Print the policy as YAML for .skein.yml, promoted patterns included',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: null,
    arguments: [],
    flags: [],
    examples: ['skein owners export'],
    details: 'To be committed by whoever wants a promotion to stay.',
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
    examples: ['skein owners requests', 'skein owners requests --mine'],
    details:
      'A claim in a hard area of others is refused, and asks its owners by that. What nobody answers is forgotten after a day.',
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
    examples: ['skein owners approve req_01J… --for 2h'],
    details:
      'For who asked, and for what was asked, until the time is over. It claims again then, and waits in the queue like everybody. What it was granted lives on by its own time.',
  },
  'owners/deny': {
    summary: 'Do not let a session claim in a hard area of yours',
    class: 'person',
    ofRepo: true,
    writes: true,
    tool: null,
    arguments: [REQUEST],
    flags: [NOTE, YES],
    examples: ["skein owners deny req_01J… --note 'after the release'"],
    details: 'Also takes back what was approved: nothing more is granted by it.',
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
    examples: ['skein hotspots', 'skein hotspots --days 7 --json'],
    details:
      'Counts claims that were refused, or had to wait, by the pattern that was asked for. From 20 on the file wants to be split, from 10 on to be shared. Counts reach the ledger with its next records, or half a minute later.',
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
    examples: ["skein promote 'src/locale/**'", 'skein promote package.json --permanent'],
    details:
      'For files that everybody adds a line to. Several sessions hold them at once then, and git merges what they did. What is held exclusively stays so until it ends.',
  },
  demote: {
    summary: 'End the promotion of a pattern',
    class: 'person',
    ofRepo: true,
    writes: true,
    tool: null,
    arguments: [PATTERN],
    flags: [YES],
    examples: ["skein demote 'src/locale/**'"],
    details: 'Claims of it are exclusive again, from the next one on.',
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
    examples: ['skein stale', 'skein stale --days 3 --release'],
    details:
      'A sign is a claim, a renewal, a wait or a request; of sessions on this machine also whatever else was heard of them. Sessions that only read are silent elsewhere. Most claims end long before by `idle_release` and TTL; tasks live for days.',
  },
} as const satisfies Record<string, OperationSpec>
