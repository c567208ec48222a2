// Words of a command line into a verb and its fields. Our own, over the operation table: a library would want the table
// told to it a second time, and brings its own help, errors and start time. No word is guessed or skipped.
import { nearest, SkeinError, type ArgumentSpec, type FlagSpec } from '../../protocol/index.ts'
import { commandLine } from './output/text.ts'
import type { VerbSpec } from './verb-spec.ts'
import { findVerb, GLOBAL_FLAGS, VERBS } from './verbs.ts'

type Value = string | number | boolean | readonly string[]

export interface Command {
  readonly verb: VerbSpec
  /** By field name, as the specs call it; what was not said is not there. */
  readonly fields: Readonly<Record<string, Value>>
}

/**
 * Reads a whole command line. Flags stand anywhere, the later of two counts, `--` ends them; without a verb it is `help`.
 * @throws SkeinError INPUT_USAGE; its hint is the corrected command where one is near.
 */
export function parseCommand(words: readonly string[]): Command {
  const found = findVerbIn(words)
  if (found.verb.isRaw === true) return rawCommand(found.verb, words.slice(found.end))
  const flags = [...GLOBAL_FLAGS, ...found.verb.flags]
  const fields: Record<string, Value> = {}
  const positionals: string[] = []
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? ''
    if (i >= found.start && i < found.end) continue
    if (word === '--') {
      positionals.push(...words.slice(i + 1))
      break
    }
    if (!isFlag(word)) {
      positionals.push(word)
      continue
    }
    const { name, attached } = splitFlag(word)
    const spec = flags.find(({ flag }) => flag === name)
    if (spec === undefined) throw unknownFlag(words, i, flags, found.verb)
    if (spec.type === 'switch') {
      if (attached !== null) throw usage(`${name} takes no value`, found.verb)
      fields[spec.field] = true
      continue
    }
    const value = attached ?? words[++i]
    if (value === undefined || (attached === null && isFlag(value))) {
      throw usage(`${name} needs a value: ${name} ${spec.value ?? 'VALUE'}`, found.verb)
    }
    const before = fields[spec.field]
    fields[spec.field] = readValue(spec, value, found.verb, Array.isArray(before) ? before : [])
  }
  placeArguments(fields, positionals, found.verb)
  return { verb: found.verb, fields }
}

/** Words that another program reads; only a question for help is ours. */
function rawCommand(verb: VerbSpec, words: readonly string[]): Command {
  const isHelp = words.length === 1 && (words[0] === '--help' || words[0] === '-h')
  return { verb, fields: isHelp ? { help: true } : { words } }
}

/** Was JSON asked for, even on a command line that cannot be read? */
export function wantsJson(words: readonly string[]): boolean {
  const end = words.indexOf('--')
  return words.slice(0, end < 0 ? undefined : end).includes('--json')
}

/** Seconds in `90s`, `15m`, `4h` or `10d`; null for anything else. */
export function parseDuration(text: string): number | null {
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  const seconds = { s: 1, m: 60, h: 3600, d: 86_400 }[unit]
  return count === undefined || seconds === undefined ? null : Number(count) * seconds
}

export function usage(message: string, verb: VerbSpec): SkeinError {
  return new SkeinError('INPUT_USAGE', `${message}.`, { hint: `skein help ${verb.name}` })
}

interface FoundVerb {
  readonly verb: VerbSpec
  /** Where its one or two words stand. */
  readonly start: number
  readonly end: number
}

function findVerbIn(words: readonly string[]): FoundVerb {
  const start = findFirstWord(words)
  const first = words[start]
  if (first === undefined) return { verb: helpVerb(), start, end: start }
  // npm and node users type it as a flag, and mean a verb.
  if (first === '--version') return { verb: known('version'), start, end: start + 1 }
  const two = findVerb(`${first} ${words[start + 1] ?? ''}`)
  if (two !== undefined) return { verb: two, start, end: start + 2 }
  const one = findVerb(first) ?? listOf(first, words[start + 1])
  if (one !== undefined) return { verb: one, start, end: start + 1 }
  throw unknownVerb(words, start)
}

/** A family by its name alone is its list. */
function listOf(family: string, next: string | undefined): VerbSpec | undefined {
  return next === undefined || isFlag(next) ? findVerb(`${family} list`) : undefined
}

