// What a tool is: an operation of the table with flat arguments for models. Arguments are judged here and not by the SDK, so
// that a wrong one is answered in our words and names what was probably meant.
import type { CallToolResult, ToolAnnotations } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { SkeinError, type OperationName } from '../protocol/index.ts'
import type { CallOperation } from './client.ts'
import { clip, cleanText, cleanValue, quote } from './text.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

export interface Tool {
  readonly name: string
  readonly description: string
  readonly operation: OperationName
  /** The one that these arguments ask for, where a tool stands for two. */
  operationOf(given: unknown): OperationName
  readonly annotations: ToolAnnotations
  readonly inputSchema: JsonSchema
  /** Shallow: names and types of the top level; the full one stands in the OpenAPI document. */
  readonly outputSchema: JsonSchema
  /**
   * The operation's input.
   * @param session the client's own word for its session, weaker than the argument.
   * @throws SkeinError INPUT_SCHEMA
   */
  toInput(given: unknown, session: string | undefined): Readonly<Record<string, unknown>>
  /** @param input what `toInput` made, for tools that filter. */
  toAnswer(result: unknown, given: unknown): CallToolResult
  /** Carries the call out. @throws SkeinError */
  run(given: unknown, session: string | undefined, call: CallOperation): Promise<CallToolResult>
}

interface ToolSpec<Args, Result> {
  readonly name: string
  readonly description: string
  readonly operation: OperationName
  readonly annotations: ToolAnnotations
  readonly args: z.ZodType<Args> & z.ZodObject
  readonly result: z.ZodType<Result> & z.ZodObject
  /** Other names of arguments, accepted but not advertised. */
  readonly aliases?: Readonly<Record<string, string>>
  readonly toInput: (args: Args) => Readonly<Record<string, unknown>>
  /** Leaves out what the arguments did not ask for and the operation cannot leave out itself. */
  readonly select?: (result: Result, args: Args) => Result
  readonly render: (result: Result, args: Args) => string
}

export function defineTool<Args, Result>(spec: ToolSpec<Args, Result>): Tool {
  const read = (given: unknown): Args => readArguments(spec, given)
  return runnable({
    name: spec.name,
    description: spec.description,
    operation: spec.operation,
    operationOf: () => spec.operation,
    annotations: spec.annotations,
    inputSchema: compact(z.toJSONSchema(spec.args, { io: 'input' })),
    outputSchema: shallow(z.toJSONSchema(spec.result, { io: 'output' })),
    toInput(given, session) {
      const input = withoutAbsent(spec.toInput(read(given)))
      return session === undefined || 'session' in input ? input : { ...input, session }
    },
    toAnswer(result, given) {
      const known = spec.result.safeParse(result)
      // What was done is done: an answer that we cannot read must not look like a failure.
      if (!known.success) return answer(result, clip(JSON.stringify(cleanValue(result)), 480))
      const args = read(given)
      const selected = spec.select?.(known.data, args)
      return answer(selected ?? result, spec.render(selected ?? known.data, args))
    },
  })
}

interface ViewSpec<Args, Result> extends Omit<ToolSpec<Args, Result>, 'select'> {
  /** Asks the operations that the view is put together from. */
  readonly read: (call: CallOperation, args: Args) => Promise<Result>
}

/** A tool that shows what several operations say, under the name of the first. */
export function defineView<Args, Result>(spec: ViewSpec<Args, Result>): Tool {
  return {
    ...defineTool(spec),
    async run(given, _session, call) {
      const args = readArguments(spec, given)
      const result = await spec.read(call, args)
      return answer(result, spec.render(result, args))
    },
  }
}

function runnable(tool: Omit<Tool, 'run'>): Tool {
  return {
    ...tool,
    async run(given, session, call) {
      const input = tool.toInput(given, session)
      return tool.toAnswer(await call(tool.operationOf(given), input), given)
    },
  }
}

/** A tool that stands for another operation too, for some arguments; both take the same ones. */
export function eitherTool(tool: Tool, other: Tool, isOther: (given: unknown) => boolean): Tool {
  const pick = (given: unknown): Tool => (isOther(given) ? other : tool)
  return runnable({
    ...tool,
    outputSchema: {
      type: 'object',
      properties: { ...propertiesOf(other.outputSchema), ...propertiesOf(tool.outputSchema) },
    },
    operationOf: (given) => pick(given).operation,
    toInput: (given, session) => pick(given).toInput(given, session),
    toAnswer: (result, given) => pick(given).toAnswer(result, given),
  })
}

