// What boards are told of workers beside the ledger: of this machine's own at once, of the others what their machines said last.
import {
  isAssignmentOver,
  progressNow,
  type Assignment,
  type AssignmentId,
  type PeerId,
  type PresenceState,
  type WorkerNow,
  type WorkersTold,
} from '../protocol/index.ts'
import { askProgress, type WorkerTold } from './mesh/fleet-questions.ts'
import { createWorkersNow } from './mesh/workers-now.ts'
import type { Parts } from './operations/context.ts'
import { cleanTold } from './operations/fleet-words.ts'
import { hostOf, type Repo } from './repos.ts'

type WorkersState = Extract<PresenceState, { kind: 'workers' }>

export type LookAtWorkers = (repo: Repo) => Promise<WorkersState>

export function createBoardWorkers(parts: Pick<Parts, 'mesh' | 'fleet' | 'clock'>): LookAtWorkers {
  const { mesh, fleet, clock } = parts
  const others = createWorkersNow({
    ask: (peer, asked) => askProgress(mesh, peer, asked),
    now: () => clock.monotonic(),
  })
  return async (repo) => {
    const { assignments } = hostOf(repo).loop.view().state
    const open = [...assignments.values()].filter(({ state }) => !isAssignmentOver(state))
    const told = await others.look(repo.id, byPeer(open.filter(({ peer }) => peer !== mesh.self)))
    const shown: Partial<Record<AssignmentId, WorkerNow | null>> = {}
    for (const { id, peer } of open) {
      if (peer === mesh.self)
        shown[id] = shorten({ progress: fleet.progress(id), blocker: fleet.blocker(id) })
      else if (told.has(peer))
        shown[id] = ofMachine(told.get(peer)?.get(id), told.get(peer) === null)
    }
    return { kind: 'workers', told: shown satisfies WorkersTold }
  }
}

function ofMachine(said: WorkerTold | undefined, isAway: boolean): WorkerNow | null {
  if (isAway) return null
  return said === undefined ? { progress: null, blocker: null } : shorten(said)
}

function shorten(said: WorkerTold): WorkerNow {
  const { progress, blocker } = cleanTold(said)
  return { progress: progress === null ? null : progressNow(progress), blocker }
}

function byPeer(open: readonly Assignment[]): ReadonlyMap<PeerId, readonly AssignmentId[]> {
  const found = new Map<PeerId, AssignmentId[]>()
  for (const { id, peer } of open) found.set(peer, [...(found.get(peer) ?? []), id])
  return found
}
