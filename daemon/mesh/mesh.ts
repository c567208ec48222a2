// The mesh as this machine lives in it: its ledger, the links to the others, and what follows from both for each ledger: who
// may vote in it and who has a copy. The port opens with the first invitation, or with the first other member.
import {
  LEDGER_VERSION,
  SkeinError,
  type LedgerState,
  type MemberState,
  type PeerId,
  type RepoId,
} from '../../protocol/index.ts'
import { isDetached } from '../core/attachment.ts'
import type { LedgerHost } from '../ledger-host.ts'
import type { Log } from '../log.ts'
import type { Transport, TransportEvents } from '../ports.ts'
import { submit } from '../submit.ts'
import { wasLetIn, watchBelonging, whomToAsk } from './belonging.ts'
import type { Listened, Listening } from './listening.ts'
import { membersOf } from './members.ts'
import type { KeyRotation } from './key-rotation.ts'
import type { Switchboard } from './switchboard.ts'
import type { Ways } from './ways.ts'

export interface Mesh {
  readonly id: string
  readonly host: LedgerHost
  readonly board: Switchboard
  readonly self: PeerId
  state(): LedgerState
  member(peer: PeerId): MemberState | undefined
  /** Told after every change of the mesh ledger; returns what ends that. */
  onChange(listener: () => void): () => void
  /** Keeps a ledger told who may vote in it and who has a copy; null: the mesh ledger itself. */
  guide(host: LedgerHost, repo: RepoId | null): () => void
  /** Opens the port, at these addresses too; idempotent. @returns where others can dial this machine, and what of it is not its own. */
  open(addresses: readonly string[]): Promise<Listened>
  isOpen(): boolean
  /** Until this machine is no member any more, by its own wish: the answer may be cut off with everything else. */
  removedBy(leaving: Promise<unknown>): Promise<void>
  readonly keyRotation: KeyRotation
  /** Something of the mesh ledger changed. */
  changed(): void
  start(): Promise<void>
  stop(): Promise<void>
}

/** @param networkKeys the one to show first */
export type CreateTransport = (
  networkKeys: readonly [Uint8Array, ...Uint8Array[]],
  events: TransportEvents,
) => Promise<Transport>

export interface MeshOptions {
  readonly id: string
  readonly host: LedgerHost
  readonly board: Switchboard
  readonly self: PeerId
  readonly name: string
  readonly keyRotation: KeyRotation
  readonly listening: Listening
  readonly ways: Ways
  /** Answers whoever is no member. */
  readonly answer: (mesh: Mesh) => TransportEvents['onQuestion']
  readonly createTransport: CreateTransport
  readonly log: Log
  /** This machine is no member any more. */
  readonly onRemoved: () => void
}

/** What this machine says of itself is said again until the ledger has it. */
const ANNOUNCE_MS = 2_000
/** Between two tries to listen on an address that is not there. */
const LISTEN_MS = 30_000
/** Who connected since, and whose key is too old by now. */
const ROTATION_LOOK_MS = 1_000

export function createMesh(options: MeshOptions): Mesh {
  return new RunningMesh(options)
}

class RunningMesh implements Mesh {
  readonly #options: MeshOptions
  readonly #listeners = new Set<() => void>()
  #transport: Transport | null = null
  #opening: Promise<Transport> | null = null
  #announcing: NodeJS.Timeout | null = null
  #rotating: NodeJS.Timeout | null = null
  /** Addresses that could not be listened on. */
  #missing: readonly string[] = []
  #listening: NodeJS.Timeout | null = null
  #isStopped = false
  #wasMember = false
  #isStarted = false
  #onOwnWish: (() => void) | null = null
  #endBelonging: () => void = () => undefined

  constructor(options: MeshOptions) {
    this.#options = options
  }

  get id(): string {
    return this.#options.id
  }
  get host(): LedgerHost {
    return this.#options.host
  }
  get board(): Switchboard {
    return this.#options.board
  }
  get self(): PeerId {
    return this.#options.self
  }
  get keyRotation(): KeyRotation {
    return this.#options.keyRotation
  }

  state(): LedgerState {
    return this.host.loop.view().state
  }

