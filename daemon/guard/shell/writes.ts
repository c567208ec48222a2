// What a command would write, as far as its text tells: the vocabulary of the table. Pure data.
import type { FileEdit } from '../../ports-symbols.ts'

/** A word of the shell, expanded: its text, and the pattern where it has signs of a glob outside of quotes. */
export interface Value {
  readonly text: string
  readonly glob: string | null
}

/** In the text of a flag: from here on only the shell could tell (`--output="$F"`). */
export const UNTOLD = '\0'

/** Null where only the shell could tell. */
export type Arg = Value | null

export type ShellWrite =
  | {
      readonly kind: 'file'
      /** Absolute, or a glob that begins with an absolute path. */
      readonly place: Value
      /** Of a folder: everything in it, or only its files with changes. Nothing said: it is no folder. */
      readonly tree?: 'all' | 'changed'
      /** It may be something else, such as a branch: meant only if there is such a file. */
      readonly isMaybe?: boolean
      readonly edit?: FileEdit
    }
  /** Into a folder under the sources' names, if there is such a folder; else to the place itself. */
  | { readonly kind: 'copy'; readonly sources: readonly Value[]; readonly place: Value }
  /** Of the whole worktree around a folder: files with changes, or those that git does not know. */
  | { readonly kind: 'worktree'; readonly folder: string; readonly which: 'changed' | 'untracked' }
  /** It may write, and its text does not say where. */
  | { readonly kind: 'unknown'; readonly why: string }

/** Words of one command after its name, by what they are. */
export interface Options {
  readonly flags: readonly string[]
  /** Values of flags that take one, by flag. */
  readonly values: ReadonlyMap<string, readonly Arg[]>
  readonly operands: readonly Arg[]
}

/**
 * Reads words as most programs do.
 * @param valued flags whose value is the next word, or stands after `=`, or behind the letter itself
 * @param glued letters whose value can only stand behind the letter itself (`sed -i.bak`)
 */
export function readOptions(
  args: readonly Arg[],
  valued: readonly string[] = [],
  glued: readonly string[] = [],
): Options {
  const flags: string[] = []
  const values = new Map<string, Arg[]>()
  const operands: Arg[] = []
  const keep = (flag: string, value: Arg): void => {
    values.set(flag, [...(values.get(flag) ?? []), value])
  }
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? null
    const text = arg?.text ?? ''
    if (text === '--') {
      operands.push(...args.slice(at + 1))
      break
    }
    if (arg === null || !text.startsWith('-') || text === '-') {
      operands.push(arg)
      continue
    }
    const equals = text.startsWith('--') ? text.indexOf('=') : -1
    const name = equals < 0 ? text : text.slice(0, equals)
    const cut = valued.includes(text) ? -1 : letterWithValue(text, valued, glued)
    if (cut > 0) {
      if (cut > 1) flags.push(text.slice(0, cut))
      const letter = `-${text.charAt(cut)}`
      const rest = text.slice(cut + 1)
      flags.push(letter)
      if (rest !== '') keep(letter, gluedValue(rest))
      else if (valued.includes(letter)) keep(letter, args[++at] ?? null)
      continue
    }
    if (name.includes(UNTOLD)) operands.push(null)
    flags.push(name)
    if (equals >= 0) keep(name, gluedValue(text.slice(equals + 1)))
    else if (valued.includes(name)) keep(name, args[++at] ?? null)
  }
  return { flags, values, operands }
}

export function gluedValue(text: string): Arg {
  return text.includes(UNTOLD) ? null : { text, glob: null }
}

/** Where in `-rt` or `-tsrc` the letter stands that takes a value; -1 for none. */
function letterWithValue(
  text: string,
  valued: readonly string[],
  glued: readonly string[],
): number {
  if (text.startsWith('--')) return -1
  const letters = Array.from(text, (letter) => `-${letter}`)
  return letters.findIndex((flag, at) => at > 0 && (valued.includes(flag) || glued.includes(flag)))
}

/** Is a one-letter flag there, alone or among others (`-rf`)? */
export function hasFlag({ flags }: Options, letter: string, long?: string): boolean {
  return flags.some(
    (flag) => flag === long || (/^-[A-Za-z]+$/.test(flag) && flag.slice(1).includes(letter)),
  )
}
