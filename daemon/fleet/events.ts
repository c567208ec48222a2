// What a worker's output tells, launcher by launcher, as events of one kind. The output is a stranger's: a line that is none of what
// is known tells nothing and breaks nothing.
import { signsIn, type Sign } from './signs.ts'

export type WorkerEvent =
  | Sign
  | { readonly kind: 'started'; readonly session: string; readonly model: string | null }
  | { readonly kind: 'turn' }
  | { readonly kind: 'tool'; readonly tool: string }
  | { readonly kind: 'edited'; readonly file: string }
  | { readonly kind: 'ran'; readonly command: string }
  | { readonly kind: 'rate-limited' }
  | { readonly kind: 'denied'; readonly count: number }
  | { readonly kind: 'cost'; readonly usd: number }
  | {
      readonly kind: 'result'
      readonly ok: boolean
      readonly turns: number | null
      readonly why: string
    }

export type ReadLine = (line: string) => readonly WorkerEvent[]

/** A line that is longer is cut, and then it is no JSON. */
const TEXT_MAX = 300
const FILE_TOOLS = new Set(['Edit', 'Write', 'MultiEdit', 'NotebookEdit'])

export const READERS: Readonly<Record<'command' | 'claude', ReadLine>> = {
  command: (line) => signsIn(line),
  claude: readClaude,
}

/** A line of `claude -p --output-format stream-json --verbose`. */
export function readClaude(line: string): readonly WorkerEvent[] {
  if (!line.startsWith('{')) return signsIn(line)
  const event = parse(line)
  if (event === null) return []
  switch (event['type']) {
    case 'system':
      return event['subtype'] === 'init'
        ? [{ kind: 'started', session: textOf(event['session_id']), model: nameOf(event['model']) }]
        : []
    case 'assistant':
      return [{ kind: 'turn' }, ...blocksOf(event).flatMap(readBlock)]
    case 'rate_limit_event':
      return isLimited(event['rate_limit_info']) ? [{ kind: 'rate-limited' }] : []
    case 'result':
      return readResult(event)
    default:
      return []
  }
}

type Fields = Readonly<Record<string, unknown>>

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

function blocksOf(event: Fields): readonly Fields[] {
  const { content } = fieldsOf(event['message'])
  return Array.isArray(content) ? content.map(fieldsOf) : []
}

function parse(line: string): Fields | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Fields)
      : null
  } catch {
    return null
  }
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function nameOf(value: unknown): string | null {
  return typeof value === 'string' ? value.slice(0, TEXT_MAX) : null
}

function textOf(value: unknown, most = TEXT_MAX): string {
  return typeof value === 'string' ? value.slice(0, most) : ''
}
