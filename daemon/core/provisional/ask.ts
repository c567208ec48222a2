// While this machine has provisional claims and there is a leader, it asks for them to be settled: one request for all of
// them, sent again like any other until the ledger has its answer. When they change meanwhile it is replaced by another.
import {
  formatRequestId,
  type ClaimId,
  type EndedProvisional,
  type LedgerRecord,
  type RequestId,
} from '../../../protocol/index.ts'
import type { Command, SettleCommand } from '../claims/command.ts'
import type { Request, SettleRequest } from '../claims/decision.ts'
import type { Engine, Instant } from '../engine-state.ts'
import { leaderOf } from '../forwarding.ts'
import { isReady } from '../leading.ts'
import { instantOf } from '../renewals.ts'
import type { AppliedChange } from '../view.ts'

/** The id of this machine's next request, its callers' or its own. */
export function nextRequestId(engine: Engine): RequestId {
  const { incarnation, consensus } = engine
  return formatRequestId({ peer: consensus.self, incarnation, sequence: engine.sequence++ })
}

/** The request to hand in now; null when there is none. */
export function nextSettle(engine: Engine): SettleRequest | null {
  const { provisionals, consensus } = engine
  const due = [...engine.ownProvisionals.values()]
  if (due.length === 0 || engine.incarnationAt > consensus.durable) return null
  // What the log does not say yet: one that ended here, and comes back with a crash, would pass for settled by the number of a
  // later one.
  if (provisionals.changesAt.length > 0) return null
  if (!isReady(engine) && leaderOf(engine) === null) return null
  const { asked } = provisionals
  if (asked !== null) {
    if (asked.changes === provisionals.changes && engine.own.has(asked.rid)) return null
    if (consensus.now - asked.at.monotonicMs < consensus.timing.heartbeatMs) return null
    engine.own.delete(asked.rid)
    engine.inner.delete(asked.rid)
  }
  for (const one of due) one.isAsked = true
  const claims = due.flatMap(({ claim, ended }) => (ended === null ? [claim] : []))
  const ended = due.flatMap(({ claim, ended: reason }): EndedProvisional[] =>
    reason === null ? [] : [{ id: claim.id, lamport: claim.lamport, n: claim.n, reason }],
  )
  const request = innerRequest<SettleCommand>(engine, {
    kind: 'settle',
    peer: consensus.self,
    claims,
    ended,
  })
  provisionals.asked = { rid: request.rid, changes: provisionals.changes, at: instantOf(engine) }
  return request
}

/** A request that the engine makes of itself. */
export function innerRequest<C extends Command>(
  engine: Engine,
  command: C,
): Request & { readonly command: C } {
  const rid = nextRequestId(engine)
  engine.inner.add(rid)
  return { rid, command, entropy: new Uint8Array(16) }
}

/**
 * The leader that promoted claims counted their sessions' leases from then on, which was after it was asked to: so may this
 * machine, from when it asked.
 */
export function notePromoted(engine: Engine, { record, change }: AppliedChange): void {
  const { asked } = engine.provisionals
  if (change.kind !== 'reconciled' || asked === null || !answers(record, asked.rid)) return
  for (const id of change.promoted) renew(engine, id, asked.at)
}

function answers({ body }: LedgerRecord, rid: RequestId): boolean {
  return body.kind === 'reconcile' && body.rids.includes(rid)
}

function renew({ committed, renewals, consensus }: Engine, id: ClaimId, at: Instant): void {
  const claim = committed.state.claims.get(id)
  if (claim?.peer !== consensus.self) return
  const known = renewals.confirmed.get(claim.session)
  if (known === undefined || known.uptimeMs < at.uptimeMs) {
    renewals.confirmed.set(claim.session, at)
  }
}
