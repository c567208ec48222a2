// A hook's payload as the three harnesses send it: who, where, at which moment, about to do what.
import path from 'node:path'
import {
  hookEventOf,
  LIMITS,
  SkeinError,
  type HarnessName,
  type HookEvent,
} from '../../../protocol/index.ts'
import { clean } from '../../callers.ts'
import { NONE, type Act } from './act.ts'
import { mcpAct } from './mcp.ts'
import { shellAct, toolAct } from './tools.ts'
import { fieldsOf, inputOf, listIn, textIn, type Fields } from './values.ts'

export interface HookCall {
  readonly event: HookEvent
  /** The harness's own word for it. */
  readonly native: string | null
  readonly session: string | null
  /** Absolute; null where the payload does not say. */
  readonly folder: string | null
  readonly tool: string
  /** Joins what is said before a tool runs with what is said after it. */
  readonly toolUse: string
  readonly act: Act
  /** A part of the session: its kind and id, for people; null for the session itself. */
  readonly subagent: string | null
  /** Why a session starts: `startup`, `resume`, `clear`, `compact`. */
  readonly source: string | null
  /** What a harness itself saw change; null where it did not look. */
  readonly changed: readonly string[] | null
}

/** @throws SkeinError INPUT_SCHEMA for a payload of which the event cannot be told */
export function readPayload(
  harness: HarnessName,
  event: HookEvent | undefined,
  payload: Fields,
): HookCall {
  const native = textIn(payload, 'hook_event_name')
  const known = event ?? (native === null ? null : hookEventOf(native))
  if (known === null) {
    throw new SkeinError('INPUT_SCHEMA', `a payload of ${harness} does not say which hook it is of`)
  }
  const tool = textIn(payload, 'tool_name') ?? native ?? ''
  const isTool = known === 'pre-tool' || known === 'post-tool'
  return {
    event: known,
    native,
    session: textIn(payload, 'session_id', 'conversation_id', 'thread_id'),
    folder: folderOf(payload),
    tool,
    toolUse: textIn(payload, 'tool_use_id', 'tool_call_id', 'generation_id') ?? '',
    subagent: subagentIn(payload),
    act: isTool ? actOf(native, tool, payload) : NONE,
    source: textIn(payload, 'source'),
    changed: changedIn(payload),
  }
}

function subagentIn(payload: Fields): string | null {
  const id = textIn(payload, 'agent_id', 'subagent_id')
  if (id === null) return null
  const type = textIn(payload, 'agent_type', 'subagent_type')
  const name = type === null ? id.slice(0, ID_SHOWN) : `${type} ${id.slice(0, ID_SHOWN)}`
  return `sub-agent ${clean(name).slice(0, LIMITS.nameCharactersMax)}`
}

/** Enough to tell the parts of one session apart. */
const ID_SHOWN = 8

/** Cursor has hooks of their own for the shell, for MCP and for files. */
function actOf(native: string | null, tool: string, payload: Fields): Act {
  switch (native) {
    case 'beforeShellExecution':
    case 'afterShellExecution':
      return shellAct(payload)
    case 'beforeMCPExecution':
    case 'afterMCPExecution':
      return mcpAct(tool, inputOf(payload['tool_input']))
    case 'afterFileEdit':
      return toolAct('Edit', payload)
    default:
      return toolAct(tool, inputOf(payload['tool_input']))
  }
}

function folderOf(payload: Fields): string | null {
  const [root] = listIn(payload, 'workspace_roots')
  const folder = textIn(payload, 'cwd') ?? (typeof root === 'string' ? root : null)
  return folder !== null && path.isAbsolute(folder) && !folder.includes('\0') ? folder : null
}

function changedIn(payload: Fields): readonly string[] | null {
  const response = fieldsOf(payload['tool_response'])
  const files = fieldsOf(response['bashEditDiff'])['changedFiles']
  if (!Array.isArray(files)) return null
  return files.flatMap((file: unknown) => {
    const name =
      typeof file === 'string' ? file : textIn(fieldsOf(file), 'path', 'filePath', 'file_path')
    return name === null ? [] : [name]
  })
}
