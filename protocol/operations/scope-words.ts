// The words by which several operations name files and symbols.
import type { ArgumentSpec, FlagSpec } from './spec.ts'

export const PATTERNS: ArgumentSpec = {
  field: 'patterns',
  name: 'PATTERN',
  help: 'paths or globs: `src/auth`, `src/**/*.ts`, `{a,b}/[a-z]*`; a plain path covers what lies under it',
  many: true,
  required: false,
  isPath: true,
}

/** `NAME` of every pattern beside it, or `FILE:NAME`. */
export const SYMBOL: FlagSpec = {
  flag: '--symbol',
  field: 'symbols',
  type: 'texts',
  value: '[FILE:]NAME',
  names: 'file',
  help: 'only this declaration: `Class::method` of each PATTERN, or of FILE',
}

export const SCOPE_FLAGS: readonly FlagSpec[] = [
  SYMBOL,
  {
    flag: '--resource',
    field: 'resources',
    type: 'texts',
    value: 'NAME',
    help: 'a named resource: a port, a database, a device',
  },
  {
    flag: '--task',
    field: 'task',
    type: 'text',
    value: 'ID',
    names: 'task',
    help: 'a task of a plan: with its files, or not at all',
  },
  {
    flag: '--shared',
    field: 'shared',
    type: 'switch',
    help: 'several may hold it together; excludes exclusive claims',
  },
  {
    flag: '--module',
    field: 'module',
    type: 'switch',
    help: 'the patterns are whole modules, never narrowed by symbols',
  },
]
