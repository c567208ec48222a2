// Help of the verbs of this machine alone: what each does, in the caller's words. By itself, as with the operations: only help texts and
// pages need it, and every process of the command line loads the lists of verbs.
import { DETAILS, EXAMPLES, OPERATIONS } from '../../protocol/index.ts'
import type { LocalVerb, VerbSpec } from './verb-spec.ts'

export interface VerbHelp {
  readonly summary: string
  readonly details: string
  readonly examples: readonly string[]
}

/** Of any verb. */
export function helpOf({ does }: VerbSpec): VerbHelp {
  if ('local' in does) return LOCAL_HELP[does.local]
  const { operation } = does
  const { summary } = OPERATIONS[operation]
  return { summary, details: DETAILS[operation], examples: EXAMPLES[operation] }
}

const LOCAL_HELP: Readonly<Record<LocalVerb, VerbHelp>> = {
  up: {
    summary: 'Start the daemon of this machine',
    details:
      'The daemon is this process, until Ctrl-C; with --background it runs on its own, and the command returns when it is ready.',
    examples: ['skein up --background', 'skein up --http-port 0'],
  },
  down: {
    summary: 'Stop the daemon; claims stay',
    details: 'Exit 0 when none runs. Claims are on disk and hold again at the next `skein up`.',
    examples: ['skein down'],
  },
  logs: {
    summary: "Show the daemon's log",
    details: 'The last 200 lines. With --json the lines as they are, one JSON object each.',
    examples: ['skein logs', 'skein logs --follow --json'],
  },
  'service install': {
    summary: 'Have the daemon of this machine start at each login, as a service of yours',
    details:
      'A user unit of systemd, or an agent of launchd: this program and its runtime by their full paths, with the PATH of your login shell and the usual places of agents. It is enabled and started, a daemon that runs by itself makes way for it, and workers go on. A second run changes nothing; a file that skein did not write, or that was changed since, is left alone. Exit 1: it is left alone, or not started; what to do is said.',
    examples: ['skein service install --dry-run', 'skein service install'],
  },
  'service uninstall': {
    summary: 'Stop that service and remove its file',
    details: 'The home, with claims, logs and kept work, stays, and so do workers that run.',
    examples: ['skein service uninstall'],
  },
  'service status': {
    summary: 'Show whether that service is there and runs',
    details:
      'Exit 0: its file is there, and the daemon runs as its process. Exit 1: it does not; what to do is said.',
    examples: ['skein service status', 'skein service status --json'],
  },
  'service print': {
    summary: 'Print the file of that service, and write nothing',
    details: 'For those who keep such files elsewhere. With --json also where it would be.',
    examples: ['skein service print > skein.service'],
  },
  mcp: {
    summary: 'Serve MCP on stdin and stdout, for agents',
    details:
      'Copies bytes to the daemon, and starts one when none runs, unless SKEIN_NO_START=1. Agents are configured with the command `skein mcp`.',
    examples: ['claude mcp add skein -- skein mcp'],
  },
  board: {
    summary: 'Watch repositories, machines, claims and waits, and act on them',
    details:
      'Full screen on a terminal: ? explains the keys, q leaves. Elsewhere, and with --json, the picture of this moment, once.',
    examples: ['skein board', 'skein board --repo team/proj', 'skein board --json'],
  },
  'config validate': {
    summary: 'Check config.yml and .skein.yml',
    details: 'Needs no daemon. Exit 64 names file, line, and the nearest right key.',
    examples: ['skein config validate'],
  },
  try: {
    summary: 'Watch two agents meet, alone and in seconds',
    details:
      'Plays in a temporary repository with a daemon of its own and cleans up after itself. Exit 0 when all went as told.',
    examples: ['skein try'],
  },
  demo: {
    summary: 'Watch three machines, twelve agents and a split',
    details:
      'Three daemons, a repository and a network of their own, in a temporary folder and on loopback; nothing of yours is touched. One machine is cut off and comes back. Exit 0 when all went as skein promises. With --json an object a line.',
    examples: ['skein demo', 'skein demo --board', 'skein demo --keep', 'skein demo --json'],
  },
  completions: {
    summary: 'Print what makes your shell complete skein commands',
    details:
      'A script for bash, zsh or fish: commands, flags and their values, files, and what there is at the moment: ids, machines, repositories. What there is is asked of the daemon while you type; without one nothing is offered, and none is started. The first lines of the script say where to put it.',
    examples: [
      'eval "$(skein completions bash)"',
      'skein completions zsh > ~/.zfunc/_skein',
      'skein completions fish > ~/.config/fish/completions/skein.fish',
    ],
  },
  candidates: {
    summary: 'Print what there is for a word to name; what the scripts of `skein completions` ask',
    details:
      'A line for each: the word, a tab, and what it is. Prints nothing when no daemon answers at once, and never fails.',
    examples: ['skein candidates own-claim -- release clm_'],
  },
  version: {
    summary: 'Print the version',
    details: 'Of this program; `skein status` tells that of the daemon.',
    examples: ['skein version', 'skein version --json'],
  },
  help: {
    summary: 'Explain a command',
    details: 'Without a command: all of them.',
    examples: ['skein help claim', 'skein help audit verify'],
  },
  init: {
    summary: 'Enrol this repository and wire skein into its harnesses',
    details:
      'Writes .skein.yml, MCP registrations, hooks of the harnesses, a block in AGENTS.md, and git hooks beside those that are there. Shows what it will do and asks once. A second run changes nothing; files that it cannot read are named and left alone, and the exit is 1.',
    examples: ['skein init --tool all', 'skein init --tool claude --tool codex --dry-run'],
  },
  upgrade: {
    summary: 'Bring what init wrote up to this version',
    details:
      'Refreshes hooks, blocks and registrations that are there; adds no harness. The program itself is upgraded by what installed it.',
    examples: ['skein upgrade', 'skein upgrade --dry-run'],
  },
  uninstall: {
    summary: 'Take out of this repository what init wrote',
    details:
      'Blocks, hooks and registrations go, hooks that were there before come back, all other text stays byte for byte. .skein.yml stays, unless --all says otherwise.',
    examples: ['skein uninstall', 'skein uninstall --tool cursor --yes'],
  },
  doctor: {
    summary: 'Check every link between an edit and the daemon',
    details:
      'A line for each: OK, WARN or FAIL, and what to do. With --canary each harness is made to write to a file that somebody else holds, its own program driven by a scripted model on loopback: BLOCKED, LEAKED, REPLAYED (Cursor, by recorded payloads), NOT INSTALLED, or UNKNOWN where it never came to write. Exit 1 with any FAIL, LEAKED or UNKNOWN.',
    examples: ['skein doctor', 'skein doctor --canary', 'skein doctor --bundle report.json'],
  },
  push: {
    summary: 'git push, fenced: the remote refuses what is pushed under a claim that has ended',
    details:
      "Takes git push's own words and passes them on. In a clone whose config sends its pushes through skein, plain `git push` does the same.",
    examples: ['skein push', 'skein push origin HEAD', 'skein push --force-with-lease'],
  },
  'hook pre-commit': {
    summary: 'Check the staged files against claims; what the git hook runs',
    details:
      'Exit 1: another holds one of them. Without a daemon it says so and lets the commit pass, unless .skein.yml says `offline: deny` or the file is `protected`.',
    examples: ['skein hook pre-commit'],
  },
  'hook pre-push': {
    summary: 'Check the files of a push against claims; what the git hook runs',
    details:
      'Takes the remote and its address, and the refs on stdin, as git gives them. A fenced push checks all this itself.',
    examples: ['skein hook pre-push origin https://example.org/team/project'],
  },
  'hook prepare-commit-msg': {
    summary: 'Name the claims of a commit in its trailers; what the git hook runs',
    details:
      'Adds Skein-Claim and Skein-Fence for the claims that cover the staged files. Never fails.',
    examples: ['skein hook prepare-commit-msg .git/COMMIT_EDITMSG'],
  },
  'hook session-start': {
    summary: 'Tell a beginning session of a harness who holds what',
    details:
      "A harness's hook: reads its payload on stdin, starts a daemon when none runs, and prints at most five lines for the model.",
    examples: ['skein hook session-start --harness claude < payload.json'],
  },
  'hook session-end': {
    summary: 'Give back what an ending session of a harness holds',
    details: "A harness's hook: reads its payload on stdin. Answers within a second.",
    examples: ['skein hook session-end --harness claude < payload.json'],
  },
  'hook post-tool': {
    summary: 'Judge by its effect what an agent has just run',
    details:
      "A harness's hook: reads its payload on stdin. Commands whose text does not say what they write are judged by what has changed: a file that another holds is told to the model and to the holder, a free one is claimed.",
    examples: ['skein hook post-tool --harness claude < payload.json'],
  },
  'hook turn-end': {
    summary: 'Wake a model that has stopped once its session was granted what it waits for',
    details:
      "A harness's hook: reads its payload on stdin. It ends at once where the session waits for nothing; else it stays for as long as --patience allows. Exit 2 with what was granted on stderr wakes the model. It has to run beside the harness (Claude Code: `asyncRewake`).",
    examples: ['skein hook turn-end --harness claude --patience 10m < payload.json'],
  },
}
