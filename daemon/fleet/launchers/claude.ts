// Claude Code without a person: `claude -p --output-format stream-json`, the task on its standard input. Its settings are the user's and
// the repository's, so skein's hooks stay in force; a server of `.mcp.json` waits there for an approval that nobody gives, so skein's own
// comes as an argument.
import type { ReadLine, WorkerEvent } from '../events.ts'
import { signsIn } from '../signs.ts'
import { fieldsOf, listOf, nameOf, readFields, textOf, type Fields } from './json-line.ts'
import type { LauncherAdapter, Launcher, LaunchTerms } from './launcher.ts'
import { rulesFor } from './rules.ts'

const FILE_TOOLS = new Set(['Edit', 'Write', 'MultiEdit', 'NotebookEdit'])

export const CLAUDE: LauncherAdapter = {
  program: 'claude',
  words,
  env: () => ({}),
  tellsRules: false,
  openReader: () => readClaude,
}

function words({ args, model, deny }: Launcher, terms: LaunchTerms): readonly string[] {
  const { type, conversation, budgetUsd, bridge } = terms
  const [command = '', ...rest] = bridge
  const servers = { mcpServers: { skein: { type: 'stdio', command, args: rest } } }
  const tools = type === 'work' ? 'Read,Edit,Write,Bash' : 'Read,Bash'
  const chosen = terms.model ?? model
  return [
    ...['-p', '--output-format', 'stream-json', '--verbose'],
    ...['--permission-mode', type === 'work' ? 'acceptEdits' : 'default'],
    ...['--allowedTools', `${tools},mcp__skein`, '--mcp-config', JSON.stringify(servers)],
    ...(deny.length === 0 ? [] : ['--disallowedTools', deny.join(',')]),
    ...['--append-system-prompt', rulesFor(type)],
    ...(chosen === null ? [] : ['--model', chosen]),
    ...(conversation === null ? [] : ['--resume', conversation]),
    ...(budgetUsd === null ? [] : ['--max-budget-usd', String(budgetUsd)]),
    ...args,
  ]
}

/** A line of `claude -p --output-format stream-json --verbose`. */
const readClaude: ReadLine = (line) => {
  if (!line.startsWith('{')) return signsIn(line)
  const event = readFields(line)
  if (event === null) return []
  switch (event['type']) {
    case 'system':
      return event['subtype'] === 'init'
        ? [{ kind: 'started', session: textOf(event['session_id']), model: nameOf(event['model']) }]
        : []
    case 'assistant':
      return [{ kind: 'turn' }, ...listOf(fieldsOf(event['message'])['content']).flatMap(readBlock)]
    case 'rate_limit_event':
      return isLimited(event['rate_limit_info']) ? [{ kind: 'rate-limited' }] : []
    case 'result':
      return readResult(event)
    default:
      return []
  }
}

function readBlock(block: Fields): readonly WorkerEvent[] {
  if (block['type'] === 'text') return signsIn(textOf(block['text'], Infinity))
  if (block['type'] !== 'tool_use') return []
  const tool = textOf(block['name'])
  const input = fieldsOf(block['input'])
  const events: WorkerEvent[] = [{ kind: 'tool', tool }]
  const file = textOf(input['file_path'] ?? input['notebook_path'] ?? input['path'])
  if (FILE_TOOLS.has(tool) && file !== '') events.push({ kind: 'edited', file })
  if (tool === 'Bash') events.push({ kind: 'ran', command: textOf(input['command']) })
  return events
}

function readResult(event: Fields): readonly WorkerEvent[] {
  const cost = event['total_cost_usd']
  const denials = event['permission_denials']
  const turns = event['num_turns']
  return [
    ...(typeof cost === 'number' ? [{ kind: 'cost', usd: cost } as const] : []),
    ...(Array.isArray(denials) && denials.length > 0
      ? [{ kind: 'denied', count: denials.length } as const]
      : []),
    {
      kind: 'result',
      ok: event['is_error'] !== true && event['subtype'] === 'success',
      turns: typeof turns === 'number' ? turns : null,
      why: textOf(event['subtype']),
    },
  ]
}

/** `allowed` is no limit, whatever the event is called. */
function isLimited(info: unknown): boolean {
  const status = fieldsOf(info)['status']
  return typeof status !== 'string' || !status.startsWith('allowed')
}
