// What a board shows, kept up to date: the mesh as its daemon sees it, and a replica of each ledger that is looked at. Snapshots
// are immutable, so that a view can compare them; the folded state inside is the replica's own and is read only.
import {
  createLedgerReplica,
  emptyState,
  PRESENCE_IDS,
  SkeinError,
  type AwarenessState,
  type LedgerReplica,
  type LedgerState,
  type LocalClaims,
  type MeshPresence,
  type PresenceState,
  type RepoId,
  type RepoNow,
  type RepoPresence,
  type WorkersTold,
} from '../../../protocol/index.ts'
import { followDocument, type Connection, type SocketLike } from './sync-socket.ts'

export interface BoardFeed {
  readonly snapshot: () => BoardSnapshot
  /** Told after each change of the snapshot. @returns what ends it. */
  readonly subscribe: (listener: () => void) => () => void
  /** Follows the ledgers of these repositories and no others. */
  readonly watch: (repos: readonly RepoId[]) => void
  /** Connects at once what waits to. */
  readonly retry: () => void
  readonly close: () => void
}

type StateOf<Kind extends PresenceState['kind']> = Extract<PresenceState, { kind: Kind }>

export interface BoardSnapshot {
  /** With the daemon: lost until it is live again. Meanwhile everything else is as it was last. */
  readonly connection: Connection
  /** Null until the daemon told it. */
  readonly status: StateOf<'daemon'>['status'] | null
  readonly members: StateOf<'members'>['members']
  readonly peers: StateOf<'peers'>['peers']
  readonly ledgers: StateOf<'ledgers'>['ledgers']
  readonly repos: ReadonlyMap<RepoId, RepoSnapshot>
}

export interface RepoSnapshot {
  readonly id: RepoId
  readonly connection: Connection
  /** Rises with each change of `ledger`. */
  readonly version: number
  /** Committed, folded; empty until the first place was told. */
  readonly ledger: LedgerState
  /** False until the ledger is known up to the place that the daemon told. */
  readonly isKnown: boolean
  /** Why the ledger cannot be read. */
  readonly problem: SkeinError | null
  readonly now: RepoNow | null
  readonly queue: StateOf<'queue'>['entries']
  readonly local: LocalClaims
  /** What machines say of their workers that are not over. */
  readonly workers: WorkersTold
}

export interface BoardFeedOptions {
  /** A socket to `/sync/<name>`; the name is not encoded yet. */
  readonly open: (name: string) => SocketLike
  /** 32 random bits. */
  readonly random: () => number
}

const NOBODY: LocalClaims = { provisional: [], states: {}, activity: {}, peer: '' }

export function createBoardFeed(options: BoardFeedOptions): BoardFeed {
  return new Feed(options)
}

class Feed implements BoardFeed {
  readonly #options: BoardFeedOptions
  readonly #listeners = new Set<() => void>()
  readonly #ledgers = new Map<RepoId, FollowedLedger>()
  readonly #mesh
  #now: BoardSnapshot = {
    connection: { kind: 'connecting' },
    ...{ status: null, members: [], peers: [], ledgers: [] },
    repos: new Map(),
  }

  constructor(options: BoardFeedOptions) {
    this.#options = options
    this.#mesh = followDocument({
      open: () => options.open('presence:mesh'),
      stateVector: () => EMPTY_VECTOR,
      onUpdate: () => undefined,
      onAnew: () => undefined,
      onStates: (states) => {
        for (const state of presenceIn<MeshPresence>(states)) this.#takeMesh(state)
      },
      onConnection: (connection) => {
        // It is lost until it is back: a try is no news for whoever reads.
        const isTry = connection.kind === 'connecting' && this.#now.connection.kind === 'lost'
        if (!isTry) this.#set({ connection })
      },
    })
  }

  snapshot = (): BoardSnapshot => this.#now

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  watch = (repos: readonly RepoId[]): void => {
    for (const [id, followed] of this.#ledgers) {
      if (repos.includes(id)) continue
      followed.close()
      this.#ledgers.delete(id)
    }
    for (const id of repos) {
      if (this.#ledgers.has(id)) continue
      const tell = (): void => {
        this.#tellRepos()
      }
      this.#ledgers.set(id, new FollowedLedger(id, this.#options, tell))
    }
    this.#tellRepos()
  }

  retry = (): void => {
    this.#mesh.retry()
    for (const followed of this.#ledgers.values()) followed.retry()
  }

  close = (): void => {
    this.#mesh.close()
    for (const followed of this.#ledgers.values()) followed.close()
    this.#listeners.clear()
  }

  #takeMesh(state: MeshPresence): void {
    switch (state.kind) {
      case 'mark':
        return
      case 'daemon':
        this.#set({ status: state.status })
        return
      case 'members':
        this.#set({ members: state.members })
        return
      case 'peers':
        this.#set({ peers: state.peers })
        return
      case 'ledgers':
        this.#set({ ledgers: state.ledgers })
        return
    }
  }

  #tellRepos(): void {
    this.#set({
      repos: new Map([...this.#ledgers].map(([id, followed]) => [id, followed.snapshot()])),
    })
  }

  #set(part: Partial<BoardSnapshot>): void {
    this.#now = { ...this.#now, ...part }
    for (const listener of this.#listeners) listener()
  }
}

