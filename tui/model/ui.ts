// What the person at the board has chosen: view, filters, selection, what is open. It lives outside the screen's components, so
// that nothing of it is lost when they are drawn anew. Pure.
import { CLAIM_ORDERS, type ClaimOrder } from '../../daemon/client/board/tree.ts'
import { WORKER_ORDERS, type WorkerOrder } from '../../daemon/client/board/workers.ts'
import type { RepoId } from '../../protocol/index.ts'
import { VIEW_NAMES, type Row, type ViewName } from '../views/view.ts'

export interface Ui {
  readonly view: ViewName
  /** Null: the board chooses. */
  readonly repo: RepoId | null
  readonly lists: Readonly<Record<ViewName, ListPlace>>
  readonly filters: Readonly<Record<ViewName, string>>
  readonly order: ClaimOrder
  readonly workerOrder: WorkerOrder
  /** Ids of closed folders. */
  readonly closed: ReadonlySet<string>
  readonly isDetailOpen: boolean
  readonly detailTop: number
  /** What `n` looks for. */
  readonly wanted: string
  readonly mode: Mode
  readonly note: Note | null
}

/** Where a list stands: by the id of a row, and on which line of the screen that row was. */
export interface ListPlace {
  /** Null: the first row, whichever that is. */
  readonly chosen: string | null
  /** Where it was in the list, for when it is gone. */
  readonly index: number
  /** Lines above it. */
  readonly above: number
}

export type Mode =
  | { readonly kind: 'list' }
  | { readonly kind: 'type'; readonly what: 'filter' | 'find' | 'command'; readonly text: string }
  | { readonly kind: 'ask'; readonly question: Question; readonly text: string }
  | {
      readonly kind: 'page'
      readonly title: string
      readonly lines: readonly string[]
      readonly top: number
    }
  | { readonly kind: 'help'; readonly top: number }
  | LogMode

/** What a worker says, as it says it. */
export interface LogMode {
  readonly kind: 'log'
  /** Which opening of it: another one reads for itself. */
  readonly run: number
  readonly title: string
  readonly lines: readonly string[]
  /** Null: the end, and what comes to it. */
  readonly top: number | null
  /** Is it read, or why not. */
  readonly status: string
}

export interface Question {
  /** What will happen. */
  readonly lines: readonly string[]
  readonly prompt: string
  readonly answer: 'text' | 'yes'
  readonly onAnswer: (text: string) => void
  readonly onNo: () => void
}

export interface Note {
  readonly level: 'plain' | 'good' | 'bad'
  readonly text: string
}

export const LIST: Mode = { kind: 'list' }
const FIRST: ListPlace = { chosen: null, index: 0, above: 0 }

export function newUi(repo: RepoId | null, isWide: boolean): Ui {
  return {
    view: 'claims',
    repo,
    lists: forEachView(FIRST),
    filters: forEachView(''),
    order: 'path',
    workerOrder: 'need',
    closed: new Set(),
    isDetailOpen: isWide,
    detailTop: 0,
    wanted: '',
    mode: LIST,
    note: null,
  }
}

export interface Placed {
  /** -1: there is nothing to choose. */
  readonly index: number
  readonly top: number
}

/** Where the list stands now: by the row's id, and where that row is gone at its place, on the same line of the screen. */
export function placeIn(rows: readonly Row[], place: ListPlace, height: number): Placed {
  const index = indexOf(rows, place)
  if (index < 0) return { index, top: 0 }
  const above = Math.max(0, Math.min(place.above, height - 1))
  const top = Math.max(0, Math.min(index - above, rows.length - height))
  return { index, top }
}

/** Chooses the row at an index, or the nearest one that can be chosen, farther on in the direction of the step. */
export function chooseAt(
  rows: readonly Row[],
  placed: Placed,
  wanted: number,
  height: number,
): ListPlace {
  const step = wanted >= placed.index ? 1 : -1
  const index = selectable(rows, Math.max(0, Math.min(wanted, rows.length - 1)), step)
  const row = rows[index]
  if (row === undefined) return FIRST
  const top = topShowing(rows, placed.top, index, height)
  // The first row stands for whatever comes first: a list of news follows.
  const isFirst = index === selectable(rows, 0, 1)
  return { chosen: isFirst ? null : row.id, index, above: index - top }
}

/** The next order of the list that is shown. */
export function sortedOtherwise(ui: Ui): Ui {
  if (ui.view === 'claims') return { ...ui, order: after(CLAIM_ORDERS, ui.order) }
  if (ui.view === 'workers') return { ...ui, workerOrder: after(WORKER_ORDERS, ui.workerOrder) }
  return ui
}

function after<Value>(all: readonly Value[], one: Value): Value {
  return all[(all.indexOf(one) + 1) % all.length] ?? one
}

export function withList(ui: Ui, place: ListPlace): Ui {
  return { ...ui, lists: { ...ui.lists, [ui.view]: place }, detailTop: 0, note: null }
}

function indexOf(rows: readonly Row[], { chosen, index }: ListPlace): number {
  if (chosen === null) return selectable(rows, 0, 1)
  // It is mostly where it was.
  const known = rows[index]?.id === chosen ? index : rows.findIndex(({ id }) => id === chosen)
  return known >= 0 ? known : selectable(rows, Math.min(index, rows.length - 1), 1)
}

/** The nearest row that is no heading: first in the direction of the step, then back; -1 where there is none. */
function selectable(rows: readonly Row[], from: number, step: 1 | -1): number {
  for (const direction of [step, -step])
    for (let i = from; i >= 0 && i < rows.length; i += direction)
      if (rows[i]?.subject != null) return i
  return -1
}

/** As little scrolled as shows the row; headings at the very top come along. */
function topShowing(rows: readonly Row[], top: number, index: number, height: number): number {
  if (index <= selectable(rows, 0, 1)) return 0
  if (index < top) return index
  return index >= top + height ? index - height + 1 : top
}

function forEachView<Value>(value: Value): Record<ViewName, Value> {
  const all = VIEW_NAMES.map((name) => [name, value] as const)
  return Object.fromEntries(all) as Record<ViewName, Value>
}
