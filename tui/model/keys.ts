// Every key of the board, in one table: what is pressed, what it does, and what the help says of it.

export type Act =
  | 'up'
  | 'down'
  | 'page-up'
  | 'page-down'
  | 'first'
  | 'last'
  | 'open'
  | 'close'
  | 'detail'
  | 'back'
  | 'detail-up'
  | 'detail-down'
  | 'fold-all'
  | 'view-1'
  | 'view-2'
  | 'view-3'
  | 'view-4'
  | 'view-5'
  | 'view-6'
  | 'view-7'
  | 'next-repo'
  | 'previous-repo'
  | 'filter'
  | 'find'
  | 'find-next'
  | 'find-previous'
  | 'jump'
  | 'sort'
  | 'end'
  | 'approve'
  | 'deny'
  | 'narrow'
  | 'coexist'
  | 'copy'
  | 'log'
  | 'command'
  | 'again'
  | 'help'
  | 'quit'

export interface KeySpec {
  readonly keys: readonly string[]
  readonly act: Act
  readonly help: string
}

interface KeyGroup {
  readonly title: string
  readonly keys: readonly KeySpec[]
}

export const KEYS: readonly KeyGroup[] = [
  {
    title: 'Look',
    keys: [
      { keys: ['1'], act: 'view-1', help: 'overview: repositories and machines' },
      { keys: ['2'], act: 'view-2', help: 'claims' },
      { keys: ['3'], act: 'view-3', help: 'queue' },
      { keys: ['4'], act: 'view-4', help: 'requests' },
      { keys: ['5'], act: 'view-5', help: 'hot spots' },
      { keys: ['6'], act: 'view-6', help: 'events' },
      { keys: ['7'], act: 'view-7', help: 'workers: who does what, where, how far' },
      { keys: ['tab'], act: 'next-repo', help: 'next repository' },
      { keys: ['shift-tab'], act: 'previous-repo', help: 'previous repository' },
      { keys: ['enter', 'i'], act: 'detail', help: 'details and history of what is chosen' },
      { keys: ['escape'], act: 'back', help: 'close details, then the filter' },
      { keys: ['['], act: 'detail-up', help: 'scroll the details up' },
      { keys: [']'], act: 'detail-down', help: 'scroll the details down' },
    ],
  },
  {
    title: 'Move',
    keys: [
      { keys: ['up', 'k'], act: 'up', help: 'up' },
      { keys: ['down', 'j'], act: 'down', help: 'down' },
      { keys: ['pageup', 'ctrl-b'], act: 'page-up', help: 'a page up' },
      { keys: ['pagedown', 'ctrl-f'], act: 'page-down', help: 'a page down' },
      { keys: ['home', 'g'], act: 'first', help: 'first row; events follow from there' },
      { keys: ['end', 'G'], act: 'last', help: 'last row' },
      { keys: ['right', 'l'], act: 'open', help: 'open a folder' },
      { keys: ['left', 'h'], act: 'close', help: 'close a folder, or go to the one around' },
      { keys: ['z'], act: 'fold-all', help: 'close all folders, or open them' },
      { keys: ['o'], act: 'jump', help: 'go to what it is about: holder, claim, repository' },
    ],
  },
  {
    title: 'Find',
    keys: [
      { keys: ['/'], act: 'filter', help: 'show only what matches: words, key:word, -word' },
      { keys: ['f'], act: 'find', help: 'go to the next row with a text' },
      { keys: ['n'], act: 'find-next', help: 'the next one' },
      { keys: ['N'], act: 'find-previous', help: 'the one before' },
      {
        keys: ['s'],
        act: 'sort',
        help: 'claims by path, time left, age, holder, state; workers by need, age, task …',
      },
    ],
  },
  {
    title: 'Act',
    keys: [
      {
        keys: ['x'],
        act: 'end',
        help: 'release a claim, give up a place in the queue, end a worker',
      },
      {
        keys: ['a'],
        act: 'approve',
        help: 'a request: give the claim up; a worker: answer it; a proposal: give it',
      },
      { keys: ['d'], act: 'deny', help: 'a request: keep the claim' },
      { keys: ['w'], act: 'narrow', help: 'a request: keep only a part' },
      { keys: ['c'], act: 'coexist', help: 'a request: let the other in beside' },
      { keys: ['L'], act: 'log', help: 'a worker: follow its log' },
      { keys: ['y'], act: 'copy', help: 'copy the id to the clipboard (OSC 52)' },
      { keys: [':'], act: 'command', help: 'a skein command, as in :why src/a.ts' },
      { keys: ['R', 'ctrl-l'], act: 'again', help: 'connect, ask and draw anew' },
      { keys: ['?'], act: 'help', help: 'this page' },
      { keys: ['q', 'ctrl-c'], act: 'quit', help: 'leave the board' },
    ],
  },
]

const ACTS: ReadonlyMap<string, Act> = new Map(
  KEYS.flatMap(({ keys }) => keys).flatMap(({ keys, act }) => keys.map((key) => [key, act])),
)

export function actOf(key: string): Act | null {
  return ACTS.get(key) ?? null
}

/** As much of Ink's keys as is needed to name one. */
export interface Pressed {
  readonly upArrow: boolean
  readonly downArrow: boolean
  readonly leftArrow: boolean
  readonly rightArrow: boolean
  readonly pageUp: boolean
  readonly pageDown: boolean
  readonly home: boolean
  readonly end: boolean
  readonly return: boolean
  readonly escape: boolean
  readonly ctrl: boolean
  readonly shift: boolean
  readonly tab: boolean
  readonly backspace: boolean
  readonly delete: boolean
}

/** `up`, `ctrl-b`, `G`: as the table calls it. */
export function nameOf(input: string, key: Pressed): string {
  if (key.tab) return key.shift ? 'shift-tab' : 'tab'
  const named = NAMED.find(([field]) => key[field])
  if (named !== undefined) return named[1]
  return key.ctrl ? `ctrl-${input}` : input
}

const NAMED: readonly (readonly [keyof Pressed, string])[] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'escape'],
  ['backspace', 'backspace'],
  ['delete', 'backspace'],
]
