// The verbs that wire skein into harnesses and git, and those that the wires run.
import { HARNESSES, type FlagSpec } from '../../protocol/index.ts'
import { local, type VerbSpec } from './verb-spec.ts'

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
        names: 'file',
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
    group: 'Hooks',
    summary: 'Check the staged files against claims; what the git hook runs',
    details:
      'Exit 1: another holds one of them. Without a daemon it says so and lets the commit pass, unless .skein.yml says `offline: deny` or the file is `protected`.',
    isRaw: true,
    examples: ['skein hook pre-commit'],
  }),
  local('hook pre-push', {
    group: 'Hooks',
    summary: 'Check the files of a push against claims; what the git hook runs',
    details:
      'Takes the remote and its address, and the refs on stdin, as git gives them. A fenced push checks all this itself.',
    isRaw: true,
    examples: ['skein hook pre-push origin https://example.org/team/project'],
  }),
  local('hook prepare-commit-msg', {
    group: 'Hooks',
    summary: 'Name the claims of a commit in its trailers; what the git hook runs',
    details:
      'Adds Skein-Claim and Skein-Fence for the claims that cover the staged files. Never fails.',
    isRaw: true,
    examples: ['skein hook prepare-commit-msg .git/COMMIT_EDITMSG'],
  }),
  local('hook session-start', {
    group: 'Hooks',
    summary: 'Tell a beginning session of a harness who holds what',
    details:
      "A harness's hook: reads its payload on stdin, starts a daemon when none runs, and prints at most five lines for the model.",
    flags: [HARNESS],
    examples: ['skein hook session-start --harness claude < payload.json'],
  }),
  local('hook session-end', {
    group: 'Hooks',
    summary: 'Give back what an ending session of a harness holds',
    details: "A harness's hook: reads its payload on stdin. Answers within a second.",
    flags: [HARNESS],
    examples: ['skein hook session-end --harness claude < payload.json'],
  }),
  local('hook post-tool', {
    group: 'Hooks',
    summary: 'Judge by its effect what an agent has just run',
    details:
      "A harness's hook: reads its payload on stdin. Commands whose text does not say what they write are judged by what has changed: a file that another holds is told to the model and to the holder, a free one is claimed.",
    flags: [HARNESS],
    examples: ['skein hook post-tool --harness claude < payload.json'],
  }),
  local('hook turn-end', {
    group: 'Hooks',
    summary: 'Wake a model that has stopped once its session was granted what it waits for',
    details:
      "A harness's hook: reads its payload on stdin. It ends at once where the session waits for nothing; else it stays for as long as --patience allows. Exit 2 with what was granted on stderr wakes the model. It has to run beside the harness (Claude Code: `asyncRewake`).",
    flags: [HARNESS, PATIENCE],
    examples: ['skein hook turn-end --harness claude --patience 10m < payload.json'],
  }),
]
