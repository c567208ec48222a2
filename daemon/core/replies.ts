// A leader's replies: what is told when, to its own callers or to the machine that sent for them.
import {
  comparePositions,
  outcomeOf,
  parseRequestId,
  type RequestId,
} from '../../protocol/index.ts'
import type { Outcome } from './claims/command.ts'
import type { Request } from './claims/decision.ts'
import { tellOutcome } from './claims/tell.ts'
import { confirmLeadership } from './consensus/leader.ts'
import type { Engine } from './engine-state.ts'
import { post, tellOwn } from './forwarding.ts'
import type { ReplyMessage } from './messages.ts'

export function awaitConfirmation(engine: Engine, request: Request, outcome: Outcome): void {
  const head = engine.consensus.chain.head()
  if (head === null) return
  const id = ++engine.barrier
  engine.answers.set(id, { request, outcome, restsOn: head, confirmed: false })
  engine.answering.add(request.rid)
  confirmLeadership(engine.consensus, id)
}

export function noteBarrier(engine: Engine, id: number, ok: boolean): void {
  const answer = engine.answers.get(id)
  if (answer === undefined) return
  if (ok) {
    answer.confirmed = true
    return
  }
  // Whoever leads next is asked again by the caller's machine.
  engine.answers.delete(id)
  engine.answering.delete(answer.request.rid)
}

/** Asked again in the same term, an answer that left no record must be the same. */
const REPLIES_REMEMBERED = 1_024

/** Replies to everything whose records, or whose ground, are committed by now. */
export function tellCommitted(engine: Engine): void {
  const { commit, role } = engine.consensus
  if (commit === null) return
  for (const [rid, { at, warnings, told }] of engine.decided) {
    if (comparePositions(at, commit) > 0) break
    const outcome = outcomeOf(engine.committed.state, rid)
    // Another leader's path went past it: it waits to be decided again.
    if (outcome === null) continue
    engine.decided.delete(rid)
    if (outcome !== 'forgotten') {
      reply(engine, rid, told ?? tellOutcome(engine.committed, outcome, warnings))
    }
  }
  // What an answer rests on may have been bypassed by whoever deposed this leader.
  if (role.kind !== 'leader') return
  for (const [id, answer] of engine.answers) {
    if (!answer.confirmed || comparePositions(answer.restsOn, commit) > 0) continue
    engine.answers.delete(id)
    engine.answering.delete(answer.request.rid)
    reply(engine, answer.request.rid, answer.outcome)
  }
}

function reply(engine: Engine, rid: RequestId, outcome: Outcome): void {
  const { peer } = parseRequestId(rid)
  const { commit, self, promise } = engine.consensus
  if (peer === self) tellOwn(engine, rid, outcome)
  if (peer === self || commit === null) return
  const message: ReplyMessage = { kind: 'reply', term: promise.term, rid, outcome, at: commit }
  post(engine, peer, message)
  engine.replied.set(rid, message)
  const [oldest] = engine.replied.keys()
  if (engine.replied.size > REPLIES_REMEMBERED && oldest !== undefined)
    engine.replied.delete(oldest)
}
