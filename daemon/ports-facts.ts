// The socket of what a machine is good for: asked by whoever plans, of every machine that might take a worker.
import type { PeerId, RepoId } from '../protocol/index.ts'

/** What a machine says of itself, now. */
export interface MachineFacts {
  /** Declared in its config.yml or found on it, without those that were looked for and are not there. */
  readonly capabilities: readonly string[]
  /** Declared and not there: why, in words for people. */
  readonly doubts: readonly string[]
  readonly launchers: readonly { readonly name: string; readonly isThere: boolean }[]
  readonly workersMax: number
  /** Workers that it would start at once. */
  readonly free: number
  /** Why it takes no workers of that repository from whoever asks; null: it does. */
  readonly refusal: string | null
  /** Why it starts none now; null: it does. */
  readonly quiet: string | null
  /** Clones of the repositories that were asked for, which lack commits that were fetched. */
  readonly stale: readonly RepoId[]
}

export interface Facts {
  /** @param dependsOn what the repository builds on */
  of(from: PeerId, repo: RepoId, dependsOn: readonly RepoId[]): Promise<MachineFacts>
  /**
   * Has a launcher of this machine answer a question.
   * @throws SkeinError ASSIGNMENT_REFUSED: there is no such launcher, or no answer
   */
  ask(launcher: string, question: string, signal: AbortSignal): Promise<string>
}
