// What a repository says of its own files: who answers for which, which are for everybody, which for nobody. The ledger holds
// it, so that every claim is judged by the same words.
import type { Party, Scope } from './claim.ts'
import type { RequestedId } from './ids.ts'

/** A module or an area: files that somebody answers for. */
export interface Area {
  readonly kind: 'module' | 'area'
  readonly name: string
  /** Canonical patterns. */
  readonly paths: readonly string[]
  /** Nobody: a person must approve, whoever that is. */
  readonly owners: readonly string[]
  /** `hard`: claimed by its owners, and by those whom an owner lets in. `soft`: the owners are named. */
  readonly severity: 'soft' | 'hard'
}

export interface HotspotTerms {
  /** Refusals in the window from which a pattern becomes shared by itself; 0: never. */
  readonly promoteAt: number
  /** From so many promoted patterns in one folder on, the folder is promoted in their place; 0: never. */
  readonly subtreeAt: number
  readonly windowDays: number
  /** A pattern that was promoted by itself is demoted when it stayed below the threshold for so long. */
  readonly demoteDays: number
}

export interface Policy {
  readonly areas: readonly Area[]
  /** Claims of these are shared. */
  readonly shared: readonly string[]
  /** Claims of these are refused. */
  readonly protected: readonly string[]
  readonly hotspots: HotspotTerms
}

/** Where a policy was read: the commit of the default branch that last changed it, or a person's word. */
export type PolicySource =
  | { readonly kind: 'file'; readonly commit: string; readonly atMs: number }
  | { readonly kind: 'hand'; readonly by: string; readonly atMs: number }

/** A pattern that is shared beside those that the policy names. */
export interface Promoted {
  readonly pattern: string
  readonly by: string
  readonly atMs: number
  /** By the count of refusals, not by a person. */
  readonly isAuto: boolean
  /** Stays until a person demotes it. */
  readonly isPinned: boolean
}

export interface PolicyState {
  readonly policy: Policy
  /** Null: nobody has said anything yet. */
  readonly source: PolicySource | null
  readonly promoted: readonly Promoted[]
}

/** Whether somebody may claim in hard areas that are not theirs. */
export interface Approval {
  readonly id: RequestedId
  readonly party: Party
  readonly scopes: readonly Scope[]
  /** Names of the areas. */
  readonly areas: readonly string[]
  readonly description: string
  readonly askedAtMs: number
  readonly state: 'asked' | 'approved' | 'denied'
  /** Who answered; empty while nobody did. */
  readonly by: string
  readonly note: string
  /** Of an approval: no claim is granted by it later. */
  readonly untilMs: number
}

/** How often claims of a pattern met somebody else's, on one day. */
export interface RefusalCount {
  readonly pattern: string
  readonly refused: number
  /** Who was refused, the first few. */
  readonly agents: readonly string[]
}

export interface RefusalDay {
  /** Days since 1970, UTC. */
  readonly day: number
  readonly counts: readonly RefusalCount[]
}

export const NO_POLICY: Policy = {
  areas: [],
  shared: [],
  protected: [],
  hotspots: { promoteAt: 0, subtreeAt: 3, windowDays: 30, demoteDays: 14 },
}

export const POLICY_LIMITS = {
  /** All rules are looked at for every scope of a claim. */
  areasMax: 200,
  patternsMax: 1_000,
  ownersMax: 50,
  /** More than people look through; the oldest without an answer goes first. */
  approvalsMax: 200,
  /** Asked by one claim; the owners of the rest are asked by the next one. */
  approvalsAtOnceMax: 16,
  /** What nobody answered, and answers that were denied, are forgotten after a day. */
  approvalToldMs: 24 * 3_600_000,
  approvalSeconds: 4 * 3600,
  approvalSecondsMax: 10 * 86_400,
  promotedMax: 200,
  /** Counts of one day: with 30 days of them a checkpoint stays below a megabyte. */
  countsMax: 100,
  countedCharactersMax: 256,
  agentsCountedMax: 8,
  daysMax: 30,
} as const

export const DAY_MS = 86_400_000

/** An owner is an agent by its whole name, or whoever the name begins with: `alex` of `alex@laptop/claude/1f2e` and `alex/main`. */
export function isOwner({ owners }: Pick<Area, 'owners'>, agent: string): boolean {
  const names = new Set([agent, agent.split('/', 1)[0], agent.split(/[@/]/, 1)[0]])
  return owners.some((owner) => names.has(owner))
}

export interface HotspotTotal {
  readonly pattern: string
  readonly refused: number
  readonly agents: readonly string[]
  readonly firstDay: number
  readonly lastDay: number
}

/** Refusals by pattern from this day on, most first. */
export function sumRefusals(days: readonly RefusalDay[], fromDay: number): HotspotTotal[] {
  const totals = new Map<string, HotspotTotal>()
  for (const { day, counts } of days) {
    if (day < fromDay) continue
    for (const { pattern, refused, agents } of counts) {
      const known = totals.get(pattern)
      totals.set(pattern, {
        pattern,
        refused: refused + (known?.refused ?? 0),
        agents: [...new Set([...(known?.agents ?? []), ...agents])],
        firstDay: Math.min(day, known?.firstDay ?? day),
        lastDay: Math.max(day, known?.lastDay ?? day),
      })
    }
  }
  return [...totals.values()].sort((a, b) => b.refused - a.refused)
}
