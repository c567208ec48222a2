// Claude Code's side of the talk: POST /v1/messages, answered as a stream of events.
import { asList, asObject, sse, type Dialect, type StepResult, type ToolCall } from './model.ts'

export const ANTHROPIC: Dialect = {
  read(body) {
    const { tools, messages } = asObject(body)
    const offered = asList(tools).map((tool) => String(asObject(tool)['name']))
    if (offered.length === 0) return null
    const blocks = asList(messages).flatMap((message) => asList(asObject(message)['content']))
    const results = new Map<string, StepResult>()
    for (const block of blocks.map(asObject)) {
      if (block['type'] !== 'tool_result') continue
      results.set(String(block['tool_use_id']), { text: textOf(block['content']) })
    }
    return { offered, results }
  },
  call(step, { name, input }: ToolCall, turn) {
    const start = { type: 'tool_use', id: step, name, input: {} }
    const delta = { type: 'input_json_delta', partial_json: JSON.stringify(input) }
    return stream(turn, start, delta, 'tool_use')
  },
  text(text, turn) {
    const delta = { type: 'text_delta', text }
    return stream(turn, { type: 'text', text: '' }, delta, 'end_turn')
  },
}

function stream(turn: number, block: object, delta: object, reason: string): string {
  const usage = { input_tokens: 1, output_tokens: 1 }
  const message = {
    id: `msg_${String(turn)}`,
    type: 'message',
    role: 'assistant',
    model: 'canary',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
  }
  return [
    sse('message_start', { message }),
    sse('content_block_start', { index: 0, content_block: block }),
    sse('content_block_delta', { index: 0, delta }),
    sse('content_block_stop', { index: 0 }),
    sse('message_delta', { delta: { stop_reason: reason, stop_sequence: null }, usage }),
    sse('message_stop', {}),
  ].join('')
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return asList(content)
    .map((part) => asObject(part)['text'])
    .filter((text) => typeof text === 'string')
    .join('\n')
}