  member(peer: PeerId): MemberState | undefined {
    return this.state().members.get(peer)
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  guide(host: LedgerHost, repo: RepoId | null): () => void {
    let last = ''
    const tell = (): void => {
      const members = membersOf(this.state(), repo)
      const now = JSON.stringify(members)
      if (now === last) return
      last = now
      const copies = members.copies.filter((peer) => peer !== this.self)
      host.loop.setMembers({ ...members, copies, isCopy: members.copies.includes(this.self) })
    }
    tell()
    return this.onChange(tell)
  }

  isOpen(): boolean {
    return this.#transport !== null
  }

  async start(): Promise<void> {
    this.onChange(() => {
      this.#follow()
      this.keyRotation.look()
    })
    this.#rotating = setInterval(() => {
      this.keyRotation.look()
    }, ROTATION_LOOK_MS).unref()
    this.guide(this.host, null)
    this.#follow()
    this.#endBelonging = this.#watchBelonging()
    const { members, invitations } = this.state()
    if (members.size > 1 || invitations.size > 0 || !this.#decidesAlone()) await this.open([])
    else this.#announce()
    this.#isStarted = true
    // Nothing is ended before whoever starts it has it.
    setImmediate(this.#follow.bind(this))
  }

  async open(addresses: readonly string[]): Promise<Listened> {
    const { listening } = this.#options
    const fresh = listening.add(addresses)
    if (fresh.length > 0 && this.#transport !== null)
      this.#opening = this.#close().then(() => this.#listen())
    try {
      const transport = await (this.#opening ??= this.#listen())
      this.#announce()
      const told = listening.announced(transport.addresses())
      return { addresses: told, missing: this.#missing.filter((one) => told.includes(one)) }
    } catch (error) {
      // The others go on finding this machine where it was.
      listening.remove(fresh)
      if (fresh.length > 0) await (this.#opening ??= this.#listen())
      throw error
    }
  }

  async removedBy(leaving: Promise<unknown>): Promise<void> {
    const removed = Promise.withResolvers<undefined>()
    this.#onOwnWish = () => {
      removed.resolve(undefined)
    }
    try {
      await Promise.race([leaving, removed.promise])
    } catch (error) {
      this.#onOwnWish = null
      throw error
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#endBelonging()
    if (this.#rotating !== null) clearInterval(this.#rotating)
    if (this.#announcing !== null) clearTimeout(this.#announcing)
    await this.#close()
  }

  changed(): void {
    for (const listener of this.#listeners) listener()
  }

  async #close(): Promise<void> {
    if (this.#listening !== null) clearTimeout(this.#listening)
    const transport = this.#transport
    this.#transport = null
    this.#opening = null
    this.board.use(null)
    this.keyRotation.use(null)
    await transport?.close()
  }

  async #listen(): Promise<Transport> {
    const { keyRotation, createTransport, answer } = this.#options
    const events = { ...this.board.events, onQuestion: answer(this) }
    let transport: Transport | null = null
    try {
      transport = await createTransport(keyRotation.accepted(), events)
      this.#noteListened(await this.#options.listening.listen(transport), transport)
    } catch (error) {
      await transport?.close()
      this.#opening = null
      throw error
    }
    this.#transport = transport
    this.board.use(transport)
    this.keyRotation.use(transport)
    this.#follow()
    return transport
  }

  /** Interfaces come up after a daemon does; and whoever cannot be dialled dials. */
  #noteListened({ addresses, missing }: Listened, transport: Transport): void {
    const { log, listening } = this.#options
    const isNews = this.#transport !== transport || missing.length < this.#missing.length
    if (isNews) log.info({ addresses, missing }, 'the mesh port is open')
    this.#missing = missing
    if (missing.length === 0) return
    this.#listening = setTimeout(() => {
      listening.again(transport, missing).then(
        (listened) => {
          if (this.#transport !== transport) return
          this.#noteListened(listened, transport)
          this.#announce()
        },
        (error: unknown) => {
          log.warn({ error: String(error) }, 'an address of this machine cannot be listened on')
        },
      )
    }, LISTEN_MS).unref()
  }

  /** Who is a member now is let in and sought. */
  #follow(): void {
    const { members, removed } = this.state()
    if (members.has(this.self)) this.#wasMember = true
    else if (this.#isStarted && this.#knowsOfItself() && removed.includes(this.self))
      this.#noteRemoved()
    const others = this.#others()
    const known = others.length > 0 || members.size > 0 ? others : this.#options.listening.known()
    this.#transport?.setPeers(known.map(this.#options.ways))
    if (others.length > 0) this.#options.listening.remember(others)
    if (others.length > 0 && this.#transport === null && !this.#isStopped)
      void this.open([]).catch((error: unknown) => {
        const message = error instanceof Error ? error.message : String(error)
        this.#options.log.error({ error: message }, 'the mesh port could not be opened')
      })
  }

  #knowsOfItself(): boolean {
    return this.#wasMember || wasLetIn(this, this.#options.listening)
  }

  #others(): readonly MemberState[] {
    return [...this.state().members.values()].filter(({ peer }) => peer !== this.self)
  }

  #noteRemoved(): void {
    if (this.#onOwnWish === null) this.#options.onRemoved()
    else this.#onOwnWish()
  }

  #watchBelonging(): () => void {
    return watchBelonging({
      mesh: this.id,
      lost: () => whomToAsk(this, this.#wasMember, this.#options),
      isAlone: () => !this.#others().some(({ peer }) => this.board.isReady(peer)),
      index: () => Math.max(this.state().applied.index, this.#options.listening.joinedAt()),
      ask: (target, question, signal) =>
        this.#transport?.ask(target, question, signal) ?? Promise.reject(new Error('not open')),
      onRemoved: () => {
        this.#noteRemoved()
      },
      onTold: (from, told) => {
        this.keyRotation.hear(from, told)
      },
    })
  }

  /** Enters this machine's name and addresses into the mesh ledger, now or when it can. */
  #announce(): void {
    if (this.#announcing !== null) clearTimeout(this.#announcing)
    this.#announcing = null
    const { name: machine, self: peer, log, listening } = this.#options
    const known = this.member(peer)
    const transport = this.#transport
    const addresses =
      transport === null ? (known?.addresses ?? []) : listening.announced(transport.addresses())
    const isSaid =
      known?.machine === machine &&
      known.version === LEDGER_VERSION &&
      known.addresses.join() === addresses.join()
    if (isSaid || this.#isStopped) return
    const again = (): void => {
      if (!this.#isStopped)
        this.#announcing = setTimeout(() => {
          this.#announce()
        }, ANNOUNCE_MS).unref()
    }
    const isStranger = known === undefined && !this.#decidesAlone()
    if (isStranger || isDetached(this.host.loop.engine())) {
      again()
      return
    }
    submit(this.host, { kind: 'member', peer, machine, addresses, version: LEDGER_VERSION }).catch(
      (error: unknown) => {
        if (!(error instanceof SkeinError)) throw error
        log.warn(
          { code: error.code, error: error.message },
          'could not say yet where this machine is',
        )
        again()
      },
    )
  }

  #decidesAlone(): boolean {
    const { voters } = this.state()
    return voters.length === 1 && voters[0] === this.self
  }
}
