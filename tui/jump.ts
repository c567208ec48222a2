// From a thing to what it is about: from a waiter to its holder, from a request or an event to its claim, from a repository to its
// claims, from a worker to its claim, from a claim to its worker or to whoever waits for it.
import { waitersFor } from '../daemon/client/board/waits.ts'
import { asRepoId } from '../protocol/index.ts'
import type { Subject } from './model/board.ts'
import type { Ui } from './model/ui.ts'
import type { Session } from './session.ts'
import type { ViewName } from './views/view.ts'

interface Target {
  readonly view: ViewName
  readonly id: string
}

export function jump({ store, frame }: Session): void {
  const { rows, placed, board } = frame
  const subject = rows[placed.index]?.subject ?? null
  if (subject === null) return
  if (subject.kind === 'repo') {
    const repo = asRepoId(subject.repo.id)
    store.set((ui) => ({ ...ui, repo, view: 'claims', note: null }))
    return
  }
  if (subject.kind === 'machine' || subject.kind === 'hotspot') {
    const [view, filter] =
      subject.kind === 'machine'
        ? (['claims', `machine:${subject.machine.machine}`] as const)
        : (['claims', `path:${subject.hotspot.pattern}`] as const)
    store.set((ui) => ({ ...ui, view, filters: { ...ui.filters, [view]: filter }, note: null }))
    return
  }
  const target = targetOf(subject, board)
  store.set((ui) => (target === null ? nowhere(ui) : goTo(ui, target)))
}

function targetOf(
  subject: Subject,
  { queue, claims, workers }: Session['frame']['board'],
): Target | null {
  const workerIn = (id: unknown): Target | null =>
    workers.some((worker) => worker.id === id) ? { view: 'workers', id: String(id) } : null
  const live = (id: unknown): Target | null =>
    claims.some((claim) => claim.id === id) ? { view: 'claims', id: String(id) } : null
  switch (subject.kind) {
    case 'wait': {
      const [holder] = subject.entry.blocked_by
      const [before] = subject.entry.ahead
      if (holder !== undefined) return live(holder.claim)
      return before === undefined ? null : { view: 'queue', id: before.id }
    }
    case 'request':
      return live(subject.request.claim)
    case 'event':
      return workerIn(subject.event.data['assignment']) ?? live(subject.event.data['claim'])
    case 'worker':
      return live(subject.worker.claim)
    case 'claim': {
      const worker = workers.find(({ claim }) => claim === subject.claim.id)
      if (worker !== undefined) return workerIn(worker.id)
      const [waiter] = waitersFor(subject.claim.id, queue)
      return waiter === undefined ? null : { view: 'queue', id: waiter.id }
    }
    default:
      return null
  }
}

/** Nothing hides what was jumped to: no filter, no closed folder. */
function goTo(ui: Ui, { view, id }: Target): Ui {
  return {
    ...ui,
    view,
    closed: view === 'claims' ? new Set() : ui.closed,
    filters: { ...ui.filters, [view]: '' },
    lists: { ...ui.lists, [view]: { chosen: id, index: 0, above: 3 } },
    note: null,
  }
}

function nowhere(ui: Ui): Ui {
  return { ...ui, note: { level: 'plain', text: 'nothing that lives belongs to it' } }
}
