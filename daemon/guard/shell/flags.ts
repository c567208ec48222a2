// Reads the words of programs whose flags are known one by one. A flag that is not known may write, run, or go anywhere:
// then nothing is read, and the command is unknown. Pure.
import { gluedValue, type Arg, type Options } from './writes.ts'

export interface Flags {
  /** Letters without a value; digits of `-5` are letters too. */
  readonly short?: string
  /** Letters with one: glued, or the next word. */
  readonly valued?: string
  /** Whole flags without a value that matters, between spaces; among them words behind one dash (`-name`). */
  readonly long?: string
  /** Whole flags with one: behind `=`, or the next word. */
  readonly longValued?: string
}

/** @param isToFirst flags end at the first word that is none. Null: there is a flag that is not known. */
export function readKnown(args: readonly Arg[], known: Flags, isToFirst = false): Options | null {
  const read = { flags: [] as string[], values: new Map<string, Arg[]>(), operands: [] as Arg[] }
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? null
    const text = arg?.text ?? ''
    const isEnd = text === '--'
    if (isEnd || (isToFirst && !isFlag(text))) {
      read.operands.push(...args.slice(isEnd ? at + 1 : at))
      return read
    }
    if (!isFlag(text)) {
      read.operands.push(arg)
      continue
    }
    const found = flagsOf(text, known)
    if (found === null) return null
    for (const { name, value } of found) {
      read.flags.push(name)
      if (value === undefined) continue
      const given = value === null ? (args[++at] ?? null) : gluedValue(value)
      read.values.set(name, [...(read.values.get(name) ?? []), given])
    }
  }
  return read
}

function isFlag(text: string): boolean {
  return text.startsWith('-') && text !== '-'
}

interface Found {
  readonly name: string
  /** Null: it is the next word. Undefined: it takes none. */
  readonly value?: string | null
}

function flagsOf(text: string, known: Flags): readonly Found[] | null {
  const equals = text.indexOf('=')
  const name = equals < 0 ? text : text.slice(0, equals)
  const isLong = text.startsWith('--')
  if (has(known.longValued, name) && (isLong || equals < 0))
    return [{ name, value: equals < 0 ? null : text.slice(equals + 1) }]
  if (has(known.long, name)) return [{ name }]
  return isLong ? null : lettersOf(text, known)
}

function lettersOf(text: string, { short = '', valued = '' }: Flags): readonly Found[] | null {
  const found: Found[] = []
  for (let at = 1; at < text.length; at++) {
    const letter = text.charAt(at)
    const name = `-${letter}`
    if (valued.includes(letter)) {
      const glued = text.slice(at + 1)
      return [...found, { name, value: glued === '' ? null : glued }]
    }
    if (!short.includes(letter)) return null
    found.push({ name })
  }
  return found
}

function has(words: string | undefined, name: string): boolean {
  return words?.split(' ').includes(name) === true
}
