// Patches in the form that models are taught (`*** Begin Patch`): which files they change, and which text in them.
import type { TextChange } from '../../ports-symbols.ts'
import { REWRITE, type PlannedEdit } from './act.ts'

/** Files of one patch; more is no edit. */
const FILES_MAX = 1_000

/** Every file that the patch would write; empty for what is no such patch. */
export function patchEdits(text: string): readonly PlannedEdit[] {
  const edits: PlannedEdit[] = []
  let file: { readonly path: string; readonly changes: TextChange[] } | null = null
  let hunk: Hunk = emptyHunk()
  const endHunk = (): void => {
    if (file !== null && hunk.hasChange)
      file.changes.push({ old: hunk.old.join('\n'), now: hunk.now.join('\n') })
    hunk = emptyHunk()
  }
  const endFile = (): void => {
    endHunk()
    if (file !== null)
      edits.push({ path: file.path, edit: { kind: 'replace', changes: file.changes } })
    file = null
  }
  for (const line of linesOf(text)) {
    const [, verb, path = ''] = HEADER.exec(line) ?? []
    if (verb !== undefined) {
      if (verb === 'Move to') {
        // The old place is emptied, whatever its hunks say.
        edits.push({ path: file?.path ?? path, edit: REWRITE }, { path, edit: REWRITE })
        continue
      }
      endFile()
      if (verb === 'Update File') file = { path, changes: [] }
      else edits.push({ path, edit: REWRITE })
      if (edits.length > FILES_MAX) return edits
    } else if (file !== null) {
      if (line.startsWith('@@') || line.startsWith('***')) endHunk()
      else addLine(hunk, line)
    }
  }
  endFile()
  return edits
}

function linesOf(text: string): readonly string[] {
  // What ends with a line's end has no further line.
  return text.replace(/\r?\n$/, '').split(/\r?\n/)
}

const HEADER = /^\s*\*\*\* (Update File|Add File|Delete File|Move to): (.+?)\s*$/

interface Hunk {
  readonly old: string[]
  readonly now: string[]
  hasChange: boolean
}

function emptyHunk(): Hunk {
  return { old: [], now: [], hasChange: false }
}

function addLine(hunk: Hunk, line: string): void {
  const rest = line.slice(1)
  if (line.startsWith('-')) hunk.old.push(rest)
  else if (line.startsWith('+')) hunk.now.push(rest)
  else {
    hunk.old.push(rest)
    hunk.now.push(rest)
  }
  hunk.hasChange ||= line.startsWith('-') || line.startsWith('+')
}
