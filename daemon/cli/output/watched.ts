// What matters of a worker's log, for whoever watches it: how it began, what it says of itself, what it is denied, where it is bounded,
// and how it ended. Everything else is in `skein log`.

/** @param line of the log, as it stands; @returns what to show of it, mostly nothing */
export function watchedLines(line: string): readonly string[] {
  if (!line.startsWith('{')) return signsIn(line)
  try {
    const event: unknown = JSON.parse(line)
    return isFields(event) ? eventLines(event) : []
  } catch {
    return []
  }
}

type Fields = Readonly<Record<string, unknown>>

const SIGN = /^\s*(?:STATUS|STUCK):/

function signsIn(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => SIGN.test(line))
    .map((line) => line.trim())
}

function eventLines(event: Fields): readonly string[] {
  const { type, subtype, message } = event
  if (type === 'system' && subtype === 'init') return [begun(event)]
  if (type === 'rate_limit_event') return limited(event)
  if (type === 'result') return ended(event)
  if (type !== 'assistant' || !isFields(message) || !Array.isArray(message['content'])) return []
  return (message['content'] as readonly unknown[]).flatMap((block) =>
    isFields(block) && typeof block['text'] === 'string' ? signsIn(block['text']) : [],
  )
}

function begun({ model, session_id: session }: Fields): string {
  return `[init] ${textOf(model, 'a model')}, session ${textOf(session, 'unknown').slice(0, 8)}`
}

/** One that is told of and allowed is no limit. */
function limited({ rate_limit_info: info }: Fields): readonly string[] {
  if (!isFields(info)) return ['[rate limit]']
  const { status } = info
  return typeof status === 'string' && status !== 'allowed' ? [`[rate limit] ${status}`] : []
}

function ended(event: Fields): readonly string[] {
  const { is_error: isError, duration_ms: ms, num_turns: turns, total_cost_usd: cost } = event
  const seconds = typeof ms === 'number' ? Math.round(ms / 1000) : null
  const facts = [
    isError === true ? 'failed' : 'completed',
    ...(seconds === null ? [] : [`${String(Math.floor(seconds / 60))}m ${String(seconds % 60)}s`]),
    ...(typeof turns === 'number' ? [`${String(turns)} turns`] : []),
    ...(typeof cost === 'number' ? [`$${cost.toFixed(2)}`] : []),
    textOf(event['stop_reason'] ?? event['subtype'], ''),
  ]
  const denials: readonly unknown[] = Array.isArray(event['permission_denials'])
    ? (event['permission_denials'] as readonly unknown[])
    : []
  const denied = denials.map((denial) =>
    isFields(denial) ? `[denied] ${textOf(denial['tool_name'], 'a tool')}` : '[denied]',
  )
  return [`[result] ${facts.filter((fact) => fact !== '').join(', ')}`, ...denied]
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise
}
