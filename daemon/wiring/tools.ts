// The harnesses: which files each is wired by, and how one sees that somebody uses it.
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Tool } from '../cli/setup.ts'
import { findProgram } from '../path-programs.ts'

/** A file, and what of it is ours. */
export interface Asset {
  /** From the root of the checkout. */
  readonly file: string
  readonly kind: 'json' | 'toml' | 'block' | 'import' | 'ignore'
  /** In templates/. */
  readonly template: string
  /** For each `__name__` in it. */
  readonly values?: Readonly<Record<string, string>>
  /** Nobody else may read the file. */
  readonly isSecret?: boolean
  readonly what: string
}

/** For every harness. */
export const COMMON_ASSETS: readonly Asset[] = [
  { file: 'AGENTS.md', kind: 'block', template: 'agents-block.md', what: 'what agents should do' },
]

export const LOCAL_SETTINGS: Asset = {
  file: '.claude/settings.local.json',
  kind: 'json',
  template: 'claude/settings.local.json',
  what: 'for you alone: an edit is refused when the guard cannot run',
}

/** Where Claude Code asks by HTTP. Its parts are all that may stand in that file: what is removed goes by this one. */
export const HTTP_SETTINGS: Asset = {
  file: LOCAL_SETTINGS.file,
  kind: 'json',
  template: 'claude/settings.http.json',
  isSecret: true,
  what: 'for you alone: edits are judged without a process, and refused when nothing can judge them',
}

export const TOOL_ASSETS: Readonly<Record<Tool, readonly Asset[]>> = {
  claude: [
    { file: '.mcp.json', kind: 'json', template: 'claude/mcp.json', what: 'MCP server' },
    {
      file: '.claude/settings.json',
      kind: 'json',
      template: 'claude/settings.json',
      what: 'hooks',
    },
    {
      file: 'CLAUDE.md',
      kind: 'import',
      template: 'claude/claude-block.md',
      what: 'reads AGENTS.md',
    },
    {
      file: '.gitignore',
      kind: 'ignore',
      template: 'gitignore',
      what: "keeps people's own settings out",
    },
  ],
  codex: [
    { file: '.codex/config.toml', kind: 'toml', template: 'codex/mcp.toml', what: 'MCP server' },
    { file: '.codex/hooks.json', kind: 'json', template: 'codex/hooks.json', what: 'hooks' },
  ],
  cursor: [
    { file: '.cursor/mcp.json', kind: 'json', template: 'cursor/mcp.json', what: 'MCP server' },
    { file: '.cursor/hooks.json', kind: 'json', template: 'cursor/hooks.json', what: 'hooks' },
  ],
}

const TRACES: Readonly<
  Record<Tool, { readonly files: readonly string[]; readonly programs: readonly string[] }>
> = {
  claude: { files: ['.claude', 'CLAUDE.md', '.mcp.json'], programs: ['claude'] },
  codex: { files: ['.codex'], programs: ['codex'] },
  cursor: { files: ['.cursor', '.cursorrules'], programs: ['cursor', 'cursor-agent'] },
}

type Environment = Readonly<Record<string, string | undefined>>

/** Is the harness used here, by what lies in the checkout or on the PATH? */
export function isUsed(tool: Tool, root: string, env: Environment): boolean {
  const { files, programs } = TRACES[tool]
  return (
    files.some((file) => existsSync(path.join(root, file))) ||
    programs.some((program) => findProgram(program, env) !== null)
  )
}
