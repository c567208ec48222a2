// Is a launcher's program there? Looked for when a worker is offered, so that a machine without it says so before anything is assigned,
// and not when it fails to start.
import path from 'node:path'
import { findProgram, isExecutable } from '../../path-programs.ts'
import type { Launcher } from './launcher.ts'

/** False where it is known not to be there: a relative path is looked up in a worktree, which is not there yet. */
export function probeLauncher(
  { command, env }: Launcher,
  given: Readonly<Record<string, string | undefined>>,
): boolean {
  if (path.isAbsolute(command)) return isExecutable(command)
  return command.includes('/') || findProgram(command, { ...given, ...env }) !== null
}
