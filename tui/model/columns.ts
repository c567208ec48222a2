// Columns of a list: which of them a width has room for, and a row laid out in them.
import { fitted } from './cells.ts'
import { span, type Line, type Span, type Tone } from './lines.ts'

export interface Column {
  readonly title: string
  /** In cells; of one that grows the least. */
  readonly width: number
  /** Its share of what is left. */
  readonly grows?: number
  readonly align?: 'right'
  /** Shown in lists at least that wide. */
  readonly from?: number
}

export interface Cell {
  readonly text: string
  readonly tone: Tone
}

export interface Layout {
  readonly columns: readonly (Column & { readonly at: number })[]
}

const GAP = 1

export function layOut(all: readonly Column[], width: number): Layout {
  const shown = all.map((column, at) => ({ ...column, at })).filter(({ from = 0 }) => width >= from)
  const fixed = shown.reduce((sum, column) => sum + column.width + GAP, -GAP)
  const shares = shown.reduce((sum, { grows = 0 }) => sum + grows, 0)
  let rest = Math.max(0, width - fixed)
  let left = shares
  const columns = shown.map((column) => {
    const { grows = 0 } = column
    if (grows === 0) return column
    const more = Math.round((rest * grows) / left)
    rest -= more
    left -= grows
    return { ...column, width: column.width + more }
  })
  return { columns }
}

export function headLine({ columns }: Layout): Line {
  return joined(columns.map(({ title, width, align }) => span(fitted(title, width, align), 'head')))
}

/** @param cells one for each column of the list, shown or not. */
export function rowLine({ columns }: Layout, cells: readonly (Cell | string)[]): Line {
  return joined(
    columns.map(({ at, width, align }) => {
      const cell = cells[at] ?? ''
      const { text, tone } =
        typeof cell === 'string' ? { text: cell, tone: 'plain' as const } : cell
      return span(fitted(text, width, align), tone)
    }),
  )
}

function joined(spans: readonly Span[]): Line {
  return spans.flatMap((one, i) => (i === 0 ? [one] : [span(' '), one]))
}
