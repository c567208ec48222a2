// A removal changes the network key: whoever leads the mesh ledger makes a new one, and each machine tells the members that it
// is connected with which one it has. No key is in a ledger, which every former member has a copy of.
//
// 1. A key is told only to members, and only by a machine whose ledger knows of the removal that it was made for: so never to
//    the machine that was removed.
// 2. A key becomes this machine's own once its ledger knows of that removal, and if who told it is a member still. Until then
//    it is tried beside the others: a machine that was away may need it to hear of the removal at all.
import { z } from 'zod'
import { SkeinError, type LedgerState, type PeerId } from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import type { Transport } from '../ports.ts'
import {
  compareKeys,
  isSameKey,
  KEY_BYTES,
  made,
  type NetworkKey,
  type NetworkKeys,
} from './network-key.ts'
import type { Switchboard } from './switchboard.ts'

export interface KeyRotation {
  readonly keys: NetworkKeys
  /** What may be told to another member; null: this machine lags behind its own key. */
  tellable(): NetworkKey | null
  /** A member said what its key is. */
  hear(from: PeerId, told: unknown): void
  /** Keeps this transport's keys; null: none. */
  use(transport: Pick<Transport, 'setNetworkKeys'> | null): void
  /** Accepted ones, the one to show first in front. */
  accepted(): readonly [Uint8Array, ...Uint8Array[]]
  /** Does what is due: once a second, and at every change of the mesh ledger. */
  look(): void
}

export interface KeyRotationOptions {
  readonly keys: NetworkKeys
  readonly board: Pick<Switchboard, 'ask' | 'answer' | 'isReady'>
  readonly self: PeerId
  /** Of the mesh ledger. */
  readonly state: () => Pick<LedgerState, 'members' | 'removedAt'>
  /** Does this machine lead the mesh ledger? */
  readonly leads: () => boolean
  readonly log: Log
}

const METHOD = 'network.key'
const ASK_MS = 5_000

/** How a key is told to a member, also in the answer to a question. */
export interface ToldKey {
  readonly networkKey?: Uint8Array
  readonly keyIndex?: number
}

const toldKey = z.looseObject({
  networkKey: z.instanceof(Uint8Array).refine(({ length }) => length === KEY_BYTES),
  keyIndex: z.int().min(0),
})

export function createKeyRotation(options: KeyRotationOptions): KeyRotation {
  return new RotatingKeys(options)
}

/** Nothing where it is null. */
export function tellKey(key: NetworkKey | null): ToldKey {
  return key === null ? {} : { networkKey: key.bytes, keyIndex: key.index }
}

class RotatingKeys implements KeyRotation {
  readonly #options: KeyRotationOptions
  /** Told by these, for removals that this machine does not know of yet. */
  readonly #pending = new Map<PeerId, NetworkKey>()
  /** The key that each connected member is known to have, or to know nothing of. */
  readonly #known = new Map<PeerId, NetworkKey>()
  readonly #asking = new Set<PeerId>()
  #transport: Pick<Transport, 'setNetworkKeys'> | null = null
  /** What the transport has. */
  #applied = ''

  constructor(options: KeyRotationOptions) {
    this.#options = options
    options.board.answer(METHOD, (from, body) => {
      this.hear(from, body)
      return Promise.resolve(tellKey(this.#isMember(from) ? this.tellable() : null))
    })
  }

  get keys(): NetworkKeys {
    return this.#options.keys
  }

  tellable(): NetworkKey | null {
    const present = this.keys.present()
    return present.index <= this.#options.state().removedAt ? present : null
  }

  accepted(): readonly [Uint8Array, ...Uint8Array[]] {
    const [, ...older] = this.keys.all()
    const others = [...this.#pending.values(), ...older]
    return [this.keys.present().bytes, ...others.map(({ bytes }) => bytes)]
  }

  use(transport: Pick<Transport, 'setNetworkKeys'> | null): void {
    this.#transport = transport
    this.#applied = ''
    this.#apply()
  }

  hear(from: PeerId, told: unknown): void {
    const parsed = toldKey.safeParse(told)
    if (!parsed.success) return
    const { networkKey: bytes, keyIndex: index } = parsed.data
    const key = { bytes: Uint8Array.from(bytes), index }
    this.#known.set(from, key)
    const pending = this.#pending.get(from)
    const had = [...this.keys.all(), ...(pending === undefined ? [] : [pending])]
    if (had.some((one) => isSameKey(one, key)) || !this.#isMember(from)) return
    this.#pending.set(from, key)
    this.look()
  }

  look(): void {
    this.#settlePending()
    this.keys.forgetOld()
    this.#makeDue()
    this.#apply()
    this.#tellOthers()
  }

  #settlePending(): void {
    const { removedAt } = this.#options.state()
    for (const [peer, key] of this.#pending) {
      const isKnown = key.index <= removedAt
      if (!isKnown && this.#isMember(peer)) continue
      this.#pending.delete(peer)
      if (isKnown && this.#isMember(peer) && this.keys.take(key)) this.#say(key, peer)
    }
  }

  #makeDue(): void {
    const { state, leads, self } = this.#options
    const { removedAt } = state()
    if (removedAt <= this.keys.present().index || !leads()) return
    const key = made(removedAt)
    if (this.keys.take(key)) this.#say(key, self)
  }

  #tellOthers(): void {
    const { state, self, board } = this.#options
    for (const peer of this.#known.keys()) if (!board.isReady(peer)) this.#known.delete(peer)
    const mine = this.tellable()
    if (mine === null) return
    for (const peer of state().members.keys()) {
      const known = this.#known.get(peer)
      if (peer === self || this.#asking.has(peer) || !board.isReady(peer)) continue
      if (known === undefined || compareKeys(known, mine) < 0) void this.#tell(peer, mine)
    }
  }

  /** Whoever has another one answers with it. One that cannot take this yet is told again. */
  async #tell(peer: PeerId, mine: NetworkKey): Promise<void> {
    this.#asking.add(peer)
    try {
      this.hear(peer, await this.#options.board.ask(peer, METHOD, tellKey(mine), ASK_MS))
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error
      // An older version knows nothing of keys, and lives on with the one that it has.
      if (error.code === 'NOT_FOUND') this.#known.set(peer, mine)
    } finally {
      this.#asking.delete(peer)
    }
  }

  #apply(): void {
    const [present, ...accepted] = this.accepted()
    const all = [present, ...accepted].map(hexOf).join()
    if (all === this.#applied) return
    this.#applied = all
    this.#transport?.setNetworkKeys(present, accepted)
  }

  #isMember(peer: PeerId): boolean {
    const { members } = this.#options.state()
    // Before its own copy has come, a machine hears whoever the transport lets through.
    return members.size === 0 || members.has(peer)
  }

  #say({ index }: NetworkKey, peer: PeerId): void {
    this.#options.log.info({ index, peer }, 'the network key has changed')
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
