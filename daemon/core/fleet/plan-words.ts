// What planning works with: open work as trackers tell it, the ledger, machines as they tell of themselves; and what comes of it, for
// each piece of work a machine or the reason why there is none yet.
import type {
  Assignment,
  CompletedTask,
  LeftKind,
  LedgerClaim,
  PeerId,
  QueueEntry,
} from '../../../protocol/index.ts'

/** A piece of work that nobody may have begun yet. */
export interface Candidate {
  readonly task: string
  readonly title: string
  readonly labels: readonly string[]
  /** Patterns of what it will change; empty where it does not say. */
  readonly files: readonly string[]
  /** Tasks that stand before it and are not done, as far as its tracker knows. */
  readonly after: readonly string[]
  /** What its machine must be able to do. */
  readonly capabilities: readonly string[]
  /** By its own word; null: by its labels, or the repository's. */
  readonly model: string | null
}

/** A machine as it tells of itself. */
export interface PlanMachine {
  readonly peer: PeerId
  readonly machine: string
  /** Workers that it would start at once. */
  readonly free: number
  readonly capabilities: readonly string[]
  /** Of those that can be started. */
  readonly launchers: readonly string[]
  /** Why it takes no workers of this repository from here; null: it does. */
  readonly refusal: string | null
  /** Why it starts none now, though it takes them. */
  readonly quiet: string | null
  /** Clones there, of repositories that this one builds on, that are behind what was fetched. */
  readonly stale: readonly string[]
}

/** A repository that this one builds on, and whose own work is not over. */
export interface BusyRepository {
  readonly repo: string
  readonly note: string
  readonly sinceMs: number
  readonly who: string
}

/** What the ledger has that bears on planning. */
export interface PlanLedger {
  readonly assignments: readonly Assignment[]
  readonly claims: readonly LedgerClaim[]
  readonly queue: readonly QueueEntry[]
  readonly completed: ReadonlyMap<string, CompletedTask>
}

export interface PlanSettings {
  readonly launcher: string
  /** Null: what the launcher takes by itself. */
  readonly model: string | null
  /** Labels with their models, the first that fits wins. */
  readonly labels: readonly (readonly [label: string, model: string])[]
  /** A task that failed so often waits for a person. */
  readonly attemptsMax: number
  /** Most proposals. */
  readonly limit: number
}

export interface PlanInput {
  /** In the order in which they are to be begun. */
  readonly candidates: readonly Candidate[]
  readonly ledger: PlanLedger
  readonly machines: readonly PlanMachine[]
  /** Machines that might take workers and could not be asked. */
  readonly silent: readonly string[]
  readonly busy: readonly BusyRepository[]
  readonly settings: PlanSettings
  readonly caseExact: boolean
}

/** A task for a machine. */
export interface Choice {
  readonly candidate: Candidate
  readonly peer: PeerId
  readonly machine: string
  readonly launcher: string
  readonly model: string | null
  /** Why this one, and why there. */
  readonly rationale: string
}

export interface LeftReason {
  readonly kind: LeftKind
  readonly note: string
  /** Null: nobody knows. */
  readonly sinceMs: number | null
  /** Who can clear it. */
  readonly who: string | null
  /** The next command. */
  readonly next: string | null
}

export interface Left {
  readonly candidate: Candidate
  readonly reason: LeftReason
}

export interface Plan {
  readonly choices: readonly Choice[]
  readonly left: readonly Left[]
}
