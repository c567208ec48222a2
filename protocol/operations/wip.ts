// The operations on kept work: what sessions had not committed when they lost their claims.
import { YES } from './flags.ts'
import type { ArgumentSpec, OperationSpec } from './spec.ts'

const ID: ArgumentSpec = {
  field: 'id',
  name: 'ID',
  help: 'wip_…, as `skein wip` shows it, or the id of the claim that it was under',
  many: false,
  required: true,
}

export const WIP_OPERATIONS = {
  'wip/list': {
    summary: 'Show the work that was kept when claims ended against the will of their sessions',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: null,
    arguments: [],
    flags: [
      { flag: '--mine', field: 'mine', type: 'switch', help: 'of this session, and of its agent' },
      { flag: '--of-agent', field: 'of_agent', type: 'text', value: 'A', help: "this agent's" },
      {
        flag: '--of-session',
        field: 'of_session',
        type: 'text',
        value: 'S',
        help: "this session's",
      },
      {
        flag: '--all-repos',
        field: 'all_repos',
        type: 'switch',
        help: 'of every enrolled repository',
      },
      {
        flag: '--limit',
        field: 'limit',
        type: 'integer',
        value: 'N',
        help: 'at most this many (100)',
      },
    ],
    examples: ['skein wip', 'skein wip list --mine', 'skein wip list --json'],
    details:
      'When a claim ends by silence, by its time, by the death of its process, by a person, or because it lost against another side of a partition, the daemon keeps what is not committed in the files that it covered: as a commit at refs/skein/wip/ID of the clone. Nothing else changes; the files stay as they are. Kept work is removed after 14 days (`retention.wip` in config.yml).',
  },
  'wip/show': {
    summary: 'Show what is in kept work',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: null,
    arguments: [ID],
    flags: [],
    examples: ['skein wip show wip_01J…', 'skein wip show clm_01J…'],
    details: 'Whose it is, why it was kept, which files, and what was left out of it.',
  },
  'wip/restore': {
    summary: 'Bring kept work back, into this checkout or as a branch',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: null,
    arguments: [ID],
    flags: [
      {
        flag: '--branch',
        field: 'to_branch',
        type: 'text',
        value: 'NAME',
        help: 'make a new branch of it, and write no file',
      },
      {
        flag: '--force',
        field: 'force',
        type: 'switch',
        help: 'into files that others hold, too: a person confirms it',
      },
      YES,
    ],
    examples: ['skein wip restore wip_01J…', 'skein wip restore wip_01J… --branch rescue'],
    details:
      'Its changes are merged into what is checked out here, and are not committed. Files with other work in them that is not committed are never overwritten: then nothing is written at all. Where the two do not fit, git puts its marks into the file, and the exit is 1. Files that another session holds are refused.',
  },
  'wip/drop': {
    summary: 'Give kept work up',
    class: 'person',
    ofRepo: true,
    writes: false,
    tool: null,
    arguments: [
      {
        field: 'ids',
        name: 'ID',
        help: 'wip_…, as `skein wip` shows it',
        many: true,
        required: false,
      },
    ],
    flags: [
      {
        flag: '--older',
        field: 'older_s',
        type: 'duration',
        value: 'TIME',
        help: 'all that was kept longer ago than this',
      },
      YES,
    ],
    examples: ['skein wip drop wip_01J…', 'skein wip drop --older 7d'],
    details:
      'Its ref is removed. git has the commit for some two weeks more: the answer says how it is brought back.',
  },
} as const satisfies Record<string, OperationSpec>
