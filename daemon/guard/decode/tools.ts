// A tool call by its name and input: the tools of the three harnesses, whose names do not collide; any other by what its
// input looks like.
import { shellLiteral } from '../../../protocol/index.ts'
import { NONE, UNKNOWN, type Act, type PlannedEdit } from './act.ts'
import { editOf } from './edit.ts'
import { mcpAct } from './mcp.ts'
import { patchEdits } from './patch.ts'
import { listIn, textIn, type Fields } from './values.ts'

/** Built-in tools that write no file. */
const READERS = new Set(
  'Agent AskUserQuestion BashOutput CronCreate CronDelete CronList EnterPlanMode ExitPlanMode Fetch FetchMcpResource Glob Grep KillBash KillShell LS LSP ListDir ListMcpResources ListMcpResourcesTool NotebookRead Read ReadFile ReadLints ReadMcpResource ReadMcpResourceTool Ripgrep SemanticSearch SendMessage Skill SlashCommand Task TaskCreate TaskGet TaskList TaskOutput TaskStop TaskUpdate TodoRead TodoWrite ToolSearch UpdateCurrentStep WebFetch WebSearch file_search grep list_dir read_file request_user_input todo_write update_plan view_image web_search'.split(
    ' ',
  ),
)
const SHELLS = new Set([
  'Bash',
  'Shell',
  'container.exec',
  'exec_command',
  'local_shell',
  'run_terminal_cmd',
  'shell',
  'shell_command',
  'unified_exec',
])
const PATCHES = new Set(['ApplyPatch', 'apply_patch'])

export function toolAct(name: string, input: Fields): Act {
  if (READERS.has(name)) return NONE
  if (SHELLS.has(name)) return shellAct(input)
  if (PATCHES.has(name)) return patchAct(input)
  const server = /^(?:mcp__|MCP:)(.+)$/s.exec(name)?.[1]
  if (server !== undefined) return mcpAct(server, input)
  return (
    editAct(input) ??
    (textIn(input, 'command', 'cmd') === null ? UNKNOWN : foreignShell(name, input))
  )
}

/** PowerShell and its like are not read: what they do is judged by what they have done. */
function foreignShell(name: string, input: Fields): Act {
  return /power|pwsh|cmd/i.test(name) ? UNKNOWN : shellAct(input)
}

export function shellAct(input: Fields): Act {
  const folder = textIn(input, 'workdir', 'cwd', 'working_directory')
  const command = textIn(input, 'command', 'cmd', 'script')
  if (command !== null) return { kind: 'shell', command, folder }
  const words = [...listIn(input, 'command'), ...listIn(input, 'cmd')]
  const texts = words.filter((word) => typeof word === 'string')
  if (texts.length === 0 || texts.length < words.length) return UNKNOWN
  return { kind: 'shell', command: texts.map(shellLiteral).join(' '), folder }
}

/** Codex sends the whole patch as `command`; in an older form as its second word. */
function patchAct(input: Fields): Act {
  const text =
    textIn(input, 'command', 'patch', 'input') ??
    listIn(input, 'command').find((word) => typeof word === 'string' && word.includes('***'))
  const edits = typeof text === 'string' ? patchEdits(text) : []
  return edits.length === 0 ? (editAct(input) ?? UNKNOWN) : { kind: 'edits', edits }
}

/** Tools that name one file: by the fields that all of them use. Null for what names none. */
function editAct(input: Fields): Act | null {
  const path = textIn(input, 'file_path', 'notebook_path', 'path', 'target_file', 'target_notebook')
  if (path === null) return null
  return { kind: 'edits', edits: [{ path, edit: editOf(input) } satisfies PlannedEdit] }
}