function propertiesOf(schema: JsonSchema): JsonSchema {
  return Object.fromEntries(entriesOf(schema['properties']))
}

function answer(result: unknown, text: string): CallToolResult {
  const structuredContent = z.record(z.string(), z.unknown()).parse(cleanValue(result))
  return { content: [{ type: 'text', text }], structuredContent }
}

function readArguments<Args, Result>(spec: ToolSpec<Args, Result>, given: unknown): Args {
  const record = z.record(z.string(), z.unknown()).safeParse(given ?? {})
  if (!record.success) throw wrong(`${spec.name} takes one object of arguments.`)
  const parsed = spec.args.safeParse(withAliases(spec, record.data))
  if (parsed.success) return parsed.data
  throw wrong(describeIssues(spec.name, Object.keys(spec.args.shape), parsed.error))
}

function withAliases<Args, Result>(
  { name, aliases = {} }: ToolSpec<Args, Result>,
  given: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const named = new Map<string, unknown>()
  for (const [key, value] of Object.entries(given)) {
    const field = Object.hasOwn(aliases, key) ? (aliases[key] ?? key) : key
    if (named.has(field) && JSON.stringify(named.get(field)) !== JSON.stringify(value))
      throw wrong(`${name} was given two different values of \`${field}\`.`)
    named.set(field, value)
  }
  return Object.fromEntries(named)
}

function describeIssues(tool: string, fields: readonly string[], { issues }: z.ZodError): string {
  const [issue] = issues
  if (issue?.code === 'unrecognized_keys') return describeUnknown(tool, fields, issue.keys)
  const at = issue?.path.map(String).join('.') ?? ''
  const what = cleanText(issue?.message ?? 'wrong arguments')
  return at === '' ? `${tool}: ${what}.` : `${tool}: \`${clip(cleanText(at), 60)}\`: ${what}.`
}

function describeUnknown(tool: string, fields: readonly string[], keys: readonly string[]): string {
  const [key = ''] = keys
  const near = nearest(key, fields)
  const guess = near === null ? '' : ` Did you mean \`${near}\`?`
  return `${tool} has no argument ${quote(key, 40)}.${guess} It takes ${fields.join(', ')}.`
}

function wrong(message: string): SkeinError {
  return new SkeinError('INPUT_SCHEMA', message)
}

/** The field that shares most pairs of letters with a word, if it shares at least half (Dice's coefficient). */
export function nearest(word: string, fields: readonly string[]): string | null {
  const scored = fields.map((field) => ({ field, score: likeness(word, field) }))
  const best = scored.reduce((a, b) => (b.score > a.score ? b : a), { field: '', score: 0 })
  return best.score >= 0.5 ? best.field : null
}

function likeness(a: string, b: string): number {
  const pairs = pairsOf(a)
  const others = pairsOf(b)
  const shared = [...pairs].filter((pair) => others.has(pair)).length
  return pairs.size + others.size === 0 ? 0 : (2 * shared) / (pairs.size + others.size)
}

function pairsOf(word: string): ReadonlySet<string> {
  const letters = word.slice(0, 64).toLowerCase()
  return new Set(
    Array.from({ length: Math.max(0, letters.length - 1) }, (_, i) => letters.slice(i, i + 2)),
  )
}

function withoutAbsent(
  input: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
}

/** Bounds and formats cost every agent tokens in every session and help no model; they are judged, not advertised. */
const ADVERTISED = new Set(['type', 'properties', 'items', 'required', 'description', 'enum'])

function compact(schema: unknown): JsonSchema {
  return Object.fromEntries(
    entriesOf(schema)
      .filter(([key]) => ADVERTISED.has(key))
      .map(([key, value]) => [key, compactValue(key, value)]),
  )
}

function compactValue(key: string, value: unknown): unknown {
  if (key === 'items') return compact(value)
  if (key !== 'properties') return value
  return Object.fromEntries(entriesOf(value).map(([name, field]) => [name, compact(field)]))
}

function shallow(schema: unknown): JsonSchema {
  const [, properties] = entriesOf(schema).find(([key]) => key === 'properties') ?? []
  const fields = entriesOf(properties).map(([name, field]) => [name, { type: typeOf(field) }])
  return { type: 'object', properties: Object.fromEntries(fields) }
}

/** One JSON type, or an array of them where null is possible. */
function typeOf(field: unknown): unknown {
  const entries = new Map(entriesOf(field))
  const choices = entries.get('anyOf')
  if (!Array.isArray(choices)) return entries.get('type')
  return choices.map(typeOf)
}

function entriesOf(value: unknown): readonly [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : []
}
