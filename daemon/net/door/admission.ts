// The first bytes on a connection, before anything of libp2p is spoken: proof that the caller knows a key of this mesh.
// Whoever has none is cut off after 32 bytes, at the price of a hash; so a port scan, a crawler or a lost neighbour cost
// nothing. It proves no identity and hides nothing, which is Noise's part, and does not make a member: the gater does.
//
//   16 random bytes, then the first 16 of HMAC-SHA256(key, random bytes)
//
// The caller chooses one key and the called one accepts several, so a new key of the mesh and the one before it live side
// by side. One more is accepted always, made of the called machine's own peer id: with it a machine that is no member yet,
// and has no key, asks its question (join.ts), and nothing else is allowed to it.
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type {
  AbortOptions,
  ConnectionProtector,
  MessageStream,
  MultiaddrConnection,
} from '@libp2p/interface'
import { byteStream } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { PeerId } from '../../../protocol/index.ts'

/** What a connection is for: everything among members, or one question. */
export type Purpose = 'mesh' | 'question'

/** Why a caller was refused. */
export type Refusal = 'Keys' | 'Strangers' | 'Punished'

export interface Admission {
  /** Sits where libp2p has its pre-shared keys. */
  readonly protector: ConnectionProtector
  /** How the dial of this very address object introduces itself; one without an introduction fails. */
  introduce(address: Multiaddr, key: Uint8Array, purpose: Purpose): void
  /** What a connection was admitted for; null for one that was not. Connections are known by their timeline. */
  readonly purposeOf: (connection: { readonly timeline: object }) => Purpose | null
}

export interface AdmissionOptions {
  readonly self: PeerId
  /** Each is accepted. */
  readonly keys: () => readonly Uint8Array[]
  /** For the proof to come: nobody honest needs longer than a round trip. */
  readonly proofMs: number
  /** A stranger knocks, and is let in only so far as the answer says. */
  readonly admitStranger: (connection: MessageStream) => boolean
  readonly onRefused: (why: Refusal) => void
}

const RANDOM_BYTES = 16
const PROOF_BYTES = 32

export function createAdmission(options: AdmissionOptions): Admission {
  // By the connection's timeline, the one object that libp2p's two views of a connection share. What is not found here is
  // allowed nothing.
  const purposes = new WeakMap<object, Purpose>()
  const introductions = new WeakMap<
    Multiaddr,
    { readonly key: Uint8Array; readonly purpose: Purpose }
  >()

  const call = async (connection: MultiaddrConnection, { signal }: AbortOptions): Promise<void> => {
    const to = introductions.get(connection.remoteAddr)
    if (to === undefined) throw new Error('a dial without an introduction')
    purposes.set(connection.timeline, to.purpose)
    const bytes = byteStream(connection)
    await bytes.write(proofOf(to.key, randomBytes(RANDOM_BYTES)), { ...(signal && { signal }) })
    bytes.unwrap()
  }

  const answer = async (connection: MessageStream, { signal }: AbortOptions): Promise<void> => {
    const proof = await readProof(connection, options.proofMs, signal)
    const purpose = proof === null ? null : purposeOf(proof, options)
    if (purpose === null) {
      options.onRefused('Keys')
      throw new Error('no proof of a key of this mesh')
    }
    if (purpose === 'question' && !options.admitStranger(connection)) {
      options.onRefused('Strangers')
      throw new Error('too many strangers')
    }
    purposes.set(connection.timeline, purpose)
  }

  return {
    protector: {
      async protect(connection, given = {}) {
        if (connection.direction === 'inbound') await answer(connection, given)
        else if (isConnection(connection)) await call(connection, given)
        else throw new Error('no connection')
        joinPieces(connection)
        return connection
      },
    },
    introduce: (address, key, purpose) => introductions.set(address, { key, purpose }),
    purposeOf: ({ timeline }) => purposes.get(timeline) ?? null,
  }
}

/** The key of those that have none: whoever knows the id of the machine that it asks. */
export function questionKey(asked: PeerId): Uint8Array {
  return createHash('sha256').update('skein question ').update(asked).digest()
}

/** @param random 16 bytes, never used twice. */
export function proofOf(key: Uint8Array, random: Uint8Array): Uint8Array {
  const mac = createHmac('sha256', key).update(random).digest()
  return Buffer.concat([random, mac.subarray(0, PROOF_BYTES - RANDOM_BYTES)])
}

/** @returns null when it does not come. */
async function readProof(
  connection: MessageStream,
  withinMs: number,
  signal?: AbortSignal,
): Promise<Uint8Array | null> {
  const bytes = byteStream(connection)
  const deadline = AbortSignal.timeout(withinMs)
  const until = signal === undefined ? deadline : AbortSignal.any([signal, deadline])
  try {
    return (await bytes.read({ bytes: PROOF_BYTES, signal: until })).subarray()
  } catch {
    return null
  } finally {
    bytes.unwrap()
  }
}

function purposeOf(proof: Uint8Array, { self, keys }: AdmissionOptions): Purpose | null {
  const fits = (key: Uint8Array): boolean =>
    timingSafeEqual(proof, proofOf(key, proof.subarray(0, RANDOM_BYTES)))
  if (keys().some(fits)) return 'mesh'
  return fits(questionKey(self)) ? 'question' : null
}

/** A packet of Noise is two pieces, of which the first has two bytes: they leave in one write, and wake the other side once. */
function joinPieces(connection: MessageStream): void {
  const send = connection.send.bind(connection)
  connection.send = (data) => send(data instanceof Uint8Array ? data : data.subarray())
}

function isConnection(stream: MessageStream): stream is MultiaddrConnection {
  return 'remoteAddr' in stream
}
