// Whether the programs of this machine's launchers are there: of those that config.yml names, and of the harnesses that need no word.
import path from 'node:path'
import type { Check } from '../cli/setup.ts'
import type { Config } from '../config.ts'
import { findProgram, isExecutable } from '../path-programs.ts'
import { programVersion } from '../wiring/claude-version.ts'
import { ok, warn } from './check.ts'

type Environment = Readonly<Record<string, string | undefined>>

const HARNESSES = ['claude', 'codex', 'opencode']

export async function checkLaunchers(
  { fleet }: Pick<Config, 'fleet'>,
  env: Environment,
): Promise<readonly Check[]> {
  const named = Object.entries(fleet.launchers ?? {})
  const checks = await Promise.all(
    named.map(([name, { kind, command = kind ?? '', env: more = {} }]) =>
      checkLauncher(name, command, { ...env, ...more }),
    ),
  )
  // Nobody has asked for these here: one that is there can be used, the others are no fault.
  const others = HARNESSES.filter((name) => !Object.hasOwn(fleet.launchers ?? {}, name))
  const there = await Promise.all(
    others
      .filter((name) => findProgram(name, env) !== null)
      .map((name) => checkLauncher(name, name, env)),
  )
  return [...checks, ...there]
}

async function checkLauncher(name: string, command: string, env: Environment): Promise<Check> {
  const title = `launcher ${name}`
  // What is relative is looked up in a worker's worktree.
  if (command.includes('/') && !path.isAbsolute(command)) return ok(title, `starts ${command}`)
  const isThere = path.isAbsolute(command)
    ? isExecutable(command)
    : findProgram(command, env) !== null
  if (!isThere)
    return warn(
      title,
      `${command} is not there, so no worker can be started with it here`,
      `Install ${command}, or correct fleet.launchers in config.yml`,
    )
  const isHarness = HARNESSES.includes(command)
  const version = isHarness ? await programVersion(command, env) : null
  return ok(title, version === null ? `starts ${command}` : `starts ${command} ${version}`)
}
