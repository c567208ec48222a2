// Looking for a text in a list: the next row that has it, from the chosen one on and around.
import { chooseAt, withList, type Ui } from './model/ui.ts'
import type { Session } from './session.ts'

export function findRow(ui: Ui, { frame }: Session, direction: 1 | -1): Ui {
  const { rows, placed, listHeight: height } = frame
  const wanted = ui.wanted.toLowerCase()
  if (wanted === '') return { ...ui, note: { level: 'plain', text: 'f looks for a text first' } }
  for (let step = 1; step <= rows.length; step++) {
    const at = (placed.index + direction * step + rows.length * 2) % rows.length
    const row = rows[at]
    if (row?.subject == null || !JSON.stringify(row).toLowerCase().includes(wanted)) continue
    return withList(ui, chooseAt(rows, placed, at, height))
  }
  return { ...ui, note: { level: 'bad', text: `nothing here has "${ui.wanted}"` } }
}
