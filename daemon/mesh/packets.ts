// The bytes of what machines say to each other: MessagePack of one packet a message. Decoding bounds, checks and types it;
// nothing else in the daemon reads a peer's bytes.
import { decode, encode } from '@msgpack/msgpack'
import { z } from 'zod'
import { parseRequestId, type PeerId } from '../../protocol/index.ts'
import type { Command } from '../core/claims/command.ts'
import type { PeerMessage } from '../core/messages.ts'
import { peerMessage } from './message-schemas.ts'

export type Packet =
  | Hello
  /** Of one ledger, by `ledgerKey`. */
  | { readonly kind: 'ledger'; readonly ledger: string; readonly message: PeerMessage }
  | { readonly kind: 'ask'; readonly id: number; readonly method: string; readonly body: unknown }
  | {
      readonly kind: 'answer'
      readonly id: number
      readonly body: unknown
      readonly error: { readonly code: string; readonly message: string } | null
    }

/** The first packet of every link, each way. */
export interface Hello {
  readonly kind: 'hello'
  /** The versions of this protocol that its sender speaks. */
  readonly speaks: { readonly min: number; readonly max: number }
  readonly mesh: string
  readonly machine: string
  /** Of skein, for people. */
  readonly version: string
  readonly ledgerVersion: number
  /** It has no battery. */
  readonly alwaysOn?: boolean | undefined
}

/** What this program speaks. */
export const WIRE_VERSION = { min: 1, max: 1 } as const

const BYTES_MAX = 64 * 1_048_576
const LIMITS_OF_DECODING = {
  maxStrLength: 1_048_576,
  maxBinLength: BYTES_MAX,
  maxArrayLength: 200_000,
  maxMapLength: 200_000,
  maxExtLength: 0,
}

const small = z.string().max(256)
const packet = z.discriminatedUnion('kind', [
  z.looseObject({
    kind: z.literal('hello'),
    speaks: z.looseObject({ min: z.int(), max: z.int() }),
    mesh: small,
    machine: small,
    version: small,
    ledgerVersion: z.int(),
    alwaysOn: z.boolean().optional(),
  }),
  z.looseObject({ kind: z.literal('ledger'), ledger: z.string().max(512), message: peerMessage }),
  z.looseObject({ kind: z.literal('ask'), id: z.int(), method: small, body: z.unknown() }),
  z.looseObject({
    kind: z.literal('answer'),
    id: z.int(),
    body: z.unknown(),
    error: z.looseObject({ code: small, message: z.string().max(2_048) }).nullable(),
  }),
])

export function encodePacket(value: Packet): Uint8Array {
  return encode(value, { ignoreUndefined: true })
}

/** Bytes of a question or an answer between machines that share no mesh yet. */
export function encodeValue(value: unknown): Uint8Array {
  return encode(value, { ignoreUndefined: true })
}

/** @throws for bytes that are none. */
export function decodeValue(bytes: Uint8Array): unknown {
  return decode(bytes, LIMITS_OF_DECODING)
}

/** What a member may say; null, with the reason, for anything else. */
export function decodePacket(
  bytes: Uint8Array,
  from: PeerId,
): { readonly packet: Packet } | { readonly problem: string } {
  let value: unknown
  try {
    value = decodeValue(bytes)
  } catch {
    return { problem: 'no MessagePack' }
  }
  const parsed = packet.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return { problem: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`.slice(0, 200) }
  }
  // The schemas check every field that the types name; brands are what they stand for.
  const found = parsed.data as unknown as Packet
  if (found.kind === 'ledger' && !speaksForItself(found.message, from))
    return { problem: 'speaks for another machine' }
  return { packet: found }
}

/** A machine sends the requests of its own callers, and their names are on them. */
function speaksForItself(message: PeerMessage, from: PeerId): boolean {
  if (message.kind !== 'request') return true
  const { rid, command } = message.request
  return parseRequestId(rid).peer === from && ownerOf(command, from) === from
}

function ownerOf(command: Command, from: PeerId): PeerId {
  if ('party' in command) return command.party.peer
  const isOwn = command.kind === 'member' || command.kind === 'enrol' || command.kind === 'settle'
  return isOwn ? command.peer : from
}
