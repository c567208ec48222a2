// Every verb: the operations of the table, and those of this machine alone. Help, parsing and dispatch read this one list.
import {
  OPERATIONS,
  OPERATION_NAMES,
  type ArgumentSpec,
  type FlagSpec,
  type OperationName,
} from '../../protocol/index.ts'

export interface VerbSpec {
  /** As it is typed: `audit verify`. */
  readonly name: string
  readonly group: Group
  readonly summary: string
  readonly details: string
  readonly arguments: readonly ArgumentSpec[]
  readonly flags: readonly FlagSpec[]
  readonly examples: readonly string[]
  /** Its words are another program's: none of them is read here. They come as `words`. */
  readonly isRaw?: true
  readonly does: { readonly operation: OperationName } | { readonly local: LocalVerb }
}

export type Group = 'Claims' | 'Tasks' | 'Repositories' | 'Machines' | 'This machine'

export type LocalVerb =
  | 'up'
  | 'down'
  | 'mcp'
  | 'logs'
  | 'try'
  | 'init'
  | 'push'
  | 'hook pre-commit'
  | 'hook pre-push'
  | 'hook prepare-commit-msg'
  | 'config validate'
  | 'version'
  | 'help'

/** Taken by every verb. */
export const GLOBAL_FLAGS: readonly FlagSpec[] = [
  { flag: '--json', field: 'json', type: 'switch', help: 'one JSON document on stdout' },
  {
    flag: '--repo',
    field: 'repo',
    type: 'text',
    value: 'ID',
    help: 'another repository; patterns are then read from its root',
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
  status: 'This machine',
  metrics: 'This machine',
  config: 'This machine',
  enrol: 'Repositories',
  recover: 'Repositories',
  'audit/verify': 'Repositories',
  'audit/export': 'Repositories',
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
  'audit/verify': [
    {
      field: 'file',
      name: 'FILE',
      help: 'an exported log; needs no daemon',
      many: false,
      required: false,
    },
  ],
}

const LOCAL_VERBS: readonly VerbSpec[] = [
  local('up', {
    summary: 'Start the daemon of this machine',
    details:
      'The daemon is this process, until Ctrl-C; with --background it runs on its own, and the command returns when it is ready.',
    flags: [
      {
        flag: '--background',
        field: 'background',
        type: 'switch',
        help: 'run on its own; exit 0 when one runs already',
      },
      {
        flag: '--http-port',
        field: 'http_port',
        type: 'integer',
        value: 'N',
        help: 'port on loopback, 0 for any free one (7452)',
      },
      {
        flag: '--detached',
        field: 'detached',
        type: 'switch',
        help: 'log to the file only; what --background starts',
      },
    ],
    examples: ['skein up --background', 'skein up --http-port 0'],
  }),
  local('down', {
    summary: 'Stop the daemon; claims stay',
    details: 'Exit 0 when none runs. Claims are on disk and hold again at the next `skein up`.',
    examples: ['skein down'],
  }),
  local('logs', {
    summary: "Show the daemon's log",
    details: 'The last 200 lines. With --json the lines as they are, one JSON object each.',
    flags: [
      { flag: '--follow', field: 'follow', type: 'switch', help: 'go on with what is added' },
    ],
    examples: ['skein logs', 'skein logs --follow --json'],
  }),
  local('mcp', {
    summary: 'Serve MCP on stdin and stdout, for agents',
    details:
      'Copies bytes to the daemon, and starts one when none runs, unless SKEIN_NO_START=1. Agents are configured with the command `skein mcp`.',
    examples: ['claude mcp add skein -- skein mcp'],
  }),
  local('init', {
    group: 'Repositories',
    summary: 'Write .skein.yml and enrol this repository for everybody',
    details:
      'Never overwrites a .skein.yml. Commit the file: whoever has it and runs skein takes part.',
    flags: [
      { flag: '--yes', field: 'yes', type: 'switch', help: 'do not ask' },
      { flag: '--dry-run', field: 'dry_run', type: 'switch', help: 'show the file, write nothing' },
    ],
    examples: ['skein init', 'skein init --repo team/project --yes'],
  }),
  local('push', {
    group: 'Repositories',
    summary: 'git push, fenced: the remote refuses what is pushed under a claim that has ended',
    details:
      "Takes git push's own words and passes them on. In a clone whose config sends its pushes through skein, plain `git push` does the same.",
    isRaw: true,
    examples: ['skein push', 'skein push origin HEAD', 'skein push --force-with-lease'],
  }),
  local('hook pre-commit', {
    group: 'Repositories',
    summary: 'Check the staged files against claims; what the git hook runs',
    details:
      'Exit 1: another holds one of them. Without a daemon it says so and lets the commit pass, unless .skein.yml says `offline: deny` or the file is `protected`.',
    isRaw: true,
    examples: ['skein hook pre-commit'],
  }),
  local('hook pre-push', {
    group: 'Repositories',
    summary: 'Check the files of a push against claims; what the git hook runs',
    details:
      'Takes the remote and its address, and the refs on stdin, as git gives them. A fenced push checks all this itself.',
    isRaw: true,
    examples: ['skein hook pre-push origin https://example.org/team/project'],
  }),
  local('hook prepare-commit-msg', {
    group: 'Repositories',
    summary: 'Name the claims of a commit in its trailers; what the git hook runs',
    details:
      'Adds Skein-Claim and Skein-Fence for the claims that cover the staged files. Never fails.',
    isRaw: true,
    examples: ['skein hook prepare-commit-msg .git/COMMIT_EDITMSG'],
  }),
  local('config validate', {
    summary: 'Check config.yml and .skein.yml',
    details: 'Needs no daemon. Exit 64 names file, line, and the nearest right key.',
    examples: ['skein config validate'],
  }),
  local('try', {
    summary: 'Watch two agents meet, alone and in seconds',
    details:
      'Plays in a temporary repository with a daemon of its own and cleans up after itself. Exit 0 when all went as told.',
    examples: ['skein try'],
  }),
  local('version', {
    summary: 'Print the version',
    details: 'Of this program; `skein status` tells that of the daemon.',
    examples: ['skein version', 'skein version --json'],
  }),
  local('help', {
    summary: 'Explain a command',
    details: 'Without a command: all of them.',
    arguments: [
      { field: 'verb', name: 'COMMAND', help: 'as in `claim`', many: true, required: false },
    ],
    examples: ['skein help claim', 'skein help audit verify'],
  }),
]

export const VERBS: readonly VerbSpec[] = [...OPERATION_NAMES.map(verbOf), ...LOCAL_VERBS]

export function findVerb(name: string): VerbSpec | undefined {
  return VERBS.find((verb) => verb.name === name)
}

function verbOf(operation: OperationName): VerbSpec {
  const { summary, details, examples } = OPERATIONS[operation]
  const words = [...OPERATIONS[operation].arguments, ...(MORE_ARGUMENTS[operation] ?? [])]
  const flags = [...(MORE_FLAGS[operation] ?? []), ...OPERATIONS[operation].flags]
  return {
    name: operation.replace('/', ' '),
    group: GROUPS[operation] ?? 'Claims',
    summary,
    details,
    arguments: words,
    flags,
    examples,
    does: { operation },
  }
}

function local(
  name: LocalVerb,
  spec: Pick<VerbSpec, 'summary' | 'details' | 'examples'> & Partial<VerbSpec>,
): VerbSpec {
  return { name, group: 'This machine', arguments: [], flags: [], does: { local: name }, ...spec }
}
