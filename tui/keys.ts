// What keys do: move, choose what is shown, type. What changes something in the mesh stands in acts.ts.
import { helpLines, lastTop, logLines, pageLines } from './components/body.ts'
import type { Act } from './model/keys.ts'
import { actOf } from './model/keys.ts'
import { chooseAt, LIST, sortedOtherwise, withList, type Mode, type Ui } from './model/ui.ts'
import { answerRequest, approveChosen, copyId, endChosen } from './acts.ts'
import { findRow } from './find.ts'
import { jump } from './jump.ts'
import { followChosen } from './follow-log.ts'
import type { Session } from './session.ts'
import { typeKey } from './typing.ts'
import { VIEW_NAMES, type ViewName } from './views/view.ts'

/** @param input what the terminal sent: several keys at once where the line is slow. */
export function pressKeys(session: Session, name: string, input: string): void {
  if (input.length <= 1 || name !== input) {
    pressKey(session, name)
    return
  }
  for (const character of input) pressKey(session, CONTROL[character] ?? character)
}

const CONTROL: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u007f': 'backspace',
  '\b': 'backspace',
  '\u0015': 'ctrl-u',
  '\u0017': 'ctrl-w',
  '\u001b': 'escape',
}

function pressKey(session: Session, name: string): void {
  if (name === 'ctrl-c') {
    session.quit()
    return
  }
  const { mode } = session.store.get()
  if (mode.kind === 'type' || mode.kind === 'ask') typeKey(session, mode, name)
  else if (mode.kind === 'list') act(session, actOf(name))
  else scrollPage(session, name)
}

/** A page in the place of the list: read, scrolled, closed. */
function scrollPage({ store, frame }: Session, name: string): void {
  const move = SCROLLS[name]
  store.set((ui) => {
    const { mode } = ui
    if (mode.kind !== 'help' && mode.kind !== 'page' && mode.kind !== 'log') return ui
    if (move === undefined) return CLOSES.has(name) ? { ...ui, mode: LIST } : ui
    const last = lastTop(lengthOf(mode, frame.width), frame.height)
    const top = Math.max(0, Math.min(last, move(mode.top ?? last, frame.height - 1)))
    // Whoever is at the end of a log follows it.
    if (mode.kind === 'log') return { ...ui, mode: { ...mode, top: top >= last ? null : top } }
    return { ...ui, mode: { ...mode, top } }
  })
}

function lengthOf(mode: Extract<Mode, { kind: 'help' | 'page' | 'log' }>, width: number): number {
  if (mode.kind === 'help') return helpLines(width).length
  return mode.kind === 'log'
    ? logLines(mode, width).length
    : pageLines(mode.title, mode.lines, width).length
}

const CLOSES: ReadonlySet<string> = new Set(['escape', 'q', '?', 'enter'])

type Scroll = (top: number, page: number) => number
const lineUp: Scroll = (top) => top - 1
const lineDown: Scroll = (top) => top + 1
const pageUp: Scroll = (top, page) => top - page
const pageDown: Scroll = (top, page) => top + page
const toStart: Scroll = () => 0
const toEnd: Scroll = () => Infinity

/** As lists move. */
const SCROLLS: Readonly<Record<string, Scroll>> = {
  ...{ up: lineUp, k: lineUp, '[': lineUp, down: lineDown, j: lineDown, ']': lineDown },
  ...{ pageup: pageUp, 'ctrl-b': pageUp, pagedown: pageDown, 'ctrl-f': pageDown },
  ...{ home: toStart, g: toStart, end: toEnd, G: toEnd },
}

function act(session: Session, what: Act | null): void {
  if (what === null) return
  const { store, frame } = session
  const { placed, rows, listHeight: height } = frame
  const step = MOVES[what]
  if (step !== undefined) {
    const wanted = step(placed.index, height, rows.length)
    store.set((ui) => withList(ui, chooseAt(rows, placed, wanted, height)))
    return
  }
  const change = CHANGES[what]
  if (change !== undefined) {
    store.set((ui) => change(ui, session))
    return
  }
  DEEDS[what]?.(session)
}

type Table<Value> = Readonly<Partial<Record<Act, Value>>>

const MOVES: Table<(index: number, height: number, count: number) => number> = {
  up: (index) => index - 1,
  down: (index) => index + 1,
  'page-up': (index, height) => index - height,
  'page-down': (index, height) => index + height,
  first: () => 0,
  last: (_index, _height, count) => count - 1,
}

