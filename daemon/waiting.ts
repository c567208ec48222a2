// Callers that wait for a place in the queue or for an answer: each is woken by the change that ends its wait. Places and
// requests themselves live in the ledger.
import type { DropReason, QueueEntry, QueueId, RequestedId } from '../protocol/index.ts'
import type { AppliedChange } from './core/view.ts'

export type WaitEnd =
  | { readonly kind: 'granted'; readonly entry: QueueEntry }
  | {
      readonly kind: 'dropped'
      readonly entry: QueueEntry
      readonly reason: DropReason
      readonly circle: readonly string[]
    }
  | { readonly kind: 'answered' }
  /** The caller's patience is over; the place is kept. */
  | { readonly kind: 'still' }
  | { readonly kind: 'gone' }

export interface WaitingRoom {
  /** Wakes whoever these changes concern. */
  note(changes: readonly AppliedChange[]): void
  /** Waits for the end of a place in the queue or of a request, at most this long. */
  wait(id: QueueId | RequestedId, patienceMs: number, signal: AbortSignal): Promise<WaitEnd>
}

export function createWaitingRoom(): WaitingRoom {
  const waiting = new Map<string, Set<(end: WaitEnd) => void>>()

  function wake(id: string, end: WaitEnd): void {
    const sleepers = waiting.get(id)
    waiting.delete(id)
    for (const resolve of sleepers ?? []) resolve(end)
  }

  return {
    note(changes) {
      if (waiting.size === 0) return
      for (const { change } of changes) {
        if (change.kind === 'answered') wake(change.answered.request.id, { kind: 'answered' })
        if (change.kind === 'popped')
          wake(change.entry.id, { kind: 'granted', entry: change.entry })
        if (change.kind === 'dropped') {
          const { entry, reason, circle } = change
          wake(entry.id, { kind: 'dropped', entry, reason, circle })
        }
      }
    },
    wait(id, patienceMs, signal) {
      return new Promise((resolve) => {
        const finish = (end: WaitEnd): void => {
          clearTimeout(timer)
          signal.removeEventListener('abort', onAbort)
          const sleepers = waiting.get(id)
          sleepers?.delete(finish)
          if (sleepers?.size === 0) waiting.delete(id)
          resolve(end)
        }
        const onAbort = (): void => {
          finish({ kind: 'gone' })
        }
        const timer = setTimeout(() => {
          finish({ kind: 'still' })
        }, patienceMs)
        const sleepers = waiting.get(id) ?? new Set()
        waiting.set(id, sleepers.add(finish))
        if (signal.aborted) onAbort()
        else signal.addEventListener('abort', onAbort, { once: true })
      })
    },
  }
}
