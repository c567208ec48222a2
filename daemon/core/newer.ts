// A record of a kind that a later version has added. This machine goes on keeping and acknowledging what it is sent, for it can do
// both without knowing what a record means. It stops folding there: it neither leads, nor answers a caller.
import {
  isKnownKind,
  parseRequestId,
  type LedgerRecord,
  type RequestId,
} from '../../protocol/index.ts'
import { becomeFollower, postponeElection } from './consensus/follower.ts'
import type { Request } from './claims/decision.ts'
import type { Engine } from './engine-state.ts'
import { failureOfCommand } from './version-gate.ts'

/** The records before the first one that cannot be read; from that one on none is. */
export function readable(
  engine: Engine,
  records: readonly LedgerRecord[],
): readonly LedgerRecord[] {
  if (engine.newer !== null) return []
  const at = records.findIndex(({ body }) => !isKnownKind(body.kind))
  const found = records[at]
  if (found === undefined) return records
  engine.newer = {
    code: 'LEDGER_NEWER',
    message: `the ledger holds a record of the unknown kind '${found.body.kind}'`,
    data: { kind: found.body.kind, index: found.index },
  }
  return records.slice(0, at)
}

/** Somebody who can read it shall lead. */
export function leaveLead({ consensus, newer }: Engine): void {
  if (newer === null) return
  if (consensus.role.kind !== 'follower') becomeFollower(consensus, null)
  postponeElection(consensus)
}

/** @returns whether nothing is decided for it here: its caller is told why. */
export function refuseUnread({ newer: failure, consensus, out }: Engine, rid: RequestId): boolean {
  if (failure === null) return false
  if (parseRequestId(rid).peer === consensus.self)
    out.replies.push({ rid, outcome: { kind: 'failed', failure } })
  return true
}

/**
 * A leader of an older version takes a command that it does not know for none and leaves it without an answer: so such a one
 * is not sent. @returns whether its caller, who is of this machine, is told so.
 */
export function refuseOutdated(engine: Engine, { rid, command }: Request): boolean {
  const { consensus, out } = engine
  if (parseRequestId(rid).peer !== consensus.self) return false
  const failure = failureOfCommand(engine, command)
  if (failure === null) return false
  out.replies.push({ rid, outcome: { kind: 'failed', failure } })
  return true
}
