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
  /**
   * Trusts the hooks of a checkout in this user's own Codex. @returns how many are trusted.
   * @throws SkeinError NOT_FOUND without a Codex, or when it does not do it.
   */
  trustCodex(root: string): Promise<number>
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
  /** Of the clone's own git config. */
  readonly settings: readonly SettingChange[]
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

export interface SettingChange {
  /** As `git config --local` takes them. */
  readonly words: readonly string[]
  readonly what: string
}

export interface WiringProblem {
  readonly shown: string
  readonly problem: string
  /** What a person can do about it. */
  readonly hint: string
}

export type CanaryVerdict = 'BLOCKED' | 'LEAKED' | 'NOT INSTALLED' | 'REPLAYED' | 'UNKNOWN'

export interface CanaryReport {
  readonly tool: Tool
  /** `edit` or `shell`. */
  readonly way: string
  readonly verdict: CanaryVerdict
  readonly says: string
  readonly hint: string | null
}

export type CheckLevel = 'OK' | 'WARN' | 'FAIL'

export interface Check {
  readonly name: string
  readonly level: CheckLevel
  readonly says: string
  /** The next command; null where nothing is to be done. */
  readonly hint: string | null
}

export interface Doctor {
  /** Looks at each link of the chain. Never throws: what cannot be looked at is a finding. */
  examine(patient: Patient): Promise<readonly Check[]>
  /** @throws SkeinError REPO_NOT_GIT, DAEMON_DOWN and what else a claim can end with. */
  runCanary(
    patient: Patient,
    tools: readonly Tool[] | null,
    signal: AbortSignal,
  ): Promise<readonly CanaryReport[]>
  /** Writes what helps others to find a fault, without secrets. @throws SkeinError FORBIDDEN */
  writeBundle(file: string, patient: Patient, checks: readonly Check[]): Promise<void>
}

export interface Patient {
  readonly folder: string | null
  readonly home: string
  readonly version: string
  readonly status: unknown
}
