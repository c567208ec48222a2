// The engine under test beside its model, and what must be alike after each command.
import assert from 'node:assert/strict'
import type { Outcome } from '../../daemon/core/claims/command.ts'
import { party, QueueLedger } from '../unit/queue/ledger.ts'
import type { Model } from './model.ts'
import { agentOf, SESSIONS, type SessionName } from './world.ts'

export class System {
  readonly ledger = new QueueLedger()

  partyOf(session: SessionName): ReturnType<typeof party> {
    return party(session, agentOf(session))
  }

  renewLeases(): void {
    this.ledger.alive(SESSIONS)
  }

  /** Lets the model do what follows from the command, and compares. */
  settle(model: Model): void {
    model.moveQueue()
    for (let wait = model.waitOnCircle(); wait !== undefined; wait = model.waitOnCircle()) {
      model.leave(wait)
      if (wait.key !== null) model.settleKey(wait.key, wait.id, 'dropped')
      model.moveQueue()
    }
    model.grantedTo.clear()
    assert.deepEqual(this.#state(), stateOf(model))
  }

  #state(): ReturnType<typeof stateOf> {
    const { state } = this.ledger.engine.committed
    return {
      claims: [...state.claims.values()]
        .map(({ id, session, pattern, mode }) => `${id} ${session} ${mode} ${pattern}`)
        .sort(),
      clamped: [...state.claims.values()]
        .filter(({ clamps }) => clamps.length > 0)
        .map(({ id }): string => id)
        .sort(),
      queue: [...state.queue.values()]
        .sort((a, b) => a.index - b.index)
        .map((entry) => `${entry.id} ${entry.party.session}`),
      requests: [...state.asked.keys()].map(String).sort(),
    }
  }
}

/** What an outcome says, short enough to be compared. */
export function said(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'refused':
      return outcome.circle.length > 0 ? 'circle' : 'refused'
    case 'failed':
      return outcome.failure.code
    case 'answered':
      return outcome.late ? 'late' : 'answered'
    default:
      return outcome.kind
  }
}

function stateOf(model: Model): {
  readonly claims: readonly string[]
  readonly clamped: readonly string[]
  readonly queue: readonly string[]
  readonly requests: readonly string[]
} {
  const claims = [...model.claims.values()]
  return {
    claims: claims
      .map(({ id, session, pattern, mode }) => `${id} ${session} ${mode} ${pattern}`)
      .sort(),
    clamped: claims
      .filter(({ clamps }) => clamps.size > 0)
      .map(({ id }) => id)
      .sort(),
    queue: model.queue.map(({ id, session }) => `${id} ${session}`),
    requests: [...model.requests.keys()].sort(),
  }
}
