// One configuration file: YAML within bounds, then its schema, every complaint with file, line and the nearest right key.
// Whoever can write to a repository writes these files, so nothing in them may cost more than reading them.
import { readFileSync, statSync } from 'node:fs'
import { LineCounter, isMap, isNode, isSeq, parseDocument, visit, type Document } from 'yaml'
import type { z } from 'zod'
import { SkeinError } from '../protocol/index.ts'
import { configJsonSchema, type FileName, type JsonSchema } from './config-schema.ts'
import { codeOf } from './home.ts'

export interface ConfigFile<Value> {
  readonly value: Value
  /** For edits that keep comments. */
  readonly document: Document
  /** `FILE:LINE` of a key. */
  readonly place: (keys: readonly PropertyKey[]) => string
}

export interface Problem {
  /** `FILE:LINE`. */
  readonly place: string
  /** With dots between the levels; empty for the whole file. */
  readonly key: string
  readonly problem: string
  readonly nearest?: string
}

/** Null when there is no such file. @throws SkeinError CONFIG_INVALID with every problem in `data.problems`. */
export function readConfigFile<Value>(
  file: string,
  name: FileName,
  schema: z.ZodType<Value>,
): ConfigFile<Value> | null {
  const text = readText(file)
  return text === null ? null : parseConfigText(file, text, name, schema)
}

/** @param shape what older forms of the file mean. @throws SkeinError CONFIG_INVALID with every problem in `data.problems`. */
export function parseConfigText<Value>(
  file: string,
  text: string,
  name: FileName,
  schema: z.ZodType<Value>,
  shape: (value: unknown) => unknown = (value) => value,
): ConfigFile<Value> {
  if (Buffer.byteLength(text) > YAML_BYTES_MAX) {
    const problem = `is larger than ${String(YAML_BYTES_MAX)} bytes`
    throw invalid([{ place: file, key: '', problem }])
  }
  const lines = new LineCounter()
  const document = parseYaml(file, text, lines)
  const place = (keys: readonly PropertyKey[]): string =>
    `${file}:${String(lines.linePos(offsetOf(document, keys)).line || 1)}`
  const parsed = schema.safeParse(shape(document.toJS({ maxAliasCount: 0 }) ?? {}))
  if (parsed.success) return { value: parsed.data, document, place }
  throw invalid(parsed.error.issues.flatMap((issue) => explainIssue(issue, name, place)))
}

/** Room for a few hundred checkouts; nothing larger is a configuration. */
const YAML_BYTES_MAX = 65_536

function readText(file: string): string | null {
  const refuse = (problem: string): SkeinError => invalid([{ place: file, key: '', problem }])
  try {
    const stat = statSync(file)
    // Everybody who can write to the repository chooses what stands here: a pipe would stop the daemon.
    if (!stat.isFile()) throw refuse('is not a file')
    if (stat.size > YAML_BYTES_MAX) throw refuse(`is larger than ${String(YAML_BYTES_MAX)} bytes`)
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof SkeinError) throw error
    if (codeOf(error) === 'ENOENT') return null
    throw refuse(`cannot be read (${codeOf(error) ?? 'unknown'})`)
  }
}

/** Plain YAML 1.2: no aliases, no tags but those that the core schema spells out, one document. */
function parseYaml(file: string, text: string, lineCounter: LineCounter): Document {
  const document = parseDocument(text, { schema: 'core', stringKeys: true, lineCounter })
  const at = (offset: number | undefined): string =>
    `${file}:${String(lineCounter.linePos(offset ?? 0).line || 1)}`
  const [first] = [...document.errors, ...document.warnings]
  if (first !== undefined) {
    const problem = first.message.split(/ at line|\n/, 1)[0] ?? 'no YAML'
    throw invalid([{ place: at(first.pos[0]), key: '', problem }])
  }
  if (document.directives.yaml.explicit === true) {
    throw invalid([{ place: at(0), key: '', problem: '%YAML directives are not read' }])
  }
  visit(document, {
    Alias: (_, node) => {
      const problem = 'aliases are not read; write the value out'
      throw invalid([{ place: at(node.range?.[0]), key: `*${node.source}`, problem }])
    },
    Node: (_, node) => {
      if (node.tag === undefined || CORE_TAGS.test(node.tag)) return
      throw invalid([
        { place: at(node.range?.[0]), key: node.tag, problem: 'custom tags are not read' },
      ])
    },
  })
  return document
}

