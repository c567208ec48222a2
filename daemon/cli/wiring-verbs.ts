// The verbs that wire skein into harnesses and git, and those that the wires run.
import { HARNESSES, type FlagSpec } from '../../protocol/index.ts'
import { DRY_RUN_FLAG, local, type VerbSpec } from './verb-spec.ts'

const YES_FLAG: FlagSpec = { flag: '--yes', field: 'yes', type: 'switch', help: 'do not ask' }
const TOOL_FLAG: FlagSpec = {
  flag: '--tool',
  field: 'tools',
  type: 'texts',
  value: 'T',
  help: 'claude, codex, cursor or all; may be repeated (those that are used here)',
  oneOf: [...HARNESSES, 'all'],
}

/** Of the hooks that harnesses call. */
const HARNESS: FlagSpec = {
  flag: '--harness',
  field: 'harness',
  type: 'text',
  value: 'NAME',
  help: 'claude, codex or cursor',
  oneOf: HARNESSES,
}

/** Of those that may wait. */
export const PATIENCE: FlagSpec = {
  flag: '--patience',
  field: 'patience_s',
  type: 'duration',
  value: 'TIME',
  help: "how long the hook may wait for what is held: less than the harness's timeout (0s)",
}

export const WIRING_VERBS: readonly VerbSpec[] = [
  local('init', {
    group: 'Repositories',
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
  }),
  local('upgrade', {
    group: 'Repositories',
    flags: [YES_FLAG, DRY_RUN_FLAG],
  }),
  local('uninstall', {
    group: 'Repositories',
    flags: [
      TOOL_FLAG,
      YES_FLAG,
      DRY_RUN_FLAG,
      { flag: '--all', field: 'all', type: 'switch', help: '.skein.yml too' },
      { flag: '--service', field: 'service', type: 'switch', help: 'the user service too' },
    ],
  }),
  local('doctor', {
    flags: [
      { flag: '--canary', field: 'canary', type: 'switch', help: 'prove it with a write' },
      TOOL_FLAG,
      {
        flag: '--bundle',
        field: 'bundle',
        type: 'text',
        value: 'FILE',
        names: 'file',
        help: 'what helps others to find a fault, as JSON, without secrets',
      },
    ],
  }),
  local('push', {
    group: 'Repositories',
    isRaw: true,
  }),
  local('hook pre-commit', {
    group: 'Hooks',
    isRaw: true,
  }),
  local('hook pre-push', {
    group: 'Hooks',
    isRaw: true,
  }),
  local('hook prepare-commit-msg', {
    group: 'Hooks',
    isRaw: true,
  }),
  local('hook session-start', {
    group: 'Hooks',
    flags: [HARNESS],
  }),
  local('hook session-end', {
    group: 'Hooks',
    flags: [HARNESS],
  }),
  local('hook post-tool', {
    group: 'Hooks',
    flags: [HARNESS],
  }),
  local('hook turn-end', {
    group: 'Hooks',
    flags: [HARNESS, PATIENCE],
  }),
]
