// opencode without a person: `opencode run --format json`, the task on its standard input. What it may not do, and skein's server, come
// as settings in its environment, beside those of the user and of the repository.
import type { ReadLine, WorkerEvent } from '../events.ts'
import { signsIn } from '../signs.ts'
import { fieldsOf, readFields, textOf, type Fields } from './json-line.ts'
import type { LauncherAdapter, Launcher, LaunchTerms } from './launcher.ts'

/** As opencode has it, for one request to a server. */
const SERVER_MS_MAX = 660_000

export const OPENCODE: LauncherAdapter = {
  program: 'opencode',
  words,
  env: settingsOf,
  tellsRules: true,
  openReader,
}

function words({ args, model }: Launcher, terms: LaunchTerms): readonly string[] {
  const chosen = terms.model ?? model
  return [
    ...['run', '--format', 'json'],
    ...(chosen === null ? [] : ['--model', chosen]),
    ...(terms.conversation === null ? [] : ['--session', terms.conversation]),
    ...args,
  ]
}

function settingsOf({ deny }: Launcher, { type, bridge, worktree }: LaunchTerms) {
  const skein = { type: 'local', command: bridge, enabled: true, timeout: SERVER_MS_MAX }
  const edit = type === 'work' ? 'allow' : 'deny'
  const permission = { edit, ...deniedTools(deny), bash: { '*': 'allow', ...deniedCommands(deny) } }
  const settings = { autoupdate: false, share: 'disabled', mcp: { skein }, permission }
  // It takes its folder from there, and a daemon's is another one.
  return { PWD: worktree, OPENCODE_CONFIG_CONTENT: JSON.stringify(settings) }
}

/** `Bash(git push:*)` is `git push*`; the last pattern that fits decides. */
function deniedCommands(deny: readonly string[]): Readonly<Record<string, 'deny'>> {
  const found = deny.flatMap((rule) => /^Bash\((.*)\)$/s.exec(rule)?.[1] ?? [])
  return Object.fromEntries(found.map((rule) => [rule.replace(/:\*$/, '*'), 'deny']))
}

function deniedTools(deny: readonly string[]): Readonly<Record<string, 'deny'>> {
  const found = deny.filter((rule) => /^\w+$/.test(rule))
  return Object.fromEntries(found.map((rule) => [rule.toLowerCase(), 'deny']))
}

const FILE_TOOLS = new Set(['edit', 'write', 'patch', 'multiedit'])

/** Of `opencode run --format json`. */
function openReader(): ReadLine {
  let isStarted = false
  let usd = 0
  let denied = 0

  function read(event: Fields): readonly WorkerEvent[] {
    const part = fieldsOf(event['part'])
    switch (event['type']) {
      case 'step_start':
        return [{ kind: 'turn' }]
      case 'text':
        return signsIn(textOf(part['text'], Infinity))
      case 'tool_use': {
        const isDenied = /prevents you from using|rejected permission/.test(errorOf(part))
        return isDenied ? [...readTool(part), { kind: 'denied', count: ++denied }] : readTool(part)
      }
      case 'step_finish':
        return finish(part)
      case 'error':
        return failed(fieldsOf(event['error']))
      default:
        return []
    }
  }

  function finish(part: Fields): readonly WorkerEvent[] {
    const cost = part['cost']
    if (typeof cost === 'number' && cost > 0) usd += cost
    const isLast = part['reason'] === 'stop'
    return [
      { kind: 'cost', usd },
      ...(isLast ? [{ kind: 'result', ok: true, turns: null, why: '' } as const] : []),
    ]
  }

  return (line) => {
    if (!line.startsWith('{')) return signsIn(line)
    const event = readFields(line)
    if (event === null) return []
    const session = textOf(event['sessionID'])
    if (isStarted || session === '') return read(event)
    isStarted = true
    return [{ kind: 'started', session, model: null }, ...read(event)]
  }
}

function readTool(part: Fields): readonly WorkerEvent[] {
  const tool = textOf(part['tool'])
  const input = fieldsOf(fieldsOf(part['state'])['input'])
  const file = textOf(input['filePath'])
  const isEdit = FILE_TOOLS.has(tool) && file !== '' && errorOf(part) === ''
  return [
    { kind: 'tool', tool },
    ...(isEdit ? [{ kind: 'edited', file } as const] : []),
    ...(tool === 'bash' ? [{ kind: 'ran', command: textOf(input['command']) } as const] : []),
  ]
}

function errorOf(part: Fields): string {
  return textOf(fieldsOf(part['state'])['error'])
}

function failed(error: Fields): readonly WorkerEvent[] {
  const data = fieldsOf(error['data'])
  const why = textOf(data['message'] ?? error['name'])
  const isLimited = data['statusCode'] === 429 || /rate.?limit|usage limit/i.test(why)
  return [
    ...(isLimited ? [{ kind: 'rate-limited' } as const] : []),
    { kind: 'result', ok: false, turns: null, why },
  ]
}
