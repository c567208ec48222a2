// What every view is: rows out of what is known, each known by an id, and how one of them is drawn. Only visible rows are drawn.
import type { ClaimOrder } from '../../daemon/client/board/tree.ts'
import type { WorkerOrder } from '../../daemon/client/board/workers.ts'
import type { Filter } from '../../daemon/client/board/filter.ts'
import type { Asked, Board, Subject } from '../model/board.ts'
import type { Cell, Column } from '../model/columns.ts'
import type { Line } from '../model/lines.ts'

export const VIEW_NAMES = [
  'overview',
  'claims',
  'queue',
  'requests',
  'hotspots',
  'events',
  'workers',
] as const
export type ViewName = (typeof VIEW_NAMES)[number]

export interface Row {
  readonly id: string
  /** Null: a heading, which cannot be chosen. */
  readonly subject: Subject | null
  /** Of a tree. */
  readonly depth?: number
  readonly label?: string
  /** Of a folder; of another row nothing. */
  readonly isOpen?: boolean
  /** A heading says its own columns. */
  readonly columns?: readonly Column[]
}

export interface Wishes {
  readonly filter: Filter
  readonly order: ClaimOrder
  readonly workerOrder: WorkerOrder
  readonly closed: ReadonlySet<string>
}

export interface View {
  readonly title: string
  /** On a narrow screen. */
  readonly short?: string
  /** How many there are of what it shows; null where that says nothing. */
  readonly count: (board: Board, asked: Asked) => number | null
  readonly columns: readonly Column[]
  readonly rows: (board: Board, asked: Asked, wishes: Wishes) => readonly Row[]
  readonly cells: (row: Row, board: Board, nowMs: number) => readonly (Cell | string)[]
  /** Instead of rows where there are none: nothing is never blank. */
  readonly empty: (board: Board, asked: Asked) => Line
}
