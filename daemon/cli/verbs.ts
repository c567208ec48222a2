// Every verb: the operations of the table, and those of this machine alone. Help, parsing and dispatch read this one list.
import {
  OPERATIONS,
  OPERATION_NAMES,
  type ArgumentSpec,
  type FlagSpec,
  type OperationName,
} from '../../protocol/index.ts'
import { MACHINE_VERBS } from './machine-verbs.ts'
import type { Group, VerbSpec } from './verb-spec.ts'
import { PATIENCE, WIRING_VERBS } from './wiring-verbs.ts'

/** Taken by every verb. */
export const GLOBAL_FLAGS: readonly FlagSpec[] = [
  { flag: '--json', field: 'json', type: 'switch', help: 'one JSON document on stdout' },
  {
    flag: '--repo',
    field: 'repo',
    type: 'text',
    value: 'ID',
    help: 'another repository; patterns are then read from its root',
    names: 'repository',
  },
  { flag: '--agent', field: 'agent', type: 'text', value: 'A', help: 'who you are ($SKEIN_AGENT)' },
  {
    flag: '--session',
    field: 'session',
    type: 'text',
    value: 'S',
    help: 'which run of you ($SKEIN_SESSION, the harness, the terminal)',
  },
  { flag: '--quiet', field: 'quiet', type: 'switch', help: 'ids only, or nothing' },
  { flag: '--help', field: 'help', type: 'switch', help: 'this text' },
]

/** Operations that are not about claims. */
const GROUPS: Readonly<Partial<Record<OperationName, Group>>> = {
  'task/list': 'Tasks',
  'task/claim': 'Tasks',
  'task/complete': 'Tasks',
  'task/expire': 'Tasks',
  assign: 'Workers',
  workers: 'Workers',
  log: 'Workers',
  stop: 'Workers',
  plan: 'Workers',
  approve: 'Workers',
  split: 'Workers',
  notify: 'Workers',
  done: 'Workers',
  resume: 'Workers',
  test: 'Workers',
  review: 'Workers',
  pr: 'Workers',
  merge: 'Workers',
  trust: 'Workers',
  'resume-stuck': 'Workers',
  retry: 'Workers',
  fix: 'Workers',
  'wip/list': 'Kept work',
  'wip/show': 'Kept work',
  'wip/restore': 'Kept work',
  'wip/drop': 'Kept work',
  status: 'This machine',
  metrics: 'This machine',
  config: 'This machine',
  enrol: 'Repositories',
  recover: 'Repositories',
  'audit/verify': 'Repositories',
  'audit/export': 'Repositories',
  'owners/show': 'Repositories',
  'owners/set': 'Repositories',
  'owners/export': 'Repositories',
  'owners/requests': 'Repositories',
  'owners/approve': 'Repositories',
  'owners/deny': 'Repositories',
  hotspots: 'Repositories',
  promote: 'Repositories',
  demote: 'Repositories',
  stale: 'Repositories',
  invite: 'Machines',
  'invite/revoke': 'Machines',
  invitations: 'Machines',
  join: 'Machines',
  leave: 'Machines',
  members: 'Machines',
  'member/promote': 'Machines',
  'member/demote': 'Machines',
  'member/remove': 'Machines',
  peers: 'Machines',
  leader: 'Machines',
  guard: 'Hooks',
  cover: 'Hooks',
  fence: 'Hooks',
  landed: 'Hooks',
  'tokens/create': 'This machine',
  'tokens/list': 'This machine',
  'tokens/rotate': 'This machine',
  'tokens/revoke': 'This machine',
  web: 'This machine',
  'webhooks/list': 'This machine',
  'webhooks/test': 'This machine',
  'webhooks/retry': 'This machine',
  'webhooks/purge': 'This machine',
}

/** What only the command line takes: no other door has a screen to follow on, or files. */
const MORE_FLAGS: Readonly<Partial<Record<OperationName, readonly FlagSpec[]>>> = {
  verify: [
    {
      flag: '--push',
      field: 'push',
      type: 'switch',
      help: 'check pushed commits against the tokens of the remote; needs no daemon',
    },
    {
      flag: '--range',
      field: 'range',
      type: 'text',
      value: 'A..B',
      help: 'with --push: which commits (what the upstream has not)',
    },
    {
      flag: '--remote',
      field: 'remote',
      type: 'text',
      value: 'NAME',
      help: 'with --push: whose tokens (origin)',
    },
  ],
  web: [
    {
      flag: '--no-open',
      field: 'no_open',
      type: 'switch',
      help: 'print the address only, and start no browser',
    },
  ],
  guard: [PATIENCE],
  log: [
    {
      flag: '--follow',
      field: 'follow',
      type: 'switch',
      help: 'go on until it has ended',
    },
  ],
  test: [
    {
      flag: '--output',
      field: 'output',
      type: 'text',
      value: 'FILE',
      help: 'with --fail: its end is recorded, too',
      names: 'file',
    },
  ],
  events: [
    {
      flag: '--follow',
      field: 'follow',
      type: 'switch',
      help: 'go on as it happens, until Ctrl-C',
    },
  ],
}
const MORE_ARGUMENTS: Readonly<Partial<Record<OperationName, readonly ArgumentSpec[]>>> = {
  'owners/set': [
    {
      field: 'policy',
      name: 'FILE',
      help: 'YAML, as .skein.yml has it',
      many: false,
      required: true,
      names: 'file',
    },
  ],
  'audit/verify': [
    {
      field: 'file',
      name: 'FILE',
      help: 'an exported log; needs no daemon',
      many: false,
      required: false,
      names: 'file',
    },
  ],
}

/** Operations by another name. */
const ALIASES: readonly VerbSpec[] = [
  { ...verbOf('workers'), name: 'assignments', isHidden: true },
  {
    ...{ ...verbOf('log'), name: 'watch', summary: 'Follow what matters of what a worker says' },
    flags: [],
  },
]

const ALL: readonly VerbSpec[] = [
  ...OPERATION_NAMES.map(verbOf),
  ...ALIASES,
  ...WIRING_VERBS,
  ...MACHINE_VERBS,
]

/** Those that people are told of. */
export const VERBS: readonly VerbSpec[] = ALL.filter(({ isHidden }) => isHidden !== true)

export function findVerb(name: string): VerbSpec | undefined {
  return ALL.find((verb) => verb.name === name)
}

function verbOf(operation: OperationName): VerbSpec {
  const words = [...OPERATIONS[operation].arguments, ...(MORE_ARGUMENTS[operation] ?? [])]
  const flags = [...(MORE_FLAGS[operation] ?? []), ...OPERATIONS[operation].flags]
  return {
    name: operation.replace('/', ' '),
    group: GROUPS[operation] ?? 'Claims',
    arguments: words,
    flags,
    does: { operation },
  }
}
