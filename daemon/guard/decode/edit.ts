// What an editing tool's input says is to change in its file.
import type { FileEdit, TextChange } from '../../ports-symbols.ts'
import { REWRITE } from './act.ts'
import { contentIn, fieldsOf, listIn, type Fields } from './values.ts'

const OLD = ['old_string', 'old_str', 'oldText', 'old_text'] as const
const NOW = ['new_string', 'new_str', 'newText', 'new_text'] as const

/** What is to change in the file. */
export function editOf(input: Fields): FileEdit {
  const several = listIn(input, 'edits').map((each) => changeOf(fieldsOf(each)))
  if (several.length > 0) {
    const changes = several.filter((change) => change !== null)
    return changes.length < several.length ? REWRITE : { kind: 'replace', changes }
  }
  const one = changeOf(input)
  if (one !== null) return { kind: 'replace', changes: [one] }
  return { kind: 'whole', text: contentIn(input, 'content', 'contents', 'file_text', 'text') }
}

function changeOf(fields: Fields): TextChange | null {
  const old = contentIn(fields, ...OLD)
  return old === null ? null : { old, now: contentIn(fields, ...NOW) ?? '' }
}
