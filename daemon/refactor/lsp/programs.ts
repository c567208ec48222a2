// Which program is the language server of a file, and is it installed?
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import path from 'node:path'

export interface ServerProgram {
  /** As `config.yml: language_servers` names it. */
  readonly language: string
  readonly program: string
  readonly args: readonly string[]
  /** The protocol's name for what is in a file, by extension. */
  readonly languageIds: Readonly<Record<string, string>>
  /** It answers before it has read the repository, and says when it has. */
  readonly isEager?: true
}

const ECMASCRIPT = {
  '.ts': 'typescript',
  '.mts': 'typescript',
  '.cts': 'typescript',
  '.tsx': 'typescriptreact',
  '.js': 'javascript',
  '.mjs': 'javascript',
  '.cjs': 'javascript',
  '.jsx': 'javascriptreact',
}
const PYTHON = { '.py': 'python', '.pyi': 'python' }

/** Of one language the first that is installed. */
const SERVER_PROGRAMS: readonly ServerProgram[] = [
  {
    language: 'typescript',
    program: 'typescript-language-server',
    args: ['--stdio'],
    languageIds: ECMASCRIPT,
  },
  { language: 'python', program: 'pyright-langserver', args: ['--stdio'], languageIds: PYTHON },
  { language: 'python', program: 'pylsp', args: [], languageIds: PYTHON },
  { language: 'go', program: 'gopls', args: [], languageIds: { '.go': 'go' } },
  {
    language: 'rust',
    program: 'rust-analyzer',
    args: [],
    languageIds: { '.rs': 'rust' },
    isEager: true,
  },
]

export interface InstalledServer extends ServerProgram {
  /** Absolute. */
  readonly file: string
  readonly languageId: string
}

export type ServerFor =
  | { readonly kind: 'installed'; readonly server: InstalledServer }
  | { readonly kind: 'missing'; readonly programs: readonly string[] }
  /** This machine allows none for it, or there is none in the table. */
  | { readonly kind: 'off' }

/** @param searched folders as in PATH */
export async function serverFor(
  file: string,
  allowed: readonly string[],
  searched: string,
): Promise<ServerFor> {
  const extension = path.extname(file).toLowerCase()
  const wanted = SERVER_PROGRAMS.filter(
    ({ language, languageIds }) =>
      allowed.includes(language) && Object.hasOwn(languageIds, extension),
  )
  if (wanted.length === 0) return { kind: 'off' }
  for (const one of wanted) {
    const found = await installedAt(one.program, searched)
    const languageId = one.languageIds[extension]
    if (found !== null && languageId !== undefined)
      return { kind: 'installed', server: { ...one, file: found, languageId } }
  }
  return { kind: 'missing', programs: wanted.map(({ program }) => program) }
}

/** Relative folders would be the repository's own. */
async function installedAt(program: string, searched: string): Promise<string | null> {
  for (const folder of searched.split(path.delimiter).filter((one) => path.isAbsolute(one))) {
    const file = path.join(folder, program)
    try {
      await access(file, constants.X_OK)
      return file
    } catch {
      // Not in this one.
    }
  }
  return null
}