const CHANGES: Table<(ui: Ui, session: Session) => Ui> = {
  'view-1': (ui) => showView(ui, 0),
  'view-2': (ui) => showView(ui, 1),
  'view-3': (ui) => showView(ui, 2),
  'view-4': (ui) => showView(ui, 3),
  'view-5': (ui) => showView(ui, 4),
  'view-6': (ui) => showView(ui, 5),
  'view-7': (ui) => showView(ui, 6),
  'next-repo': (ui, session) => nextRepo(ui, session, 1),
  'previous-repo': (ui, session) => nextRepo(ui, session, -1),
  detail: (ui) => ({ ...ui, isDetailOpen: !ui.isDetailOpen, detailTop: 0 }),
  back: goBack,
  'detail-up': (ui) => ({ ...ui, detailTop: Math.max(0, ui.detailTop - 1) }),
  'detail-down': (ui) => ({ ...ui, detailTop: ui.detailTop + 1 }),
  open: (ui, session) => setFolder(ui, session, true),
  close: (ui, session) => setFolder(ui, session, false),
  'fold-all': foldAll,
  sort: sortedOtherwise,
  filter: (ui) => ({ ...ui, mode: { kind: 'type', what: 'filter', text: ui.filters[ui.view] } }),
  find: (ui) => ({ ...ui, mode: { kind: 'type', what: 'find', text: '' } }),
  command: (ui) => ({ ...ui, note: null, mode: { kind: 'type', what: 'command', text: '' } }),
  help: (ui) => ({ ...ui, mode: { kind: 'help', top: 0 } }),
  'find-next': (ui, session) => findRow(ui, session, 1),
  'find-previous': (ui, session) => findRow(ui, session, -1),
}

const DEEDS: Table<(session: Session) => void> = {
  jump,
  end: endChosen,
  approve: approveChosen,
  deny: (session) => {
    answerRequest(session, 'deny')
  },
  narrow: (session) => {
    answerRequest(session, 'narrow')
  },
  coexist: (session) => {
    answerRequest(session, 'coexist')
  },
  copy: copyId,
  log: followChosen,
  again: (session) => {
    session.asks += 1
    session.feed.retry()
    session.redraw()
  },
  quit: (session) => {
    session.quit()
  },
}

function showView(ui: Ui, at: number): Ui {
  const view: ViewName = VIEW_NAMES[at] ?? ui.view
  return { ...ui, view, detailTop: 0, note: null }
}

function nextRepo(ui: Ui, { feed, frame }: Session, step: 1 | -1): Ui {
  const ids = (feed.snapshot().status?.repos ?? []).map(({ id }) => id)
  const at = ids.indexOf(frame.board.repo?.id ?? '')
  const id = ids[(at + step + ids.length) % ids.length]
  if (id === undefined || ids.length < 2)
    return { ...ui, note: { level: 'plain', text: 'there is no other repository' } }
  return { ...ui, repo: id as NonNullable<Ui['repo']>, note: { level: 'plain', text: id } }
}

/** What lies on top first. It never leaves the board. */
function goBack(ui: Ui): Ui {
  if (ui.isDetailOpen) return { ...ui, isDetailOpen: false }
  return { ...ui, filters: { ...ui.filters, [ui.view]: '' }, note: null }
}

function setFolder(ui: Ui, { frame }: Session, isOpen: boolean): Ui {
  const { rows, placed, listHeight: height } = frame
  const row = rows[placed.index]
  if (row === undefined || ui.view !== 'claims') return ui
  if (row.isOpen === !isOpen) {
    const closed = new Set(ui.closed)
    if (isOpen) closed.delete(row.id)
    else closed.add(row.id)
    return {
      ...withList(ui, { chosen: row.id, index: placed.index, above: placed.index - placed.top }),
      closed,
    }
  }
  if (isOpen) return ui
  const depth = row.depth ?? 0
  const around = rows.findLastIndex(
    (other, i) => i < placed.index && (other.depth ?? 0) < depth && other.isOpen !== undefined,
  )
  return around < 0 ? ui : withList(ui, chooseAt(rows, placed, around, height))
}

function foldAll(ui: Ui, { frame }: Session): Ui {
  if (ui.view !== 'claims') return ui
  if (ui.closed.size > 0) return { ...ui, closed: new Set() }
  const folders = frame.rows.filter(({ isOpen }) => isOpen === true).map(({ id }) => id)
  return { ...ui, closed: new Set(folders) }
}
