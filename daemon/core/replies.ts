// From decisions to replies: what is told when, and what happens to requests that were given up.
import { comparePositions, outcomeOf, type RequestId } from '../../protocol/index.ts'
import type { Outcome } from './claims/command.ts'
import type { Request } from './claims/decision.ts'
import { tellOutcome } from './claims/tell.ts'
import { persist } from './consensus/durability.ts'
import { confirmLeadership, flush } from './consensus/leader.ts'
import type { Engine } from './engine-state.ts'

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
  engine.answers.delete(id)
  engine.answering.delete(answer.request.rid)
  engine.waiting.set(answer.request.rid, answer.request)
}

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

/** Gives a request up; its caller is told once that is durable. */
export function abandon(engine: Engine, rid: RequestId): void {
  const { consensus } = engine
  engine.waiting.delete(rid)
  for (const [id, answer] of engine.answers) {
    if (answer.request.rid === rid) engine.answers.delete(id)
  }
  engine.answering.delete(rid)
  engine.decided.delete(rid)
  engine.abandoned.add(rid)
  flush(consensus)
  const position = persist(consensus, [{ kind: 'meta', value: { abandoned: rid } }])
  engine.abandonedAt.push({ rid, position })
}

export function noteAbandoned(engine: Engine): void {
  const { durable } = engine.consensus
  for (
    let next = engine.abandonedAt[0];
    next !== undefined && next.position <= durable;
    next = engine.abandonedAt[0]
  ) {
    engine.out.abandoned.push(next.rid)
    engine.abandonedAt.shift()
  }
}

function reply(engine: Engine, rid: RequestId, outcome: Outcome): void {
  engine.out.replies.push({ rid, outcome })
}
