// The key that the members of a mesh share on the wire, and the ones before it: made with the mesh, and anew after each
// removal, since whoever was removed knows the old one. `network.key` in the home holds them, the present one first.
//
// 1. Of two keys the one that was made for the later removal counts, and of two for the same removal the one with the greater
//    hash: machines that tell each other theirs end with the same one.
// 2. A key is on disk before it is used or told.
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { SkeinError } from '../../protocol/index.ts'
import { replaceFile } from '../home.ts'

export interface NetworkKey {
  /** 32 of them. */
  readonly bytes: Uint8Array
  /** Of the removal that it was made for, in the mesh ledger; 0: made with the mesh. */
  readonly index: number
}

/** One that is still accepted. */
interface OlderKey extends NetworkKey {
  /** By the wall clock: it has to outlive a restart. */
  readonly untilMs: number
}

export interface NetworkKeys {
  present(): NetworkKey
  /** Accepted ones, the present first. */
  all(): readonly NetworkKey[]
  /** Puts this one in the place of the present one if it counts more. @returns whether it did */
  take(key: NetworkKey): boolean
  /** Lets go of older ones whose time is over. @returns whether there were any */
  forgetOld(): boolean
}

/** Machines that sleep over a removal find the others with the key that they have. */
const OLDER_ACCEPTED_MS = 24 * 3_600_000
/** Each costs a caller without the present key one more handshake. */
const OLDER_MAX = 8

export const KEY_BYTES = 32

/** @param wall milliseconds since 1970 */
export function openNetworkKeys(home: string, wall: () => number): NetworkKeys {
  let keys = load(home)
  const keep = (next: typeof keys): void => {
    write(home, next)
    keys = next
  }
  return {
    present: () => keys.present,
    all: () => [keys.present, ...keys.older],
    take(key) {
      if (compareKeys(key, keys.present) <= 0) return false
      const before = { ...keys.present, untilMs: wall() + OLDER_ACCEPTED_MS }
      const older = keys.older.filter((one) => !isSameKey(one, key))
      keep({ present: key, older: [before, ...older].slice(0, OLDER_MAX) })
      return true
    },
    forgetOld() {
      const older = keys.older.filter(({ untilMs }) => untilMs > wall())
      if (older.length === keys.older.length) return false
      keep({ ...keys, older })
      return true
    },
  }
}

/** The key of the mesh that this machine goes into. */
export function writeNetworkKey(home: string, present: NetworkKey): void {
  write(home, { present, older: [] })
}

/** Positive when `a` counts more. */
export function compareKeys(a: NetworkKey, b: NetworkKey): number {
  return a.index - b.index || Buffer.compare(hashOf(a), hashOf(b))
}

export function isSameKey(a: NetworkKey, b: NetworkKey): boolean {
  return Buffer.compare(a.bytes, b.bytes) === 0
}

interface Kept {
  readonly present: NetworkKey
  readonly older: readonly OlderKey[]
}

function hashOf({ bytes }: NetworkKey): Buffer {
  return createHash('sha256').update(bytes).digest()
}

function fileIn(home: string): string {
  return path.join(home, 'network.key')
}

function load(home: string): Kept {
  const file = fileIn(home)
  if (!existsSync(file)) write(home, { present: made(0), older: [] })
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  const [present, ...older] = lines.map(readLine)
  if (present === undefined || [present, ...older].includes(null)) {
    throw new SkeinError('HOME_UNUSABLE', `${file} holds no network key.`, {
      hint: `Restore it from a backup, or copy the file of another member of this mesh.`,
    })
  }
  return { present: present ?? made(0), older: older.filter((key) => key !== null) }
}

export function made(index: number): NetworkKey {
  return { bytes: Uint8Array.from(randomBytes(KEY_BYTES)), index }
}

/** `KEY INDEX`, and of an older one the time until which it is accepted; the key alone is one that was made with the mesh. */
function readLine(line: string): OlderKey | null {
  const [, hex, index = '0', until = '1970-01-01'] =
    /^([0-9a-f]{64})(?: (\d{1,15}))?(?: (\S+))?$/.exec(line) ?? []
  const untilMs = Date.parse(until)
  if (hex === undefined || Number.isNaN(untilMs)) return null
  return { bytes: Uint8Array.from(Buffer.from(hex, 'hex')), index: Number(index), untilMs }
}

function write(home: string, { present, older }: Kept): void {
  const lines = [
    textOf(present),
    ...older.map((key) => `${textOf(key)} ${new Date(key.untilMs).toISOString()}`),
  ]
  replaceFile(fileIn(home), `${lines.join('\n')}\n`)
}

function textOf({ bytes, index }: NetworkKey): string {
  return `${Buffer.from(bytes).toString('hex')} ${String(index)}`
}
