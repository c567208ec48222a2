// Random bytes from a pool: one request to the system for some hundred of ours.
import { randomBytes } from 'node:crypto'

const POOL_BYTES = 4_096

export function createRandom(): (bytes: number) => Uint8Array {
  let pool = Buffer.alloc(0)
  return (bytes) => {
    if (pool.length < bytes) pool = randomBytes(Math.max(bytes, POOL_BYTES))
    const taken = Uint8Array.from(pool.subarray(0, bytes))
    pool = pool.subarray(bytes)
    return taken
  }
}
