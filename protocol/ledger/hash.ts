// The one hash of the ledger. In JavaScript by default, so that a browser folds too; a host that has a native one says so.
import { sha256 as portable } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { assert } from '../assert.ts'

/** SHA-256 as 64 hex digits. */
export type Sha256 = (bytes: Uint8Array) => string

let digest: Sha256 = (bytes) => bytesToHex(portable(bytes))

/** For the whole process: this one from now on. It must say the same. */
export function useSha256(faster: Sha256): void {
  const sample = new TextEncoder().encode('skein')
  assert(faster(sample) === bytesToHex(portable(sample)), 'a SHA-256 that is none')
  digest = faster
}

/** SHA-256 as 64 hex digits. */
export function sha256(bytes: Uint8Array): string {
  return digest(bytes)
}
