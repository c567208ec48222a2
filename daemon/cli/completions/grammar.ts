// What may stand at each place of a command line, out of the list of verbs. The scripts of the three shells are printed from
// it, so that none of them can offer what the command line refuses.
import {
  EVENT_KINDS,
  type ArgumentSpec,
  type FlagSpec,
  type Naming,
} from '../../../protocol/index.ts'
import { helpOf } from '../verb-help.ts'
import type { VerbSpec } from '../verb-spec.ts'
import { GLOBAL_FLAGS, VERBS } from '../verbs.ts'

/** Where the values of a word come from. */
export type Source =
  | { readonly kind: 'text' }
  | { readonly kind: 'file' }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /** Asked of the daemon by `skein candidates`. */
  | { readonly kind: 'live'; readonly of: Naming }

export interface Choice {
  readonly word: string
  readonly help: string
}

export interface FlagWord {
  /** With its dashes. */
  readonly flag: string
  readonly help: string
  /** Of its value; null for a switch. */
  readonly title: string | null
  readonly source: Source
  readonly repeats: boolean
}

export interface Slot {
  readonly title: string
  readonly source: Source
  /** Takes all words from here on. */
  readonly many: boolean
}

/** A command, or a family of commands: `task`. */
export interface Place {
  /** As it is typed; empty before any command. */
  readonly name: string
  readonly next: readonly Choice[]
  readonly flags: readonly FlagWord[]
  readonly slots: readonly Slot[]
}

/** Every place by its name, the empty one first. */
export function places(): readonly Place[] {
  const names = new Set(VERBS.flatMap(({ name }) => [familyOf(name), name]))
  names.delete('')
  return [placeOf(''), ...[...names].toSorted().map(placeOf)]
}

function familyOf(name: string): string {
  return name.includes(' ') ? name.slice(0, name.indexOf(' ')) : ''
}

function placeOf(name: string): Place {
  // A family by its name alone is its list.
  const verb = find(name) ?? find(`${name} list`)
  // What another program reads is not ours to complete.
  const isOurs = verb?.isRaw !== true
  return {
    name,
    next: nextWords(name),
    flags: isOurs ? [...(verb?.flags ?? []), ...GLOBAL_FLAGS].map(flagWord) : [],
    slots: isOurs ? (verb?.arguments ?? []).flatMap(slotsOf) : [],
  }
}

function find(name: string): VerbSpec | undefined {
  return VERBS.find((verb) => verb.name === name)
}

function nextWords(name: string): readonly Choice[] {
  if (name !== '') {
    const own = VERBS.filter((verb) => familyOf(verb.name) === name)
    return own.map((verb) => ({
      word: verb.name.slice(name.length + 1),
      help: helpOf(verb).summary,
    }))
  }
  const words = [...new Set(VERBS.map((verb) => familyOf(verb.name) || verb.name))]
  return words.toSorted().map((word) => {
    const verb = find(word)
    return { word, help: verb === undefined ? familyHelp(word) : helpOf(verb).summary }
  })
}

/** `list, show, restore or drop`. */
function familyHelp(family: string): string {
  const words = nextWords(family).map(({ word }) => word)
  return [words.slice(0, -1).join(', '), ...words.slice(-1)].filter((part) => part).join(' or ')
}

function flagWord(spec: FlagSpec): FlagWord {
  const { flag, help, type, value } = spec
  const title = type === 'switch' ? null : (value ?? 'VALUE')
  return { flag, help, title, source: sourceOf(spec), repeats: type === 'texts' }
}

function slotsOf(spec: ArgumentSpec): readonly Slot[] {
  const { name: title, many, names } = spec
  if (names !== 'command') return [{ title, source: sourceOf(spec), many }]
  // The name of a command has one word or two.
  const firsts = nextWords('').map(({ word }) => word)
  const seconds = [...new Set(firsts.flatMap((word) => nextWords(word).map((next) => next.word)))]
  return [firsts, seconds].map((words) => ({
    title,
    source: { kind: 'words', words },
    many: false,
  }))
}

function sourceOf(spec: FlagSpec | ArgumentSpec): Source {
  const { names, oneOf } = spec
  if (oneOf !== undefined) return { kind: 'words', words: oneOf }
  if (names === 'event') return { kind: 'words', words: Object.keys(EVENT_KINDS) }
  if (names === 'file' || 'isPath' in spec) return { kind: 'file' }
  return names === undefined ? { kind: 'text' } : { kind: 'live', of: names }
}
