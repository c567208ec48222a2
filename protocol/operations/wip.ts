// The operations on kept work: what sessions had not committed when they lost their claims.
import { YES } from './flags.ts'
import type { ArgumentSpec, OperationSpec } from './spec.ts'

const ID: ArgumentSpec = {
  field: 'id',
  name: 'ID',
  help: 'wip_…, as `skein wip` shows it, or the id of the claim that it was under',
  many: false,
  required: true,
  names: 'kept-work',
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
      {
        flag: '--of-agent',
        field: 'of_agent',
        type: 'text',
        value: 'A',
        help: "this agent's",
        names: 'agent',
      },
      {
        flag: '--of-session',
        field: 'of_session',
        type: 'text',
        value: 'S',
        names: 'session',
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
  },
  'wip/show': {
    summary: 'Show what is in kept work',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: null,
    arguments: [ID],
    flags: [],
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
        names: 'kept-work',
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
  },
} as const satisfies Record<string, OperationSpec>
