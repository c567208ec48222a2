// What a run has cost until now, estimated from the tokens that its stream names, for a launcher that says the cost at its end only. An
// estimate is for stopping in time: where it is unsure it is too high.

export interface CostEstimate {
  readonly usd: () => number
  /** A line of what the worker says. */
  note(line: string): void
}

/** US dollars for a million tokens, by what a model's name has in it; the first that fits. */
const PRICES: readonly (readonly [RegExp, { readonly input: number; readonly output: number }])[] =
  [
    [/opus-(?:4-[5-9]|[5-9])/, { input: 5, output: 25 }],
    [/opus/, { input: 15, output: 75 }],
    [/sonnet/, { input: 3, output: 15 }],
    [/haiku/, { input: 1, output: 5 }],
  ]
const CACHE_READ = 0.1
const CACHE_WRITE = 1.25
/** A stream may count the tokens of an answer before it is whole; its letters are there. */
const CHARACTERS_PER_TOKEN = 3
const MESSAGES_REMEMBERED = 1_000

export function startEstimate(): CostEstimate {
  /** One message comes as several lines, each with what it cost until there. */
  const known = new Map<string, { readonly usd: number; readonly letters: number }>()
  let sum = 0
  return {
    usd: () => sum,
    note(line) {
      if (!line.startsWith('{"type":"assistant"') || !line.includes('"usage"')) return
      const message = messageIn(line)
      if (message === null) return
      const before = known.get(message.id) ?? { usd: 0, letters: 0 }
      const letters = before.letters + message.letters
      const usd = Math.max(before.usd, costOf(message, letters))
      sum += usd - before.usd
      known.set(message.id, { usd, letters })
      const [oldest] = known.keys()
      if (known.size > MESSAGES_REMEMBERED && oldest !== undefined) known.delete(oldest)
    },
  }
}

interface Message {
  readonly id: string
  readonly model: string
  readonly usage: Fields
  readonly letters: number
}

function costOf({ model, usage }: Message, letters: number): number {
  const price = PRICES.find(([name]) => name.test(model))?.[1]
  if (price === undefined) return 0
  const input =
    tokens(usage['input_tokens']) +
    CACHE_READ * tokens(usage['cache_read_input_tokens']) +
    CACHE_WRITE * tokens(usage['cache_creation_input_tokens'])
  const output = Math.max(tokens(usage['output_tokens']), letters / CHARACTERS_PER_TOKEN)
  return (input * price.input + output * price.output) / 1_000_000
}

type Fields = Readonly<Record<string, unknown>>

function messageIn(line: string): Message | null {
  try {
    const { id, model, usage, content } = fieldsOf(fieldsOf(JSON.parse(line))['message'])
    if (typeof id !== 'string' || typeof model !== 'string') return null
    return { id, model, usage: fieldsOf(usage), letters: JSON.stringify(content ?? '').length }
  } catch {
    return null
  }
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function tokens(value: unknown): number {
  return typeof value === 'number' && value > 0 ? value : 0
}
