// What the handlers of operations share.
import {
  SkeinError,
  type CallerFields,
  type OperationResult,
  type PeerId,
  type SessionId,
  type Stamp,
  type ClaimContext,
} from '../../protocol/index.ts'
import type { AccessTokens } from '../access/tokens.ts'
import type { WebLogins } from '../access/web-logins.ts'
import type { Callers, Place } from '../callers.ts'
import type { CallContext } from '../client/operations.ts'
import type { Config } from '../config.ts'
import type { HolderClock } from '../core/claims/holder.ts'
import type { Git } from '../git.ts'
import type { Grep } from '../git-grep.ts'
import type { Committed } from '../git-committed.ts'
import type { GitEdits } from '../git-edits.ts'
import type { Worktree } from '../git-worktree.ts'
import type { GuardState } from '../guard/state.ts'
import type { History } from '../git-history.ts'
import type { Housekeeping } from '../housekeeping.ts'
import type { Merges } from '../git-merge.ts'
import type { Joining } from '../mesh/joining.ts'
import type { Mesh } from '../mesh/mesh.ts'
import type { MachinesNow } from '../mesh/machines-now.ts'
import type { Reach } from '../mesh/reach.ts'
import type { Clock, MetricsPort } from '../ports.ts'
import type { SymbolIndex } from '../ports-symbols.ts'
import type { Facts } from '../ports-facts.ts'
import type { Fleet } from '../ports-fleet.ts'
import type { Trackers } from '../ports-tracker.ts'
import type { LandingParts } from '../ports-landing.ts'
import type { TrackedPolicy } from '../policy/tracked.ts'
import type { Recovery } from '../recovery.ts'
import type { Releasing } from '../releasing.ts'
import type { LanguageServers } from '../refactor/lsp/servers.ts'
import { hostOf, type Repo, type Repos } from '../repos.ts'
import type { Sessions } from '../sessions.ts'
import type { IssuedTokens } from '../tasks/tokens.ts'
import type { ReadOnly } from '../watching/read-only.ts'
import type { Webhooks } from '../webhooks/webhooks.ts'
import type { WorkingDays } from '../working-days.ts'
import type { Wip } from '../wip/wip.ts'
import type { ToldMarkers } from '../told-markers.ts'

/** The daemon's parts, as the handlers need them. */
export interface Parts {
  readonly repos: Repos
  readonly callers: Callers
  readonly sessions: Sessions
  readonly git: Git
  readonly edits: GitEdits
  readonly grep: Grep
  readonly committed: Committed
  readonly servers: LanguageServers
  readonly history: History
  /** What the default branch says, brought to the ledger. */
  readonly policy: TrackedPolicy
  readonly merges: Merges
  readonly worktree: Worktree
  readonly guard: GuardState
  readonly readOnly: Pick<ReadOnly, 'giveBack'>
  readonly tokens: IssuedTokens
  readonly accessTokens: AccessTokens
  readonly webLogins: WebLogins
  readonly symbols: SymbolIndex
  readonly clock: Clock
  readonly config: Config
  readonly mesh: Mesh
  readonly joining: Joining
  readonly reach: Reach
  readonly machines: MachinesNow
  readonly recovery: Recovery
  readonly releasing: Releasing
  readonly webhooks: Webhooks
  readonly wip: Wip
  readonly fleet: Fleet
  readonly facts: Facts
  readonly trackers: Trackers
  readonly days: WorkingDays
  /** What trackers were told of assignments. */
  readonly told: ToldMarkers
  readonly landing: LandingParts
  readonly housekeeping: Housekeeping
  /** Ends the daemon and starts it again, once the present answer has left. */
  readonly startAgain: () => void
  readonly random: (bytes: number) => Uint8Array
  readonly about: About
  readonly metrics: MetricsPort
}

/** Facts of this daemon that do not change while it runs. */
export interface About {
  readonly version: string
  readonly machine: string
  readonly peer: string
  readonly home: string
  readonly startedAtMs: number
  /** The loopback address, once it listens. */
  http: string | null
}

export type Handler<Input> = (
  parts: Parts,
  input: Input & CallerFields,
  context: CallContext,
) => Promise<unknown>

export function claimContext(parts: Parts, place: Pick<Place, 'repo'>): ClaimContext {
  return {
    repo: place.repo.id,
    claimOf: (id) => place.repo.host?.loop.view().state.claims.get(id),
    lastActivityMs: ({ peer, session }) =>
      peer === parts.about.peer ? parts.sessions.lastActivity(session) : null,
  }
}

/** When a request leaves this machine, by its clocks: TTLs count from here. */
export function stampNow({ clock }: Parts): Stamp {
  return { wallMs: clock.wall(), boot: clock.boot, uptimeMs: clock.uptime() }
}

/** The holder's clocks. */
export function clockNow({ clock }: Parts): HolderClock {
  return { boot: clock.boot, uptimeMs: clock.uptime(), wallMs: clock.wall() }
}

/**
 * How fresh a replica's answer is: of now while this machine leads or hears a leader, who steps down without a majority. Since when it
 * does not is noticed within four heartbeats; of the time before its start a daemon knows nothing.
 */
export function asOf(repo: Repo): OperationResult<'check'>['as_of'] {
  const { loop } = hostOf(repo)
  const { term, index } = loop.view().state.applied
  const { consensus, attachedAt } = loop.engine()
  return { term, index, age_ms: Math.max(0, Math.round(consensus.now - attachedAt)) }
}

/** A machine's name in the mesh, or its peer id. */
export function machineOf(parts: Pick<Parts, 'mesh'>, peer: PeerId): string {
  return parts.mesh.member(peer)?.machine ?? peer
}

/**
 * A person's act: at a terminal that was asked, on a page that a terminal opened, or by a script that this machine's configuration
 * trusts.
 */
export function requirePerson(parts: Parts, input: PersonFields, context: CallContext): void {
  if (!isPerson(parts, input, context))
    throw new SkeinError('FORBIDDEN_PERSON', 'only a person may do this')
}

type PersonFields = CallerFields & { readonly yes?: boolean | undefined }

export function isPerson(
  { config }: Parts,
  input: PersonFields,
  { door, caller }: CallContext,
): boolean {
  const isAtTerminal = input.caller?.terminal === true && door === 'socket'
  const isConfirmed = isAtTerminal || caller.grant?.web?.mayAct === true
  return door !== 'mcp' && (isConfirmed || (config.trust_scripts && input.yes === true))
}

/** A session that waits in a call is no silent one: what it holds stays while the call lasts. */
export async function patiently<T>(
  { sessions }: Parts,
  session: SessionId,
  wait: () => Promise<T>,
): Promise<T> {
  const note = (): void => {
    sessions.noteActivity(session, null)
  }
  const timer = setInterval(note, STILL_HERE_MS).unref()
  try {
    return await wait()
  } finally {
    clearInterval(timer)
    note()
  }
}

/** Less than the shortest `idle_release`. */
const STILL_HERE_MS = 30_000
