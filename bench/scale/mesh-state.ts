// The mesh ledger of a mesh of any size: its state folded from records as they are written, without machines.
import {
  asPeerId,
  asRepoId,
  emptyState,
  encodeRecord,
  encodeState,
  foldRecord,
  LEDGER_VERSION,
  type LedgerState,
  type RecordBody,
  type RecordId,
} from '../../protocol/index.ts'

export interface MeshState {
  /** What a newcomer is sent at least: everybody and everything. */
  readonly stateBytes: number
  /** Of the record by which one machine says that its address has changed. */
  readonly changeBytes: number
  /** Heap of one copy of the state. */
  readonly heapBytes: number
}

export function measureMeshState(machines: number, repos: number, copies: number): MeshState {
  const before = heapNow()
  const { state, changeBytes } = fold(machines, repos, copies)
  const heapBytes = heapNow() - before
  return { stateBytes: encodeState(state).length, changeBytes, heapBytes }
}

/** After everything that can go has gone. */
export function heapNow(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

function fold(
  machines: number,
  repos: number,
  copies: number,
): { readonly state: LedgerState; readonly changeBytes: number } {
  const peers = Array.from({ length: machines }, (_, i) =>
    asPeerId(`12D3KooW${String(i).padStart(44, 'M')}`),
  )
  const [founder = asPeerId('nobody')] = peers
  const state = emptyState()
  let parent: RecordId | null = null
  let bytes = 0
  const write = (body: RecordBody): void => {
    const index: number = parent === null ? 0 : parent.index + 1
    const record = encodeRecord({ generation: 1, term: 0, index, parent, atMs: 0, body })
    foldRecord(state, record)
    parent = { term: 0, index, hash: record.hash }
    bytes = record.bytes.length
  }
  write({
    ...{ kind: 'genesis', ledger: 'mesh', mesh: 'mesh_scale', name: 'mesh_scale', founder },
    ...{ voters: peers.slice(0, 5), version: LEDGER_VERSION },
  })
  const enter = (place: number): void => {
    const peer = peers[place] ?? founder
    write({
      ...{ kind: 'member', rid: null, peer, machine: `machine-${String(place)}` },
      role: place < 5 ? 'voter' : 'learner',
      addresses: ['/ip4/100.64.12.34/tcp/7451', '/ip6/fd7a:115c:a1e0::1234/tcp/7451'],
      version: LEDGER_VERSION,
    })
  }
  peers.forEach((_, place) => {
    enter(place)
  })
  for (let i = 0; i < repos; i++) {
    const repo = asRepoId(`team/project-${String(i)}`)
    const having = Array.from(
      { length: copies },
      (_, at) => peers[(i * 3 + at) % machines] ?? founder,
    )
    const [first = founder] = having
    const genesis = String(i).padStart(64, '0')
    write({
      ...{ kind: 'enrol', rid: null, repo, generation: 1, founder: first, voters: [first] },
      ...{ roots: ['a'.repeat(40)], genesis },
    })
    for (const peer of having.slice(1)) write({ kind: 'attach', rid: null, repo, peer })
  }
  enter(machines - 1)
  return { state, changeBytes: bytes }
}
