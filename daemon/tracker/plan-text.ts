// The text of a plan file with one more task behind its last one, in the file's own form: its indent, its line ends.

/** Null: the place is not found. @param text valid JSON whose `tasks` is a list */
export function withTask(text: string, task: object): string | null {
  const list = findTasks(text)
  if (list === null) return null
  const { start, end } = list
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const inner = text.slice(start + 1, end)
  const last = inner.trimEnd()
  const isOneLine = !inner.includes('\n')
  if (isOneLine && last !== '') {
    return `${text.slice(0, start + 1)}${last}, ${JSON.stringify(task)}${text.slice(start + 1 + last.length)}`
  }
  const outer = indentAt(text, start)
  const indent = /\n([ \t]*)\S/.exec(inner)?.[1] ?? `${outer}${outer === '' ? '  ' : outer}`
  const unit = indent.startsWith(outer) ? indent.slice(outer.length) : indent
  const lines = JSON.stringify(task, null, unit === '' ? 2 : unit).split('\n')
  const written = lines.map((line) => `${newline}${indent}${line}`).join('')
  const tail = last === '' ? `${newline}${outer}` : inner.slice(last.length)
  return `${text.slice(0, start + 1)}${last}${last === '' ? '' : ','}${written}${tail}${text.slice(end)}`
}

/** The indent of the line that a place is in. */
function indentAt(text: string, at: number): string {
  const line = text.slice(text.lastIndexOf('\n', at) + 1, at)
  return /^[ \t]*/.exec(line)?.[0] ?? ''
}

/** The brackets of the list `tasks` of the outermost object; the last one, as JSON.parse takes it. */
function findTasks(text: string): { readonly start: number; readonly end: number } | null {
  let depth = 0
  let key: string | null = null
  let start = -1
  let found: { readonly start: number; readonly end: number } | null = null
  for (const token of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}:,]/g)) {
    const [sign] = token
    if (sign === '[' && depth === 1 && key === 'tasks') start = token.index
    if (sign === '[' || sign === '{') depth++
    if (sign === ']' || sign === '}') depth--
    if (sign === ']' && depth === 1 && start >= 0) {
      found = { start, end: token.index }
      start = -1
    }
    if (depth !== 1) continue
    if (sign.startsWith('"') && key === null) key = JSON.parse(sign) as string
    if (sign === ',') key = null
  }
  return found
}
