// What every launcher is: a program with words that start it, a place for the rules that a worker keeps, and a reader of what it prints.
import type { AssignmentType } from '../../../protocol/index.ts'
import type { ReadLine } from '../events.ts'

export const LAUNCHER_KINDS = ['command', 'claude', 'codex', 'opencode'] as const
export type LauncherKind = (typeof LAUNCHER_KINDS)[number]

/** A launcher as config.yml has it. */
export interface Launcher {
  readonly kind: LauncherKind
  readonly command: string
  /** Of its own, behind those of its kind. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly model: string | null
  /** What a worker must not do, in Claude Code's words. */
  readonly deny: readonly string[]
}

/** What one start asks of a launcher. Nothing of the task's text is in it. */
export interface LaunchTerms {
  readonly type: AssignmentType
  /** Null: the launcher's own. */
  readonly model: string | null
  /** The one that is taken up again. */
  readonly conversation: string | null
  readonly budgetUsd: number | null
  /** Where it works; its folders of git are looked up there. */
  readonly worktree: string
  /** The program that a harness starts to reach skein's tools, as words. */
  readonly bridge: readonly string[]
}

/** One kind of launcher. */
export interface LauncherAdapter {
  /** Where config.yml names none. */
  readonly program: string
  /** Behind the program. */
  words(launcher: Launcher, terms: LaunchTerms): readonly string[]
  env(launcher: Launcher, terms: LaunchTerms): Readonly<Record<string, string>>
  /** Are the rules told before the task, for want of a better place? */
  readonly tellsRules: boolean
  /** A reader of one worker's output: what it adds up is that worker's. */
  openReader(): ReadLine
}
