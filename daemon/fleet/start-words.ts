// What a worker is started with, beside its launcher's own settings.
import path from 'node:path'
import type { Assignment } from '../../protocol/index.ts'
import type { Repo } from '../repos.ts'
import { launchEnv } from './launchers.ts'
import type { Launcher, LaunchTerms } from './launchers/launcher.ts'
import { agentOf } from './worker-words.ts'

export interface StartAround {
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly bridge: readonly string[]
}

/** Named by an id that was made here: no text of anybody is in it. */
export function worktreeOf(home: string, { id }: Pick<Assignment, 'id'>): string {
  return path.join(home, 'worktrees', id)
}

export function termsOf({ home, bridge }: StartAround, assignment: Assignment): LaunchTerms {
  const { type, model } = assignment
  const worktree = worktreeOf(home, assignment)
  return { type, model, conversation: null, budgetUsd: null, worktree, bridge }
}

/** Who the worker is to skein, and what it works on, stands above all settings. */
export function envOf(
  around: StartAround,
  launcher: Launcher,
  repo: Repo,
  assignment: Assignment,
): Record<string, string | undefined> {
  const { id, task, branch } = assignment
  return {
    ...around.env,
    ...launchEnv(launcher, termsOf(around, assignment)),
    ...{ SKEIN_HOME: around.home, SKEIN_SESSION: id, SKEIN_AGENT: agentOf(repo, assignment) },
    ...{ SKEIN_ASSIGNMENT: id, SKEIN_TASK: task, SKEIN_BRANCH: branch },
  }
}