/** The state vector of whoever has nothing. */
const EMPTY_VECTOR = new Uint8Array([0])

/** A ledger and what is told beside it: two sockets that break and come back each for itself. */
class FollowedLedger {
  readonly #options: BoardFeedOptions
  readonly #tell: () => void
  readonly #documents
  #replica: LedgerReplica
  #now: RepoSnapshot

  constructor(id: RepoId, options: BoardFeedOptions, tell: () => void) {
    this.#options = options
    this.#tell = tell
    this.#replica = createLedgerReplica(options.random())
    this.#now = {
      ...{ id, version: 0, ledger: emptyState(), isKnown: false, problem: null, now: null },
      connection: { kind: 'connecting' },
      ...{ queue: [], local: NOBODY, workers: {} },
    }
    const ledger = followDocument({
      open: () => options.open(`ledger:${id}`),
      stateVector: () => this.#replica.stateVector(),
      onUpdate: (update) => {
        this.#read((replica) => replica.merge(update))
      },
      onStates: () => undefined,
      onAnew: () => {
        this.#replica = createLedgerReplica(this.#options.random())
      },
      onConnection: (connection) => {
        this.#set({ connection })
      },
    })
    const presence = followDocument({
      open: () => options.open(`presence:${id}`),
      stateVector: () => EMPTY_VECTOR,
      onUpdate: () => undefined,
      onAnew: () => undefined,
      onStates: (states) => {
        for (const state of presenceIn<RepoPresence>(states)) this.#take(state)
      },
      onConnection: () => undefined,
    })
    this.#documents = [ledger, presence]
  }

  snapshot(): RepoSnapshot {
    return this.#now
  }

  retry(): void {
    for (const document of this.#documents) document.retry()
  }

  close(): void {
    for (const document of this.#documents) document.close()
  }

  #take(state: RepoPresence): void {
    switch (state.kind) {
      case 'mark':
        this.#read((replica) => replica.commit(state))
        return
      case 'repo':
        this.#set({ now: state.repo })
        return
      case 'queue':
        this.#set({ queue: state.entries })
        return
      case 'local':
        this.#set({ local: state })
        return
      case 'workers':
        this.#set({ workers: state.told })
        return
    }
  }

  /** The last state stays on the screen while a new copy of it is read. */
  #read(act: (replica: LedgerReplica) => readonly unknown[]): void {
    try {
      if (act(this.#replica).length === 0) return
      const version = this.#now.version + 1
      this.#set({ version, ledger: this.#replica.state(), isKnown: true, problem: null })
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error
      this.#replica = createLedgerReplica(this.#options.random())
      this.#set({ problem: error })
    }
  }

  #set(part: Partial<RepoSnapshot>): void {
    this.#now = { ...this.#now, ...part }
    this.#tell()
  }
}

/** The daemon is this machine's own, and a newer one may tell more: what is not known is passed over. */
function presenceIn<State extends PresenceState>(states: readonly AwarenessState[]): State[] {
  return states.flatMap(({ id, state }) => (isPresence(id, state) ? [state as State] : []))
}

function isPresence(id: number, state: unknown): boolean {
  if (typeof state !== 'object' || state === null || !('kind' in state)) return false
  const { kind } = state
  return typeof kind === 'string' && (PRESENCE_IDS as Readonly<Record<string, number>>)[kind] === id
}
