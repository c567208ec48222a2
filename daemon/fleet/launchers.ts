// Launchers: how a worker is started, by their names in config.yml. What the launcher is told of a task goes to its standard input;
// no argument is ever made of it.
import { SkeinError, type AssignmentType } from '../../protocol/index.ts'
import { clean } from '../callers.ts'
import type { Config } from '../config.ts'
import type { ReadLine } from './events.ts'
import { CLAUDE } from './launchers/claude.ts'
import { CODEX } from './launchers/codex.ts'
import { COMMAND } from './launchers/command.ts'
import { rulesFor, DENIED } from './launchers/rules.ts'
import type { Launcher, LauncherAdapter, LauncherKind, LaunchTerms } from './launchers/launcher.ts'
import { OPENCODE } from './launchers/opencode.ts'

type Settings = NonNullable<Config['fleet']['launchers']>[string]

const ADAPTERS: Readonly<Record<LauncherKind, LauncherAdapter>> = {
  command: COMMAND,
  claude: CLAUDE,
  codex: CODEX,
  opencode: OPENCODE,
}

/** Known without a word in config.yml. */
const BUILT_IN: Readonly<Record<string, Settings>> = {
  claude: { kind: 'claude' },
  codex: { kind: 'codex' },
  opencode: { kind: 'opencode' },
}

export function launcherNames({ fleet }: Pick<Config, 'fleet'>): readonly string[] {
  return Object.keys({ ...BUILT_IN, ...fleet.launchers })
}

/** Null: there is none of this name. */
export function findLauncher({ fleet }: Pick<Config, 'fleet'>, name: string): Launcher | null {
  const own = fleet.launchers ?? {}
  const known = { ...BUILT_IN, ...own }
  const settings = Object.hasOwn(known, name) ? known[name] : undefined
  if (settings === undefined) return null
  const { kind = 'command', args = [], env = {}, model = null, deny = DENIED } = settings
  return { kind, command: settings.command ?? ADAPTERS[kind].program, args, env, model, deny }
}

/** @throws SkeinError ASSIGNMENT_REFUSED: the model, or the conversation, is no name of one */
export function launchWords(launcher: Launcher, terms: LaunchTerms): readonly string[] {
  const { model, conversation } = terms
  for (const name of [model, conversation])
    if (name !== null && !NAME.test(name))
      throw new SkeinError(
        'ASSIGNMENT_REFUSED',
        `'${clean(name.slice(0, 100))}' is no name of a model or a conversation`,
      )
  return ADAPTERS[launcher.kind].words(launcher, terms)
}

/** What is added to its environment. */
export function launchEnv(
  launcher: Launcher,
  terms: LaunchTerms,
): Readonly<Record<string, string>> {
  return { ...ADAPTERS[launcher.kind].env(launcher, terms), ...launcher.env }
}

/** Its standard input. @param prompt of the task; it is in nothing else. */
export function launchInput({ kind }: Launcher, type: AssignmentType, prompt: string): string {
  return ADAPTERS[kind].tellsRules ? `${rulesFor(type)}\n\n${prompt}` : prompt
}

/** What becomes an argument is one word, and never a flag. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._:/@[\]-]{0,149}$/u

export function openReader(kind: LauncherKind): ReadLine {
  return ADAPTERS[kind].openReader()
}
