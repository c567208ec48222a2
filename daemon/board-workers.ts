// What boards are told of workers beside the ledger: of this machine's own at once, of the others what their machines said last.
import {
  isAssignmentOver,
  isUnlanded,
  progressNow,
  type Assignment,
  type AssignmentId,
  type PeerId,
  type PresenceState,
  type WorkerNow,
} from '../protocol/index.ts'
import { askProgress, type WorkerTold } from './mesh/fleet-questions.ts'
import { createWorkersNow } from './mesh/workers-now.ts'
import type { Parts } from './operations/context.ts'
import { cleanTold, ownTold } from './operations/fleet-words.ts'
import { hostOf, type Repo } from './repos.ts'

type WorkersState = Extract<PresenceState, { kind: 'workers' }>

export type LookAtWorkers = (repo: Repo) => Promise<WorkersState>

export function createBoardWorkers(parts: Parts): LookAtWorkers {
  const { mesh, clock } = parts
  const others = createWorkersNow({
    ask: (peer, asked) => askProgress(mesh, peer, asked),
    now: () => clock.monotonic(),
  })
  return async (repo) => {
    const all = [...hostOf(repo).loop.view().state.assignments.values()]
    const open = all.filter(({ state }) => !isAssignmentOver(state))
    const said = await others.look(repo.id, byPeer(open.filter(({ peer }) => peer !== mesh.self)))
    const told: Partial<Record<AssignmentId, WorkerNow | null>> = {}
    for (const { id, peer } of open)
      if (peer === mesh.self) told[id] = shorten(ownTold(parts, id))
      else if (said.has(peer))
        told[id] = ofMachine(said.get(peer)?.get(id), said.get(peer) === null)
    // Of work that is over nothing goes on but its landing.
    for (const { id } of all.filter(isUnlanded)) {
      const { blocker } = ownTold(parts, id)
      if (blocker !== null) told[id] = shorten({ progress: null, blocker })
    }
    return { kind: 'workers', told }
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
