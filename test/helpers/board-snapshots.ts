// What a board is given, as it is when all is well; tests say what is otherwise.
import type { BoardSnapshot, RepoSnapshot } from '../../daemon/client/board/board-feed.ts'
import { asRepoId, emptyState } from '../../protocol/index.ts'

export const REPO = asRepoId('team/proj')

const MEMBER: BoardSnapshot['members'][number] = {
  machine: 'ada',
  peer_id: 'peer-ada',
  role: 'voter',
  addresses: ['/ip4/127.0.0.1/tcp/7451'],
  online: true,
  presence: 'here',
  load: 0.25,
  workers: { at_work: 1, most: 4 },
  rtt_ms: null,
  version: '0.1.0',
  votes_in: ['mesh', REPO],
  advice: null,
}

const NOW: NonNullable<RepoSnapshot['now']> = {
  id: REPO,
  role: 'leader',
  leader: 'ada',
  term: 3,
  commit_index: 17,
  voters: ['ada'],
  claims: 2,
  narrowed: 0,
  queued: 1,
  quorum: true,
  problem: null,
  checkouts: ['/work/proj'],
  workers: { running: 0, waiting: 0, failed: 0, unlanded: 0 },
  attached: true,
}

export function aSnapshot(more: Partial<BoardSnapshot> = {}): BoardSnapshot {
  return {
    connection: { kind: 'live' },
    status: {
      version: '0.1.0',
      ready: true,
      machine: 'ada',
      peer_id: 'peer-ada',
      pid: 1,
      home: '/home/ann/.skein',
      http: null,
      started_at: '2026-01-01T09:00:00.000Z',
      mesh: { id: 'mesh', members: 1, online: 1 },
      repos: [NOW],
    },
    members: [MEMBER],
    peers: [],
    ledgers: [],
    repos: new Map(),
    ...more,
  }
}

export function aRepo(more: Partial<RepoSnapshot> = {}): RepoSnapshot {
  return {
    id: REPO,
    connection: { kind: 'live' },
    version: 1,
    ledger: emptyState(),
    isKnown: true,
    problem: null,
    now: NOW,
    queue: [],
    local: { provisional: [], states: {}, activity: {}, peer: 'peer-ada' },
    workers: {},
    ...more,
  }
}
