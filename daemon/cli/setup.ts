// What init, upgrade, uninstall and doctor need of this machine's own side: shapes alone, which daemon/wiring and
// daemon/doctor fill.

export const TOOLS = ['claude', 'codex', 'cursor'] as const

/** A harness that skein can be wired into. */
export type Tool = (typeof TOOLS)[number]

export interface Wiring {
  /** Looks only. @throws SkeinError REPO_NOT_GIT */
  plan(order: WiringOrder): Promise<WiringPlan>
  /**
   * Writes file after file, each whole or not at all.
   * @throws SkeinError FORBIDDEN at the first that cannot be written, or was changed since it was looked at.
   */
  apply(plan: WiringPlan): Promise<readonly string[]>
}

export interface WiringOrder {
  readonly act: 'init' | 'upgrade' | 'uninstall'
  readonly folder: string
  /** For a new `.skein.yml`; null leaves that file alone. */
  readonly repo: string | null
  /** Null takes those that are used here, as far as can be seen. */
  readonly tools: readonly Tool[] | null
  /** The user service too. */
  readonly service: boolean
  /** Of uninstall: `.skein.yml` too. */
  readonly all: boolean
  /** Words that start this program. */
  readonly self: readonly string[]
}

export interface WiringPlan {
  readonly act: WiringOrder['act']
  readonly root: string
  readonly tools: readonly Tool[]
  readonly changes: readonly FileChange[]
  /** Files that are left alone although something should be done to them. */
  readonly problems: readonly WiringProblem[]
  /** What is good to know, and no fault. */
  readonly notes: readonly string[]
}

export interface FileChange {
  readonly file: string
  /** From the root, or absolute outside of it. */
  readonly shown: string
  /** What is there; null for no file. */
  readonly before: Uint8Array | null
  /** What will be there; null for no file. */
  readonly after: Uint8Array | null
  /** Permission bits of the file to be. */
  readonly mode: number
  readonly what: string
}

export interface WiringProblem {
  readonly shown: string
  readonly problem: string
  /** What a person can do about it. */
  readonly hint: string
}
