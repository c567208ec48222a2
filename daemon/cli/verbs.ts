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
  | 'upgrade'
  | 'uninstall'
  | 'doctor'
  | 'config validate'
  | 'hook session-start'
  | 'hook session-end'
  | 'hook post-tool'
  | 'push'
  | 'hook pre-commit'
  | 'hook pre-push'
  | 'hook prepare-commit-msg'
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
  'tokens/create': 'This machine',
  'tokens/list': 'This machine',
  'tokens/rotate': 'This machine',
  'tokens/revoke': 'This machine',
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

const YES_FLAG: FlagSpec = { flag: '--yes', field: 'yes', type: 'switch', help: 'do not ask' }
const DRY_RUN_FLAG: FlagSpec = {
  flag: '--dry-run',
  field: 'dry_run',
  type: 'switch',
  help: 'show the changes as a diff, write nothing',
}
const TOOL_FLAG: FlagSpec = {
  flag: '--tool',
  field: 'tools',
  type: 'texts',
  value: 'T',
  help: 'claude, codex, cursor or all; may be repeated (those that are used here)',
}

/** Of the hooks that harnesses call. */
const HARNESS: FlagSpec = {
  flag: '--harness',
  field: 'harness',
  type: 'text',
  value: 'NAME',
  help: 'claude, codex or cursor',
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
    summary: 'Enrol this repository and wire skein into its harnesses',
    details:
      'Writes .skein.yml, MCP registrations, hooks of the harnesses, a block in AGENTS.md, and git hooks beside those that are there. Shows what it will do and asks once. A second run changes nothing; files that it cannot read are named and left alone, and the exit is 1.',
    flags: [
      TOOL_FLAG,
      YES_FLAG,
      DRY_RUN_FLAG,
      {
        flag: '--service',
        field: 'service',
        type: 'switch',
        help: 'a user service, which starts the daemon at login',
      },
      {
        flag: '--trust',
        field: 'trust',
        type: 'switch',
        help: 'trust this folder and these hooks in your own Codex, as its /hooks does',
      },
    ],
    examples: ['skein init --tool all', 'skein init --tool claude --tool codex --dry-run'],
  }),
  local('upgrade', {
    group: 'Repositories',
    summary: 'Bring what init wrote up to this version',
    details:
      'Refreshes hooks, blocks and registrations that are there; adds no harness. The program itself is upgraded by npm.',
    flags: [YES_FLAG, DRY_RUN_FLAG],
    examples: ['skein upgrade', 'skein upgrade --dry-run'],
  }),
  local('uninstall', {
    group: 'Repositories',
    summary: 'Take out of this repository what init wrote',
    details:
      'Blocks, hooks and registrations go, hooks that were there before come back, all other text stays byte for byte. .skein.yml stays, unless --all says otherwise.',
    flags: [
      TOOL_FLAG,
      YES_FLAG,
      DRY_RUN_FLAG,
      { flag: '--all', field: 'all', type: 'switch', help: '.skein.yml too' },
      { flag: '--service', field: 'service', type: 'switch', help: 'the user service too' },
    ],
    examples: ['skein uninstall', 'skein uninstall --tool cursor --yes'],
  }),
  local('doctor', {
    summary: 'Check every link between an edit and the daemon',
    details:
      'A line for each: OK, WARN or FAIL, and what to do. With --canary each harness is made to write to a file that somebody else holds, its own program driven by a scripted model on loopback: BLOCKED, LEAKED, REPLAYED (Cursor, by recorded payloads), NOT INSTALLED, or UNKNOWN where it never came to write. Exit 1 with any FAIL, LEAKED or UNKNOWN.',
    flags: [
      { flag: '--canary', field: 'canary', type: 'switch', help: 'prove it with a write' },
      TOOL_FLAG,
      {
        flag: '--bundle',
        field: 'bundle',
        type: 'text',
        value: 'FILE',
        help: 'what helps others to find a fault, as JSON, without secrets',
      },
    ],
    examples: ['skein doctor', 'skein doctor --canary', 'skein doctor --bundle report.json'],
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
  local('hook session-start', {
    summary: 'Tell a beginning session of a harness who holds what',
    details:
      "A harness's hook: reads its payload on stdin, starts a daemon when none runs, and prints at most five lines for the model.",
    flags: [HARNESS],
    examples: ['skein hook session-start --harness claude < payload.json'],
  }),
  local('hook session-end', {
    summary: 'Give back what an ending session of a harness holds',
    details: "A harness's hook: reads its payload on stdin. Answers within a second.",
    flags: [HARNESS],
    examples: ['skein hook session-end --harness claude < payload.json'],
  }),
  local('hook post-tool', {
    summary: 'Judge by its effect what an agent has just run',
    details:
      "A harness's hook: reads its payload on stdin. Commands whose text does not say what they write are judged by what has changed: a file that another holds is told to the model and to the holder, a free one is claimed.",
    flags: [HARNESS],
    examples: ['skein hook post-tool --harness claude < payload.json'],
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
