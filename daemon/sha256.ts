// Node's own SHA-256.
import * as crypto from 'node:crypto'

/** As 64 hex digits. `hash` needs Node 20.12; it saves the object that `createHash` makes. */
export function sha256(data: string | Uint8Array): string {
  return crypto.hash('sha256', data, 'hex')
}
