// What is told beside the board, below the list: a rule, and the newest lines.
import type { Telling } from '../../daemon/client/board-host.ts'
import { cutTo, harmless } from '../model/cells.ts'
import { span, type Line } from '../model/lines.ts'

const LINES = 3

/** Nothing of it where nothing is told, or where the screen is too low for more than the board. */
export function tellingLines(
  told: readonly string[],
  width: number,
  rows: number,
): readonly Line[] {
  if (told.length === 0 || rows < ROWS_MIN) return []
  const shown = told.slice(-LINES)
  const last = shown.length - 1
  return [
    [span('─'.repeat(width), 'quiet')],
    ...shown.map((line, i): Line => {
      return [span(cutTo(harmless(line), width), i === last ? 'plain' : 'quiet')]
    }),
  ]
}

const ROWS_MIN = 16

/** A board that nobody tells anything. */
export const NO_TELLING: Telling = { lines: () => NOTHING, subscribe: () => () => undefined }
const NOTHING: readonly string[] = []
