// Codex's side of the talk: POST /v1/responses, answered as a stream of events.
import { asList, asObject, sse, type Dialect, type StepResult } from './model.ts'

export const OPENAI: Dialect = {
  read(body) {
    const { tools, input } = asObject(body)
    const offered = asList(tools).map((tool) => String(asObject(tool)['name']))
    if (offered.length === 0) return null
    const results = new Map<string, StepResult>()
    for (const item of asList(input).map(asObject)) {
      if (item['type'] !== 'function_call_output' && item['type'] !== 'custom_tool_call_output')
        continue
      results.set(String(item['call_id']), { text: textOf(item['output']) })
    }
    return { offered, results }
  },
  call(step, { name, input }, turn) {
    const item =
      typeof input === 'string'
        ? { type: 'custom_tool_call', call_id: step, name, input }
        : { type: 'function_call', call_id: step, name, arguments: JSON.stringify(input) }
    return stream(turn, item)
  },
  text(text, turn) {
    const content = [{ type: 'output_text', text }]
    return stream(turn, { type: 'message', role: 'assistant', content })
  },
}

function stream(turn: number, item: object): string {
  const id = `resp_${String(turn)}`
  const usage = {
    input_tokens: 1,
    input_tokens_details: null,
    output_tokens: 1,
    output_tokens_details: null,
    total_tokens: 2,
  }
  return [
    sse('response.created', { response: { id } }),
    sse('response.output_item.done', { item }),
    sse('response.completed', { response: { id, usage } }),
  ].join('')
}

function textOf(output: unknown): string {
  if (typeof output === 'string') return output
  const { content } = asObject(output)
  if (typeof content === 'string') return content
  return asList(output)
    .map((part) => asObject(part)['text'])
    .filter((text) => typeof text === 'string')
    .join('\n')
}