/** The first word that is no flag and no flag's value. Before the verb only the flags of every verb are known. */
function findFirstWord(words: readonly string[]): number {
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? ''
    if (!isFlag(word) || word === '--version') return i
    const { name, attached } = splitFlag(word)
    const spec = GLOBAL_FLAGS.find(({ flag }) => flag === name)
    if (spec === undefined) throw unknownFlag(words, i, GLOBAL_FLAGS, helpVerb())
    if (spec.type !== 'switch' && attached === null) i++
  }
  return words.length
}

function isFlag(word: string): boolean {
  return word.startsWith('-') && word !== '-' && word !== '--'
}

function splitFlag(word: string): { readonly name: string; readonly attached: string | null } {
  const equals = word.indexOf('=')
  const name = equals < 0 ? word : word.slice(0, equals)
  return {
    name: name === '-h' ? '--help' : name,
    attached: equals < 0 ? null : word.slice(equals + 1),
  }
}

function readValue(
  spec: FlagSpec,
  text: string,
  verb: VerbSpec,
  before: readonly string[],
): string | number | readonly string[] {
  if (spec.type === 'texts') return [...before, text]
  if (spec.type === 'duration') {
    const seconds = parseDuration(text)
    if (seconds !== null) return seconds
    throw usage(`${spec.flag} takes a time such as 90s, 15m, 4h or 10d, not \`${text}\``, verb)
  }
  if (spec.type === 'integer') {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : null
    if (number !== null) return number
    throw usage(`${spec.flag} takes a whole number, not \`${text}\``, verb)
  }
  return text
}

/** Each argument takes one word, the one that takes many takes the rest. */
function placeArguments(fields: Record<string, Value>, words: readonly string[], verb: VerbSpec) {
  // A question for help needs no arguments.
  if (fields['help'] === true) return
  let rest = words
  for (const spec of verb.arguments) {
    const taken = rest.slice(0, spec.many ? undefined : 1)
    rest = rest.slice(taken.length)
    // A variable of a script that is not set.
    if (taken.includes('')) throw usage(`${verb.name} got an empty ${spec.name}`, verb)
    if (taken.length === 0 && spec.required) throw usage(`${verb.name} needs ${nameOf(spec)}`, verb)
    if (taken.length > 0) fields[spec.field] = spec.many ? taken : (taken[0] ?? '')
  }
  const extra = rest[0]
  if (extra === undefined) return
  const takes = verb.arguments.map(nameOf).join(' ')
  throw usage(
    `${verb.name} takes ${takes === '' ? 'no arguments' : `only ${takes}`}, and got \`${extra}\``,
    verb,
  )
}

function nameOf({ name, many }: ArgumentSpec): string {
  return many ? `${name}…` : name
}

function unknownVerb(words: readonly string[], at: number): SkeinError {
  const wrong = words[at] ?? ''
  const family = VERBS.filter(({ name }) => name.startsWith(`${wrong} `)).map(({ name }) => name)
  const near = family[0] ?? nearest(wrong, verbNames())
  if (near === null) {
    return new SkeinError('INPUT_USAGE', `skein has no command \`${wrong}\`.`, {
      hint: 'skein help',
    })
  }
  const corrected = [...words.slice(0, at), ...near.split(' '), ...words.slice(at + 1)]
  return new SkeinError(
    'INPUT_USAGE',
    `skein has no command \`${wrong}\`; the nearest is \`${near}\`.`,
    { hint: commandLine(corrected), data: { nearest: near } },
  )
}

function unknownFlag(
  words: readonly string[],
  at: number,
  flags: readonly FlagSpec[],
  verb: VerbSpec,
): SkeinError {
  const { name, attached } = splitFlag(words[at] ?? '')
  const names = flags.map(({ flag }) => flag)
  const near = nearest(name, names)
  const command = verb.name === 'help' ? 'skein' : `skein ${verb.name}`
  if (near === null) return usage(`\`${command}\` has no flag \`${name}\``, verb)
  const right = attached === null ? near : `${near}=${attached}`
  return new SkeinError(
    'INPUT_USAGE',
    `\`${command}\` has no flag \`${name}\`; the nearest is \`${near}\`.`,
    { hint: commandLine(words.with(at, right)), data: { nearest: near } },
  )
}

function verbNames(): readonly string[] {
  return VERBS.map(({ name }) => name)
}

function helpVerb(): VerbSpec {
  return known('help')
}

function known(name: string): VerbSpec {
  const verb = findVerb(name)
  if (verb === undefined) throw new Error(`no verb ${name}`)
  return verb
}
