// The middle of the screen: the list, with the details beside it where there is room, or a page in its place.
import type { Asked, Board } from '../model/board.ts'
import { fitted, folded, harmless, cutTo } from '../model/cells.ts'
import { headLine, layOut, rowLine, type Column } from '../model/columns.ts'
import { KEYS } from '../model/keys.ts'
import { chosen, span, type Line } from '../model/lines.ts'
import type { LogMode, Placed } from '../model/ui.ts'
import type { Row, View } from '../views/view.ts'

interface ListInput {
  readonly view: View
  readonly board: Board
  readonly asked: Asked
  readonly rows: readonly Row[]
  readonly placed: Placed
  readonly width: number
  readonly height: number
  readonly nowMs: number
}

/** Exactly as many lines as the height, each of the whole width. Only these rows are looked at. */
export function listLines(input: ListInput): readonly Line[] {
  const { view, board, asked, rows, placed, width, height, nowMs } = input
  const layout = layOut(view.columns, width)
  const head = view.columns.length === 0 ? [] : [headLine(layout)]
  const shown = rows.slice(placed.top, placed.top + height - head.length)
  const lines = shown.map((row, i): Line => {
    if (row.subject === null)
      return row.columns === undefined ? [] : headLine(layOut(row.columns, width))
    const own = row.columns === undefined ? layout : layOut(row.columns, width)
    const line = rowLine(own, view.cells(row, board, nowMs))
    return placed.top + i === placed.index ? chosen(line) : line
  })
  const empty = rows.length === 0 ? [view.empty(board, asked)] : []
  return filled([...head, ...lines, ...empty], height)
}

/** How many of the lines are rows. */
export function listHeight(columns: readonly Column[], height: number): number {
  return Math.max(1, height - (columns.length === 0 ? 0 : 1))
}

/** @param left lines of exactly that width, but for empty ones. */
export function beside(
  left: readonly Line[],
  right: readonly Line[],
  leftWidth: number,
): readonly Line[] {
  return left.map((line, i): Line => {
    const width = line.reduce((sum, { text }) => sum + text.length, 0)
    const start = width === 0 ? [span(' '.repeat(leftWidth))] : filledLine(line, leftWidth)
    return [...start, span(' │ ', 'quiet'), ...(right[i] ?? [])]
  })
}

/** Of the lines one says how far it is scrolled. */
export function lastTop(lines: number, height: number): number {
  return lines <= height ? 0 : lines - height + 1
}

/** A part of what is longer than the screen, and how much of it there is. */
export function scrolled(lines: readonly Line[], top: number, height: number): readonly Line[] {
  if (lines.length <= height) return filled(lines, height)
  const from = Math.min(top, lastTop(lines.length, height))
  const shown = lines.slice(from, from + height - 1)
  const last = from + shown.length
  const more = `-- ${String(from + 1)}-${String(last)} of ${String(lines.length)}, [ and ] scroll`
  return filled([...shown, [span(more, 'quiet')]], height)
}

export function helpLines(width: number): readonly Line[] {
  return KEYS.flatMap(({ title, keys }): readonly Line[] => [
    [span(title, 'strong')],
    ...keys.map(({ keys: names, help }): Line => {
      const text = names.map((name) => NAMES[name] ?? name).join(', ')
      return [span(`  ${fitted(text, 16)}`, 'strong'), span(cutTo(help, Math.max(10, width - 19)))]
    }),
    [],
  ])
}

export function pageLines(title: string, lines: readonly string[], width: number): readonly Line[] {
  return [
    [span(cutTo(harmless(title), width), 'strong')],
    ...lines.map((line): Line => [span(cutTo(harmless(line), width))]),
  ]
}

/** A line of a log is folded: its end is what a person looks for. */
export function logLines({ title, lines, status }: LogMode, width: number): readonly Line[] {
  // What ends with the end of a line has an empty one after it.
  const shown = lines.at(-1) === '' ? lines.slice(0, -1) : lines
  return [
    [span(cutTo(harmless(title), width), 'strong')],
    ...shown.flatMap((line) => folded(line, width).map((text): Line => [span(text)])),
    [span(cutTo(harmless(status), width), 'quiet')],
  ]
}

export function questionLines(lines: readonly string[], width: number): readonly Line[] {
  return lines.flatMap((line) =>
    folded(line, width).map((text, i): Line => [span(text, i === 0 ? 'plain' : 'quiet')]),
  )
}

const NAMES: Readonly<Record<string, string>> = {
  up: '↑',
  down: '↓',
  left: '←',
  right: '→',
  enter: 'Enter',
  escape: 'Esc',
  tab: 'Tab',
  'shift-tab': 'Shift-Tab',
  pageup: 'PgUp',
  pagedown: 'PgDn',
  home: 'Home',
  end: 'End',
  'ctrl-b': 'Ctrl-B',
  'ctrl-f': 'Ctrl-F',
  'ctrl-l': 'Ctrl-L',
  'ctrl-c': 'Ctrl-C',
}

export function filled(lines: readonly Line[], height: number): readonly Line[] {
  const missing = Math.max(0, height - lines.length)
  return [...lines.slice(0, height), ...Array.from({ length: missing }, (): Line => [])]
}

function filledLine(line: Line, width: number): Line {
  const text = line.map((one) => one.text).join('')
  const [first] = line
  // One text, as of a chosen row or a sentence, is fitted as a whole; a row fills its width by itself.
  return line.length === 1 && first !== undefined ? [span(fitted(text, width), first.tone)] : line
}
