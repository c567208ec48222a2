// The verbs of this machine's daemon and program.
import { local, SHELLS, type VerbSpec } from './verb-spec.ts'

export const MACHINE_VERBS: readonly VerbSpec[] = [
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
  local('board', {
    summary: 'Watch repositories, machines, claims and waits, and act on them',
    details:
      'Full screen on a terminal: ? explains the keys, q leaves. Elsewhere, and with --json, the picture of this moment, once.',
    examples: ['skein board', 'skein board --repo team/proj', 'skein board --json'],
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
  local('demo', {
    summary: 'Watch three machines, twelve agents and a split',
    details:
      'Three daemons, a repository and a network of their own, in a temporary folder and on loopback; nothing of yours is touched. One machine is cut off and comes back. Exit 0 when all went as skein promises. With --json an object a line.',
    flags: [
      {
        flag: '--board',
        field: 'board',
        type: 'switch',
        help: 'with the terminal board of the first machine, and the story below it',
      },
      {
        flag: '--keep',
        field: 'keep',
        type: 'switch',
        help: 'leave the machines running until Ctrl-C, and the folder for good',
      },
    ],
    examples: ['skein demo', 'skein demo --board', 'skein demo --keep', 'skein demo --json'],
  }),
  local('completions', {
    summary: 'Print what makes your shell complete skein commands',
    details:
      'A script for bash, zsh or fish: commands, flags and their values, files, and what there is at the moment: ids, machines, repositories. What there is is asked of the daemon while you type; without one nothing is offered, and none is started. The first lines of the script say where to put it.',
    arguments: [
      {
        field: 'shell',
        name: 'SHELL',
        help: 'bash, zsh or fish',
        many: false,
        required: true,
        oneOf: SHELLS,
      },
    ],
    examples: [
      'eval "$(skein completions bash)"',
      'skein completions zsh > ~/.zfunc/_skein',
      'skein completions fish > ~/.config/fish/completions/skein.fish',
    ],
  }),
  local('candidates', {
    isHidden: true,
    summary: 'Print what there is for a word to name; what the scripts of `skein completions` ask',
    details:
      'A line for each: the word, a tab, and what it is. Prints nothing when no daemon answers at once, and never fails.',
    isRaw: true,
    examples: ['skein candidates own-claim -- release clm_'],
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
      {
        field: 'verb',
        name: 'COMMAND',
        help: 'as in `claim`',
        many: true,
        required: false,
        names: 'command',
      },
    ],
    examples: ['skein help claim', 'skein help audit verify'],
  }),
]
