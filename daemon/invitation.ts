// The text of an invitation, and the one-time key in it. The text is `skein1` and base64url without padding of:
//   u8 role | u48 expires at | 32 bytes peer | 32 network key | 32 secret | texts: id, mesh, machine, addresses | 4 checksum
// A text is a u8 of length and so many bytes of ASCII; numbers are big endian; the checksum is the start of the SHA-256 of
// all before it. It finds typos; whether the invitation is a true one, the mesh says when it is redeemed.
import { createHash, createPrivateKey, randomBytes, sign, type KeyObject } from 'node:crypto'
import { inspect } from 'node:util'
import { SkeinError, asInvitationId, assert, INVITATION_PREFIX } from '../protocol/index.ts'
import type { InvitationId, PeerId } from '../protocol/index.ts'
import { peerIdOf, publicKeyOf, rawPublicKey } from './machine-key.ts'

export interface Invitation {
  readonly mesh: string
  readonly id: InvitationId
  /** Who invites, and may be dialled at the addresses. */
  readonly peer: PeerId
  readonly machine: string
  /** Without the peer's id at their ends: it is said once. */
  readonly addresses: readonly string[]
  /** 32 bytes: the key of the mesh's private network. */
  readonly networkKey: Uint8Array
  /** 32 bytes: the seed of the one-time key. */
  readonly secret: Uint8Array
  readonly role: 'voter' | 'learner'
  readonly expiresAtMs: number
}

/** One line, below 500 characters with two addresses of usual length. */
export function encodeInvitation(invitation: Invitation): string {
  const wrong = findWrong(invitation)
  assert(wrong === null, `an invitation with a bad ${wrong ?? ''}`)
  const { id, mesh, machine, addresses, networkKey, secret } = invitation
  const head = Buffer.alloc(1 + TIME_BYTES)
  head.writeUInt8(ROLES.indexOf(invitation.role))
  head.writeUIntBE(invitation.expiresAtMs, 1, TIME_BYTES)
  const keys = [publicKeyOf(invitation.peer) ?? Buffer.alloc(0), networkKey, secret]
  const texts = [id, mesh, machine, ...addresses].map(encodeText)
  const body = Buffer.concat([head, ...keys, ...texts])
  return INVITATION_PREFIX + Buffer.concat([body, checksumOf(body)]).toString('base64url')
}

/**
 * Spaces and line ends around the text pass. The result shows its secrets to nobody who prints it.
 * @throws SkeinError INVITATION_BAD for everything that `encodeInvitation` did not make; it does not say the text.
 */
export function decodeInvitation(text: string): Invitation {
  if (text.length > TEXT_CHARACTERS_MAX) throw bad('It is too long.')
  const plain = text.trim()
  if (!plain.startsWith(INVITATION_PREFIX))
    throw bad(`It does not begin with ${INVITATION_PREFIX}.`)
  const packed = plain.slice(INVITATION_PREFIX.length)
  const bytes = Buffer.from(packed, 'base64url')
  // Node passes over what is no base64url, and over bits that stand for nothing.
  const isWhole = bytes.toString('base64url') === packed && bytes.length > CHECKSUM_BYTES
  const body = bytes.subarray(0, -CHECKSUM_BYTES)
  if (!isWhole || !checksumOf(body).equals(bytes.subarray(-CHECKSUM_BYTES))) {
    throw bad('A character is missing or wrong.')
  }
  const invitation = decodeBody(body)
  if (invitation === null) throw bad('It was not made by this version of skein.')
  return hideSecrets(invitation)
}

/** A key for one invitation: the mesh keeps its public half, written as a peer id, and the invitation has the seed. */
export function createInvitationKey(): { readonly seed: Uint8Array; readonly key: PeerId } {
  const seed = new Uint8Array(randomBytes(KEY_BYTES))
  return { seed, key: peerIdOf(rawPublicKey(privateKeyOf(seed))) }
}

/** Base64, for `verifySignature` with the key of the seed. */
export function signJoin(seed: Uint8Array, bytes: Uint8Array): string {
  return sign(null, bytes, privateKeyOf(seed)).toString('base64')
}

