// Giving up places in the queue: by whoever waits, or by the waiter's own daemon.
import {
  isSameParty,
  peerOf,
  type QueueId,
  type RecordBody,
  type RequestId,
} from '../../../protocol/index.ts'
import type { CancelCommand, EndWaitsCommand } from '../claims/command.ts'
import { fail, type Decision } from '../claims/decision.ts'
import type { View } from '../view.ts'

export function decideCancel(rid: RequestId, command: CancelCommand, view: View): Decision {
  const { party, ids } = command
  const entries = ids.flatMap((id) => view.state.queue.get(id) ?? [])
  const foreign = entries.find((entry) => !isSameParty(party, entry.party))
  if (foreign !== undefined) {
    return fail('QUEUE_NOT_YOURS', `${foreign.party.agent} waits at ${foreign.id}`, {
      data: { ids: [foreign.id] },
    })
  }
  if (entries.length === 0) return { kind: 'answer', outcome: { kind: 'cancelled', ids: [] } }
  return drop(
    rid,
    entries.map((entry) => entry.id),
    'cancelled',
    party.agent,
  )
}

export function decideEndWaits(rid: RequestId, command: EndWaitsCommand, view: View): Decision {
  const ids = command.ids.filter((id) => view.state.queue.get(id)?.party.peer === peerOf(rid))
  if (ids.length === 0) return { kind: 'answer', outcome: { kind: 'cancelled', ids: [] } }
  return drop(rid, ids, command.reason, 'daemon')
}

function drop(
  rid: RequestId,
  ids: readonly QueueId[],
  reason: Extract<RecordBody, { kind: 'drop' }>['reason'],
  by: string,
): Decision {
  return {
    kind: 'append',
    bodies: [{ kind: 'drop', rid, ids, reason, by, circle: [] }],
    warnings: [],
  }
}
