// What the views draw from: a snapshot of the feed with what follows from it, worked out once for each. Pure.
import type { BoardSnapshot, RepoSnapshot } from '../../daemon/client/board/board-feed.ts'
import { claimsIn } from '../../daemon/client/board/claims.ts'
import { requestsIn, type RequestRow } from '../../daemon/client/board/requests.ts'
import { alarmsOf, type Alarm } from '../../daemon/client/board/standing.ts'
import type { QueueRow } from '../../daemon/client/board/waits.ts'
import { workersIn, type WorkerRow } from '../../daemon/client/board/workers.ts'
import type {
  AuditEvent,
  Claim,
  ClaimState,
  OperationResult,
  Proposal,
  RepoId,
} from '../../protocol/index.ts'

export type Hotspot = OperationResult<'hotspots'>['hotspots'][number]

export interface Board {
  readonly snapshot: BoardSnapshot
  /** The one that is looked at; null before it is known. */
  readonly repo: RepoSnapshot | null
  readonly claims: readonly Claim[]
  readonly queue: readonly QueueRow[]
  readonly requests: readonly RequestRow[]
  readonly alarms: readonly Alarm[]
  readonly workers: readonly WorkerRow[]
  readonly proposals: readonly Proposal[]
}

/** What is asked for beside the feed, as far as it has come. */
export interface Asked {
  readonly hotspots: readonly Hotspot[] | null
  /** The newest first; null until the first answer. */
  readonly events: readonly AuditEvent[] | null
}

export type Subject =
  | { readonly kind: 'claim'; readonly claim: Claim }
  | {
      readonly kind: 'folder'
      readonly path: string
      readonly claims: number
      /** What is not simply active in it. */
      readonly states: readonly ClaimState[]
    }
  | { readonly kind: 'wait'; readonly entry: QueueRow }
  | { readonly kind: 'request'; readonly request: RequestRow }
  | { readonly kind: 'hotspot'; readonly hotspot: Hotspot }
  | { readonly kind: 'event'; readonly event: AuditEvent }
  | { readonly kind: 'repo'; readonly repo: RepoNow }
  | { readonly kind: 'machine'; readonly machine: MachineNow }
  | { readonly kind: 'worker'; readonly worker: WorkerRow }
  | { readonly kind: 'proposal'; readonly proposal: Proposal }

export type RepoNow = NonNullable<BoardSnapshot['status']>['repos'][number]
export type MachineNow = BoardSnapshot['members'][number]

export function boardOf(snapshot: BoardSnapshot, id: RepoId | null): Board {
  const repo = id === null ? null : (snapshot.repos.get(id) ?? null)
  return {
    snapshot,
    repo,
    claims: repo === null ? [] : claimsIn(repo),
    queue: repo?.queue ?? [],
    requests: repo === null ? [] : requestsIn(repo),
    alarms: alarmsOf(snapshot, repo),
    workers: repo === null ? [] : workersIn(repo),
    proposals: repo?.ledger.proposals ?? [],
  }
}

/** Their schema says texts where the event itself has ids and kinds. */
export function asEvents(events: OperationResult<'events'>['events']): AuditEvent[] {
  return events as readonly object[] as AuditEvent[]
}

/** The id that people copy, type and look for. */
export function idOf(subject: Subject): string {
  switch (subject.kind) {
    case 'claim':
      return subject.claim.id
    case 'folder':
      return subject.path
    case 'wait':
      return subject.entry.id
    case 'request':
      return subject.request.id
    case 'hotspot':
      return subject.hotspot.pattern
    case 'event':
      return subject.event.id
    case 'repo':
      return subject.repo.id
    case 'machine':
      return subject.machine.machine
    case 'worker':
      return subject.worker.id
    case 'proposal':
      return subject.proposal.id
  }
}