const ROLES = ['voter', 'learner'] as const
const KEY_BYTES = 32
const TIME_BYTES = 6
const CHECKSUM_BYTES = 4
const KEYS_AT = 1 + TIME_BYTES
const TEXTS_AT = KEYS_AT + 3 * KEY_BYTES
/** What is pasted by mistake is not looked at; the longest invitation has some 2,900 characters. */
const TEXT_CHARACTERS_MAX = 4_096
/** A machine's own addresses; more of them are dialled in vain. */
const ADDRESSES_MAX = 8
const ID = /^inv_[0-9A-HJKMNP-TV-Z]{26}$/
const NAME = /^[!-~]{1,200}$/
/** RFC 8410: the DER of an Ed25519 private key up to its seed. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The name of the first member that is not what it must be. Both ends ask: nothing is written that could not be read. */
function findWrong(invitation: Invitation): string | null {
  const { id, mesh, machine, addresses, networkKey, secret, expiresAtMs } = invitation
  const isTime = Number.isSafeInteger(expiresAtMs) && expiresAtMs >= 0
  if (!isTime || expiresAtMs >= 2 ** (8 * TIME_BYTES)) return 'expiresAtMs'
  if (!ROLES.includes(invitation.role)) return 'role'
  if (publicKeyOf(invitation.peer) === null) return 'peer'
  if (networkKey.length !== KEY_BYTES) return 'networkKey'
  if (secret.length !== KEY_BYTES) return 'secret'
  if (!ID.test(id)) return 'id'
  if (!NAME.test(mesh)) return 'mesh'
  if (!NAME.test(machine)) return 'machine'
  const areAddresses = addresses.every((address) => NAME.test(address))
  return areAddresses && addresses.length <= ADDRESSES_MAX ? null : 'addresses'
}

function decodeBody(body: Buffer): Invitation | null {
  const role = ROLES[body[0] ?? ROLES.length]
  const texts = decodeTexts(body.subarray(TEXTS_AT))
  if (body.length < TEXTS_AT || role === undefined || texts === null) return null
  const [id = '', mesh = '', machine = '', ...addresses] = texts
  const keyAt = (place: number): Uint8Array => {
    const start = KEYS_AT + place * KEY_BYTES
    return new Uint8Array(body.subarray(start, start + KEY_BYTES))
  }
  const invitation: Invitation = {
    mesh,
    id: asInvitationId(id),
    peer: peerIdOf(keyAt(0)),
    machine,
    addresses,
    networkKey: keyAt(1),
    secret: keyAt(2),
    role,
    expiresAtMs: body.readUIntBE(1, TIME_BYTES),
  }
  return findWrong(invitation) === null ? invitation : null
}

function encodeText(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')])
}

/** Null when the last one is cut. */
function decodeTexts(bytes: Buffer): readonly string[] | null {
  const texts: string[] = []
  let at = 0
  while (at < bytes.length) {
    const end = at + 1 + (bytes[at] ?? 0)
    if (end > bytes.length) return null
    texts.push(bytes.toString('latin1', at + 1, end))
    at = end
  }
  return texts
}

function checksumOf(body: Uint8Array): Buffer {
  return createHash('sha256')
    .update(INVITATION_PREFIX)
    .update(body)
    .digest()
    .subarray(0, CHECKSUM_BYTES)
}

/** Logs, errors and tests print objects whole: what they ask for is the invitation without its secrets. */
function hideSecrets(invitation: Invitation): Invitation {
  const shown = { ...invitation, networkKey: '[secret]', secret: '[secret]' }
  const show = { value: () => shown, enumerable: false }
  return Object.defineProperties(invitation, { toJSON: show, [inspect.custom]: show })
}

function bad(why: string): SkeinError {
  return new SkeinError('INVITATION_BAD', `This is no invitation. ${why}`)
}

function privateKeyOf(seed: Uint8Array): KeyObject {
  assert(seed.length === KEY_BYTES, 'a seed of another length')
  const key = Buffer.concat([PKCS8_PREFIX, seed])
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}
