// What the command line knows of a verb, but for its help, which stands in verb-help.ts.
import type { ArgumentSpec, FlagSpec, OperationName } from '../../protocol/index.ts'

export interface VerbSpec {
  /** As it is typed: `audit verify`. */
  readonly name: string
  readonly group: Group
  readonly arguments: readonly ArgumentSpec[]
  readonly flags: readonly FlagSpec[]
  /** Its words are another program's: none of them is read here. They come as `words`. */
  readonly isRaw?: true
  /** Programs type it, not people: no list names it. */
  readonly isHidden?: true
  readonly does: { readonly operation: OperationName } | { readonly local: LocalVerb }
}

/** Those that completion scripts can be printed for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const

export type Group =
  | 'Claims'
  | 'Tasks'
  | 'Workers'
  | 'Kept work'
  | 'Repositories'
  | 'Machines'
  | 'This machine'
  | 'Hooks'

export type LocalVerb =
  | 'up'
  | 'down'
  | 'mcp'
  | 'logs'
  | 'try'
  | 'demo'
  | 'init'
  | 'upgrade'
  | 'uninstall'
  | 'doctor'
  | 'service install'
  | 'service uninstall'
  | 'service status'
  | 'service print'
  | 'config validate'
  | 'hook session-start'
  | 'hook session-end'
  | 'hook post-tool'
  | 'hook turn-end'
  | 'push'
  | 'hook pre-commit'
  | 'hook pre-push'
  | 'hook prepare-commit-msg'
  | 'completions'
  | 'candidates'
  | 'board'
  | 'version'
  | 'help'

export const DRY_RUN_FLAG: FlagSpec = {
  flag: '--dry-run',
  field: 'dry_run',
  type: 'switch',
  help: 'show the changes as a diff, write nothing',
}

/** A verb that asks no daemon for its answer. */
export function local(name: LocalVerb, spec: Partial<VerbSpec> = {}): VerbSpec {
  return { name, group: 'This machine', arguments: [], flags: [], does: { local: name }, ...spec }
}
