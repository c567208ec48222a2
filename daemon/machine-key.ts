// The machine's identity: one ed25519 key for the life of the home, the libp2p peer id that follows from it, and the
// machine's name. A key is made once and never overwritten: another key is another member.
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { LIMITS, SkeinError, asPeerId, type PeerId } from '../protocol/index.ts'
import { codeOf, createFile } from './home.ts'

export interface MachineKey {
  readonly peer: PeerId
  /** The 32 bytes of the secret, which libp2p wants with the public key behind them. */
  readonly seed: () => Uint8Array
  sign(bytes: Uint8Array): Uint8Array
}

/**
 * Reads `identity.key` of the home, or makes it.
 * @throws SkeinError HOME_UNUSABLE when the file holds no ed25519 key; it is left as it is.
 */
export function openMachineKey(home: string): MachineKey {
  const file = path.join(home, 'identity.key')
  const key = parseKey(file, readKey(file) ?? createKey(file))
  return {
    peer: peerIdOf(rawPublicKey(key)),
    seed: () => key.export({ format: 'der', type: 'pkcs8' }).subarray(-KEY_BYTES),
    sign: (bytes) => sign(null, bytes, key),
  }
}

/** Did the machine of this peer id sign these bytes? False too for what is no peer id or no signature. */
export function verifySignature(peer: PeerId, bytes: Uint8Array, signature: Uint8Array): boolean {
  const raw = publicKeyOf(peer)
  if (raw === null || signature.length !== SIGNATURE_BYTES) return false
  const key = createPublicKey({
    key: Buffer.concat([SPKI_PREFIX, raw]),
    format: 'der',
    type: 'spki',
  })
  return verify(null, bytes, key, signature)
}

/**
 * The peer id of an ed25519 key: base58btc of the identity multihash of libp2p's public-key message.
 * https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md
 */
export function peerIdOf(publicKey: Uint8Array): PeerId {
  return asPeerId(encodeBase58(Buffer.concat([PEER_ID_PREFIX, publicKey])))
}

/** The 32 bytes of the public key inside a peer id; null when it holds none. */
export function publicKeyOf(peer: PeerId): Uint8Array | null {
  const bytes = decodeBase58(peer)
  const hasKey =
    bytes?.length === PEER_ID_PREFIX.length + KEY_BYTES &&
    PEER_ID_PREFIX.equals(bytes.subarray(0, PEER_ID_PREFIX.length))
  return hasKey ? bytes.subarray(PEER_ID_PREFIX.length) : null
}

/**
 * The name of a machine that nobody named: `<hostname>-<last 4 of the peer id>`, fixed at first start in the file `machine`,
 * so that a laptop that is another host in every network stays one machine.
 */
export function defaultMachineName(home: string, peer: PeerId, host = os.hostname()): string {
  const file = path.join(home, 'machine')
  const plain = host.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '')
  const kept = plain.slice(0, LIMITS.nameCharactersMax - 5)
  createFile(file, `${kept === '' ? 'machine' : kept}-${peer.slice(-4)}\n`)
  const name = readFileSync(file, 'utf8').trim()
  if (name !== '' && name.length <= LIMITS.nameCharactersMax) return name
  const hint = `rm ${file}, or set \`machine:\` in config.yml.`
  throw new SkeinError('HOME_UNUSABLE', `${file} holds no machine name.`, { hint })
}

const KEY_BYTES = 32
const SIGNATURE_BYTES = 64
/** Identity multihash (0x00) of 36 bytes; protobuf: field 1 = 1 (Ed25519), field 2 = 32 bytes. */
const PEER_ID_PREFIX = Buffer.from([0x00, 36, 0x08, 0x01, 0x12, KEY_BYTES])
/** RFC 8410: the DER of an Ed25519 SubjectPublicKeyInfo up to its key bytes. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

function readKey(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw new SkeinError('HOME_UNUSABLE', `${file} cannot be read.`, { cause: error })
  }
}

function createKey(file: string): string {
  const { privateKey } = generateKeyPairSync('ed25519')
  createFile(file, privateKey.export({ format: 'pem', type: 'pkcs8' }).toString())
  // Not the key made here: of two processes that start together the first one's counts.
  return readFileSync(file, 'utf8')
}

function parseKey(file: string, pem: string): KeyObject {
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch (cause) {
    throw damaged(file, cause)
  }
  if (key.asymmetricKeyType !== 'ed25519') throw damaged(file)
  return key
}

function damaged(file: string, cause?: unknown): SkeinError {
  return new SkeinError('HOME_UNUSABLE', `${file} holds no ed25519 key in PEM.`, {
    cause,
    hint: `Restore it from a backup. Without it this machine is a new member: mv ${file} ${file}.damaged`,
    data: { file },
  })
}

/** The 32 bytes that belong to a private key. */
export function rawPublicKey(key: KeyObject): Uint8Array {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES)
}

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
/** Decoding is quadratic; a peer id has 52 characters. */
const BASE58_CHARACTERS_MAX = 64

function encodeBase58(bytes: Uint8Array): string {
  const zeros = leadingCount(bytes, (byte) => byte === 0)
  const hex = Buffer.from(bytes).toString('hex')
  let rest = hex === '' ? 0n : BigInt(`0x${hex}`)
  let text = ''
  for (; rest > 0n; rest /= 58n) text = BASE58.charAt(Number(rest % 58n)) + text
  return '1'.repeat(zeros) + text
}

function decodeBase58(text: string): Buffer | null {
  if (text.length > BASE58_CHARACTERS_MAX) return null
  const digits = text.split('').map((character) => BASE58.indexOf(character))
  if (digits.includes(-1)) return null
  const zeros = leadingCount(digits, (digit) => digit === 0)
  const number = digits.reduce((sum, digit) => sum * 58n + BigInt(digit), 0n)
  const hex = number === 0n ? '' : number.toString(16)
  const tail = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return Buffer.concat([Buffer.alloc(zeros), tail])
}

function leadingCount(values: ArrayLike<number>, matches: (value: number) => boolean): number {
  let count = 0
  while (count < values.length && matches(values[count] ?? NaN)) count++
  return count
}
