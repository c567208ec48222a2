// What is on the screen, worked out for the choices of this very moment: keys that come in one piece each act on what the one
// before left, though nothing was drawn in between.
import { parseFilter } from '../daemon/client/board/filter.ts'
import { listHeight } from './components/body.ts'
import type { Asked, Board } from './model/board.ts'
import { placeIn, type Placed, type Ui } from './model/ui.ts'
import type { Row } from './views/view.ts'
import { VIEWS } from './views/views.ts'

/** What was drawn last, and how much of it there is room for. */
export interface Drawn {
  readonly board: Board
  readonly asked: Asked
  /** Lines of the body. */
  readonly height: number
  readonly width: number
}

export interface Frame extends Drawn {
  readonly rows: readonly Row[]
  readonly placed: Placed
  /** Lines that show rows. */
  readonly listHeight: number
}

/** @returns what makes frames; rows are made anew only when they may be others. */
export function createFrames(): (drawn: Drawn, ui: Ui) => Frame {
  let known: { readonly keys: readonly unknown[]; readonly rows: readonly Row[] } | null = null
  return (drawn, ui) => {
    const { board, asked } = drawn
    const view = VIEWS[ui.view]
    const keys = [board, asked, view, ui.filters[ui.view], ui.order, ui.workerOrder, ui.closed]
    if (known?.keys.every((key, i) => key === keys[i]) !== true) {
      const { order, workerOrder, closed } = ui
      const filter = parseFilter(ui.filters[ui.view])
      known = { keys, rows: view.rows(board, asked, { filter, order, workerOrder, closed }) }
    }
    const { rows } = known
    const height = listHeight(view.columns, drawn.height)
    return { ...drawn, rows, placed: placeIn(rows, ui.lists[ui.view], height), listHeight: height }
  }
}