const CORE_TAGS = /^tag:yaml\.org,2002:(?:map|seq|str|int|float|bool|null)$/

/** Where a key stands, else the nearest thing around it. */
function offsetOf(document: Document, keys: readonly PropertyKey[]): number {
  const parent = document.getIn(keys.slice(0, -1), true)
  const last = keys.at(-1)
  if (isMap(parent)) {
    const key = parent.items.find(({ key: each }) => isNode(each) && each.toJSON() === last)?.key
    if (isNode(key)) return key.range?.[0] ?? 0
  }
  const node = isSeq(parent) ? parent.get(Number(last), true) : parent
  return isNode(node) ? (node.range?.[0] ?? 0) : 0
}

function explainIssue(
  issue: z.core.$ZodIssue,
  name: FileName,
  place: (keys: readonly PropertyKey[]) => string,
): readonly Problem[] {
  const keyOf = (keys: readonly PropertyKey[]): string => keys.map(String).join('.')
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((wrong) => {
      const keys = [...issue.path, wrong]
      return { place: place(keys), key: keyOf(keys), ...explainKey(wrong, issue.path, name) }
    })
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // Of several forms the one that was meant: what is wrong with it lies deepest.
    const [meant = []] = [...issue.errors].sort((a, b) => depthOf(b) - depthOf(a))
    if (depthOf(meant) > 0) {
      const inner = meant.map((each) => ({ ...each, path: [...issue.path, ...each.path] }))
      return inner.flatMap((each) => explainIssue(each, name, place))
    }
  }
  const message = issue.code === 'invalid_key' ? issue.issues[0]?.message : issue.message
  const problem = (message ?? 'is wrong').replace(/^Invalid (?:input|option): /, '')
  return [{ place: place(issue.path), key: keyOf(issue.path), problem }]
}

function depthOf(issues: readonly z.core.$ZodIssue[]): number {
  const depths = issues.map(
    ({ code, path }) => path.length + (code === 'unrecognized_keys' ? 1 : 0),
  )
  return Math.max(0, ...depths)
}

function explainKey(
  wrong: string,
  parent: readonly PropertyKey[],
  name: FileName,
): { readonly problem: string; readonly nearest?: string } {
  const schemas = configJsonSchema()
  const other: FileName = name === 'config.yml' ? '.skein.yml' : 'config.yml'
  if (keysAt(schemas[other], parent).includes(wrong)) {
    return { problem: `unknown key here; it belongs in ${other}` }
  }
  const nearest = findNearest(wrong, keysAt(schemas[name], parent))
  return nearest === undefined
    ? { problem: 'unknown key' }
    : { problem: `unknown key; the nearest right key is ${nearest}`, nearest }
}

function keysAt(schema: JsonSchema, keys: readonly PropertyKey[]): readonly string[] {
  const [first, ...rest] = keys
  if (first === undefined) return Object.keys(schema.properties ?? {})
  const { properties, additionalProperties: entries, items, anyOf } = schema
  if (anyOf !== undefined) return anyOf.flatMap((each) => keysAt(each, keys))
  const inner = properties?.[String(first)] ?? (typeof entries === 'object' ? entries : items)
  return inner === undefined ? [] : keysAt(inner, rest)
}

/** The one that needs the fewest edits to become; the earlier one of two. */
function findNearest(wrong: string, right: readonly string[]): string | undefined {
  const ranked = right.map((key) => ({ key, edits: countEdits(wrong, key) }))
  return ranked.sort((a, b) => a.edits - b.edits)[0]?.key
}

/** Levenshtein's distance, row by row. Keys are short: the file is bounded, and only its wrong keys come here. */
function countEdits(from: string, to: string): number {
  const start = from.slice(0, 64)
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 0; i < start.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < to.length; j++) {
      const replaced = (row[j] ?? 0) + (start[i] === to[j] ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}

function invalid(problems: readonly Problem[]): SkeinError {
  const [first, ...rest] = problems
  const parts = [first?.place, first?.key, first?.problem].filter((part) => part !== '')
  const more = rest.length === 0 ? '' : ` (and ${String(rest.length)} more)`
  const message = `${parts.join(': ')}${more}.`
  return new SkeinError('CONFIG_INVALID', message, { data: { problems } })
}
