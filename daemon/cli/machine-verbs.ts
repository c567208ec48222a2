// The verbs of this machine's daemon and program.
import { DRY_RUN_FLAG, local, SHELLS, type VerbSpec } from './verb-spec.ts'

export const MACHINE_VERBS: readonly VerbSpec[] = [
  local('up', {
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
  }),
  local('down'),
  local('logs', {
    flags: [
      { flag: '--follow', field: 'follow', type: 'switch', help: 'go on with what is added' },
    ],
  }),
  local('service install', {
    flags: [
      DRY_RUN_FLAG,
      {
        flag: '--restart',
        field: 'restart',
        type: 'switch',
        help: 'start it anew also when nothing has changed',
      },
    ],
  }),
  local('service uninstall', { flags: [DRY_RUN_FLAG] }),
  local('service status'),
  local('service print'),
  local('mcp'),
  local('board'),
  local('config validate'),
  local('try'),
  local('demo', {
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
  }),
  local('completions', {
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
  }),
  local('candidates', {
    isHidden: true,
    isRaw: true,
  }),
  local('version'),
  local('help', {
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
  }),
]
