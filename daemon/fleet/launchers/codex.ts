// Codex without a person: `codex exec --json`, the task on its standard input. Its sandbox lets it write in the worktree, and where git
// keeps what is committed there; it has no network, so it reaches skein by the server that is named here, and not by the command line.
// What it costs it tells in tokens alone.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { ReadLine, WorkerEvent } from '../events.ts'
import { signsIn } from '../signs.ts'
import { fieldsOf, listOf, readFields, textOf, type Fields } from './json-line.ts'
import type { LauncherAdapter, Launcher, LaunchTerms } from './launcher.ts'
import { rulesFor } from './rules.ts'

/** A question waits in a call of a tool; see MCP's `ask`. */
const TOOL_SECONDS_MAX = 660

export const CODEX: LauncherAdapter = {
  program: 'codex',
  words,
  env: () => ({}),
  tellsRules: false,
  openReader,
}

function words({ args, model }: Launcher, terms: LaunchTerms): readonly string[] {
  const { type, conversation, worktree, bridge } = terms
  const [command = '', ...rest] = bridge
  const chosen = terms.model ?? model
  const settings = {
    approval_policy: 'never',
    developer_instructions: rulesFor(type),
    'mcp_servers.skein.command': command,
    'mcp_servers.skein.args': rest,
    'mcp_servers.skein.env_vars': ['SKEIN_HOME', 'SKEIN_AGENT', 'SKEIN_SESSION'],
    'mcp_servers.skein.startup_timeout_sec': 30,
    'mcp_servers.skein.tool_timeout_sec': TOOL_SECONDS_MAX,
    'mcp_servers.skein.default_tools_approval_mode': 'approve',
  }
  return [
    ...['exec', '--json', '--sandbox', 'workspace-write'],
    ...gitFolders(worktree).flatMap((folder) => ['--add-dir', folder]),
    ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${toml(value)}`]),
    ...(chosen === null ? [] : ['--model', chosen]),
    ...args,
    ...(conversation === null ? [] : ['resume', conversation]),
    '-',
  ]
}

/** A text of JSON is one of TOML, but for the one character that only TOML wants escaped. */
function toml(value: unknown): string {
  return JSON.stringify(value).replaceAll('\u007f', '\\u007f')
}

/**
 * Where a commit in the worktree is written. Not the whole of `.git`: its hooks and its settings are run and read by whoever uses the
 * clone, outside of any sandbox.
 */
export function gitFolders(worktree: string): readonly string[] {
  const own = pointedAt(path.join(worktree, '.git'), /^gitdir: (.*)$/m, worktree)
  if (own === null) return []
  const common = pointedAt(path.join(own, 'commondir'), /^(.*)$/m, own) ?? own
  const shared = ['objects', 'refs', 'logs'].map((name) => path.join(common, name))
  return [own, ...shared].filter((folder) => existsSync(folder))
}

function pointedAt(file: string, line: RegExp, from: string): string | null {
  try {
    const [, found] = line.exec(readFileSync(file, 'utf8')) ?? []
    return found === undefined ? null : path.resolve(from, found.trim())
  } catch {
    // A clone that is no worktree has a folder there.
    return null
  }
}

/** Of `codex exec --json`. */
function openReader(): ReadLine {
  let denied = 0
  return (line) => {
    if (!line.startsWith('{')) return signsIn(line)
    const event = readFields(line) ?? {}
    switch (event['type']) {
      case 'thread.started':
        return [{ kind: 'started', session: textOf(event['thread_id']), model: null }]
      case 'turn.completed':
        return [{ kind: 'result', ok: true, turns: null, why: '' }]
      case 'turn.failed':
        return failed(fieldsOf(event['error']))
      case 'error':
        return limits(event)
      case 'item.completed': {
        const item = fieldsOf(event['item'])
        if (item['status'] !== 'declined') return readItem(item)
        return [...readItem(item), { kind: 'denied', count: ++denied }]
      }
      default:
        return []
    }
  }
}

function readItem(item: Fields): readonly WorkerEvent[] {
  switch (item['type']) {
    case 'agent_message':
      return [{ kind: 'turn' }, ...signsIn(textOf(item['text'], Infinity))]
    case 'command_execution': {
      const command = withoutShell(textOf(item['command']))
      return [{ kind: 'turn' }, { kind: 'tool', tool: 'shell' }, { kind: 'ran', command }]
    }
    case 'file_change': {
      const files = listOf(item['changes']).map((change) => textOf(change['path']))
      const edited = files.filter((file) => file !== '')
      return [
        ...[{ kind: 'turn' } as const, { kind: 'tool', tool: 'apply_patch' } as const],
        ...edited.map((file) => ({ kind: 'edited', file }) as const),
      ]
    }
    case 'mcp_tool_call':
      return [{ kind: 'turn' }, { kind: 'tool', tool: textOf(item['tool']) }]
    default:
      return []
  }
}

/** `/bin/bash -lc 'npm test'` is `npm test` to whoever looks. */
function withoutShell(command: string): string {
  const [, inner] = /^\S*sh -l?c (.*)$/s.exec(command) ?? []
  return inner === undefined ? command : inner.replace(/^'([^']*)'$/, '$1')
}

function failed(error: Fields): readonly WorkerEvent[] {
  const why = textOf(error['message'])
  return [...limits(error), { kind: 'result', ok: false, turns: null, why }]
}

function limits(error: Fields): readonly WorkerEvent[] {
  return /rate.?limit|usage limit|too many requests|\b429\b/i.test(textOf(error['message']))
    ? [{ kind: 'rate-limited' }]
    : []
}
