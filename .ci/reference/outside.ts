// What a process of skein tells and is told from outside: exit codes, and variables of the environment.
import type { Exit } from '../../protocol/index.ts'

export const EXITS: Readonly<Record<Exit, string>> = {
  0: 'done',
  1: 'conflict: refused, somebody else holds it',
  2: 'coordination unavailable; no grant was confirmed, a person decides',
  3: 'the session works on another task, or waits for one',
  4: 'stale: a claim, a fence or a hash is not what was named',
  5: 'the repository is not enrolled',
  6: 'not found',
  7: 'forbidden',
  8: 'a wait ended without what was waited for',
  9: 'over a limit that time heals',
  64: 'bad usage or bad input',
  70: 'a bug in skein',
  130: 'interrupted',
}

export const VARIABLES: readonly (readonly [string, string])[] = [
  ['SKEIN_HOME', 'The home of this machine; default `~/.skein`.'],
  ['SKEIN_AGENT', 'Who calls, unless `--agent` says so.'],
  ['SKEIN_SESSION', 'Which run of the caller, unless `--session` says so.'],
  ['SKEIN_HTTP_PORT', 'Sets `http_port`; 0 for any free one.'],
  ['SKEIN_MESH_LISTEN', 'Sets `listen`: `host:port`, several with commas.'],
  [
    'SKEIN_WAIT',
    'What a hook does with an edit of what another holds: `defer`, `refuse`, or how long it waits, such as `5m`.',
  ],
  ['SKEIN_NO_START', '`1`: `skein mcp` starts no daemon.'],
  [
    'CLAUDE_CODE_SESSION_ID',
    'Read: the session, where neither a flag nor SKEIN_SESSION names one.',
  ],
  ['CODEX_SESSION_ID', 'Read: the same, after it.'],
  ['NO_COLOR', 'Read: no colours.'],
  ['XDG_RUNTIME_DIR', 'Read: where the sockets go when the path of the home is over 90 bytes.'],
]
