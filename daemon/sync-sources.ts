// What boards are shown beside the ledgers: the same answers that callers of operations get.
import type { OperationName, PresenceState } from '../protocol/index.ts'
import { createBoardWorkers } from './board-workers.ts'
import type { CallContext, Operations } from './client/operations.ts'
import type { Parts } from './operations/context.ts'
import { localClaims, repoNow } from './operations/live.ts'
import type { SyncSources } from './sync/documents.ts'

export function syncSourcesOf(parts: Parts, operations: Pick<Operations, 'call'>): SyncSources {
  const ask = (name: OperationName, input: object): Promise<unknown> =>
    operations.call(name, input, WITHIN)
  const repoOf = (id: string) => parts.repos.all().find((repo) => repo.id === id)
  const lookAtWorkers = createBoardWorkers(parts)
  return {
    hostOf: (id) => repoOf(id)?.host,
    meshHost: () => parts.mesh.host,
    async lookAtRepo(id) {
      const repo = repoOf(id)
      if (repo === undefined) return []
      const now: PresenceState = { kind: 'repo', repo: repoNow(parts, repo) }
      if (repo.host === null) return [now]
      const [queue, workers] = await Promise.all([ask('queue', { repo: id }), lookAtWorkers(repo)])
      const { entries } = queue as QueueNow
      const local: PresenceState = { kind: 'local', ...localClaims(parts, { repo }) }
      return [now, { kind: 'queue', entries }, local, workers]
    },
    async lookAtMesh() {
      const [status, members, { peers }, { ledgers }] = (await Promise.all([
        ask('status', {}),
        ask('members', {}),
        ask('peers', {}),
        ask('leader', {}),
      ])) as [DaemonNow, MembersNow, PeersNow, LedgersNow]
      return [
        { kind: 'daemon', status },
        { kind: 'members', members },
        { kind: 'peers', peers },
        { kind: 'ledgers', ledgers },
      ]
    },
  }
}

type StateOf<Kind extends PresenceState['kind']> = Extract<PresenceState, { kind: Kind }>
type QueueNow = Pick<StateOf<'queue'>, 'entries'>
type DaemonNow = StateOf<'daemon'>['status']
type MembersNow = StateOf<'members'>['members']
type PeersNow = Pick<StateOf<'peers'>, 'peers'>
type LedgersNow = Pick<StateOf<'ledgers'>, 'ledgers'>

/** As whom the daemon itself asks. */
const WITHIN: CallContext = {
  door: 'socket',
  signal: new AbortController().signal,
  caller: {},
}
