// Tools of MCP servers: what they write is told by their names and by arguments that look like paths.
import { NONE, REWRITE, UNKNOWN, type Act, type PlannedEdit } from './act.ts'
import { editOf } from './edit.ts'
import { fieldsOf, listIn, textIn, type Fields } from './values.ts'

/** A tool so called only looks, unless another word of it says that it changes something. */
const LOOKS =
  /(?:^|_|-|\b)(?:read|get|list|search|find|fetch|query|view|describe|show|stat|info|tree|grep|glob|count|check|status|diff|log|ping|screenshot|snapshot)(?:$|_|-|\b|[A-Z])/i
const CHANGES =
  /write|edit|create|insert|replace|append|delete|remove|move|rename|copy|save|update|apply|patch|set|put|format|fix/i

const PATHS = [
  'path',
  'file_path',
  'filePath',
  'file',
  'filepath',
  'filename',
  'file_name',
  'absolute_path',
  'relative_path',
  'target',
  'target_file',
  'target_path',
  'destination',
  'destination_path',
  'dest',
  'to',
  'new_path',
  'newPath',
  'notebook_path',
  'uri',
] as const
/** Read by a copy, and gone after a move. */
const SOURCES = ['source', 'source_path', 'src', 'from', 'old_path', 'oldPath'] as const
const LISTS = ['paths', 'files', 'file_paths', 'edits', 'changes', 'operations'] as const

/** @param name `<server>__<tool>`, or a tool alone */
export function mcpAct(name: string, input: Fields): Act {
  const tool = name.split('__').at(-1) ?? name
  // Our own tools write no file of a repository.
  if (/^skein(?:__|$)/.test(name)) return NONE
  if (LOOKS.test(tool) && !CHANGES.test(tool)) return NONE
  const isCopy = /copy/i.test(tool)
  const edits = [...named(input), ...(isCopy ? [] : sourcesIn(input)), ...listed(input)]
  const paths = edits.flatMap((planned) => {
    const path = pathOf(planned.path)
    return path === null ? [] : [{ ...planned, path }]
  })
  return paths.length === 0 ? UNKNOWN : { kind: 'edits', edits: paths }
}

function named(input: Fields): readonly PlannedEdit[] {
  return PATHS.flatMap((field) => {
    const path = textIn(input, field)
    return path === null ? [] : [{ path, edit: editOf(input) }]
  })
}

function sourcesIn(input: Fields): readonly PlannedEdit[] {
  return SOURCES.flatMap((field) => {
    const path = textIn(input, field)
    return path === null ? [] : [{ path, edit: REWRITE }]
  })
}

function listed(input: Fields): readonly PlannedEdit[] {
  return LISTS.flatMap((field) =>
    listIn(input, field).flatMap((item) => {
      if (typeof item === 'string') return [{ path: item, edit: REWRITE }]
      const fields = fieldsOf(item)
      const path = textIn(fields, ...PATHS)
      return path === null ? [] : [{ path, edit: editOf(fields) }]
    }),
  )
}

/** A path, or a `file:` address as one; null for other addresses and for what spans lines. */
function pathOf(text: string): string | null {
  if (/[\n\0]/.test(text)) return null
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text
  if (!text.startsWith('file://') || !URL.canParse(text)) return null
  try {
    return decodeURIComponent(new URL(text).pathname)
  } catch {
    return null
  }
}
