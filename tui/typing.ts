// A line that is typed: a filter, what to find, a command, an answer.
import { SkeinError } from '../protocol/index.ts'
import { findRow } from './find.ts'
import { LIST, type Mode, type Ui } from './model/ui.ts'
import type { Session } from './session.ts'

type Typing = Extract<Mode, { kind: 'type' | 'ask' }>

/** More is no filter and no command. */
const CHARACTERS_MAX = 2_000

export function typeKey(session: Session, mode: Typing, name: string): void {
  const { store } = session
  if (mode.kind === 'ask' && mode.question.answer === 'yes') {
    store.set(close)
    if (name === 'y' || name === 'Y') mode.question.onAnswer('y')
    else mode.question.onNo()
    return
  }
  if (name === 'escape') {
    leave(session, mode)
    return
  }
  if (name === 'enter') {
    accept(session, mode)
    return
  }
  const text = edited(mode.text, name)
  if (text === null) return
  store.set((ui) => withText(ui, mode, text))
}

/** Null: no key that edits. */
function edited(text: string, name: string): string | null {
  if (name === 'backspace') return Array.from(text).slice(0, -1).join('')
  if (name === 'ctrl-u') return ''
  if (name === 'ctrl-w') return text.replace(/\S*\s*$/, '')
  const isCharacter = Array.from(name).length === 1 && !/\p{Cc}/u.test(name)
  return isCharacter && text.length < CHARACTERS_MAX ? text + name : null
}

/** A filter is seen while it is typed. */
function withText(ui: Ui, mode: Typing, text: string): Ui {
  const next: Ui = { ...ui, mode: { ...mode, text } }
  if (mode.kind !== 'type' || mode.what !== 'filter') return next
  return { ...next, filters: { ...ui.filters, [ui.view]: text } }
}

function leave({ store }: Session, mode: Typing): void {
  store.set((ui) => {
    const isFilter = mode.kind === 'type' && mode.what === 'filter'
    return close(isFilter ? { ...ui, filters: { ...ui.filters, [ui.view]: '' } } : ui)
  })
  if (mode.kind === 'ask') mode.question.onNo()
}

function accept(session: Session, mode: Typing): void {
  const { store } = session
  store.set(close)
  if (mode.kind === 'ask') {
    mode.question.onAnswer(mode.text.trim())
    return
  }
  if (mode.what === 'find')
    store.set((ui) => {
      const next = { ...ui, wanted: mode.text }
      return findRow(next, session, 1)
    })
  if (mode.what === 'command' && mode.text.trim() !== '') void runCommand(session, mode.text.trim())
}

function close(ui: Ui): Ui {
  return { ...ui, mode: LIST }
}

/** The answer is a page; a failure is one, too, with what to type next. */
async function runCommand(session: Session, line: string): Promise<void> {
  const { store, host, frame } = session
  if (/^(?:q|quit|exit)$/.test(line)) {
    session.quit()
    return
  }
  const show = (lines: readonly string[]): void => {
    store.set((ui) => {
      return { ...ui, note: null, mode: { kind: 'page', title: `skein ${line}`, lines, top: 0 } }
    })
  }
  store.set((ui) => ({ ...ui, note: { level: 'plain', text: `skein ${line} …` } }))
  try {
    const answer = await host.run(line, {
      width: frame.width,
      repo: frame.board.repo?.id ?? null,
      signal: host.interrupted,
      confirm: (lines) => confirm(session, lines),
    })
    show(answer)
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error
    show([error.message, '', `next: ${error.hint}`])
  }
}

/** @returns whether the person says yes. */
export function confirm({ store }: Session, lines: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const question = {
      ...{ lines, prompt: 'Go on? [y/N]', answer: 'yes' as const },
      onAnswer: () => {
        resolve(true)
      },
      onNo: () => {
        resolve(false)
      },
    }
    store.set((ui) => ({ ...ui, note: null, mode: { kind: 'ask', question, text: '' } }))
  })
}

/** @returns what was typed; null where the person thought better of it. */
export function askText(
  { store }: Session,
  lines: readonly string[],
  prompt: string,
  text = '',
): Promise<string | null> {
  return new Promise((resolve) => {
    const question = {
      ...{ lines, prompt, answer: 'text' as const, onAnswer: resolve },
      onNo: () => {
        resolve(null)
      },
    }
    store.set((ui) => ({ ...ui, note: null, mode: { kind: 'ask', question, text } }))
  })
}
