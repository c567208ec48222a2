// The log of a process: what it says, up to a bound; of what comes after only the end is kept, for that is where results stand. A full
// disk costs the log and not the worker.
import { closeSync, openSync, writeSync } from 'node:fs'

export interface BoundedLog {
  write(chunk: Buffer): void
  /** Writes what was kept of the end, with a word on what lies between. */
  close(): void
}

const TAIL_BYTES = 256 * 1024

export function openBoundedLog(file: string, bytesMax: number): BoundedLog {
  const handle = openSync(file, 'a', 0o600)
  let written = 0
  let dropped = 0
  let tail: Buffer[] = []
  let tailBytes = 0

  function put(chunk: Buffer): void {
    try {
      writeSync(handle, chunk)
      written += chunk.length
    } catch {
      dropped += chunk.length
    }
  }

  function keep(chunk: Buffer): void {
    tail.push(chunk)
    tailBytes += chunk.length
    for (let first = tail[0]; first !== undefined && tailBytes - first.length >= TAIL_BYTES;) {
      tail.shift()
      tailBytes -= first.length
      dropped += first.length
      first = tail[0]
    }
  }

  return {
    write(chunk) {
      if (written < bytesMax) put(chunk)
      else keep(chunk)
    },
    close() {
      const rest = tail
      tail = []
      if (dropped > 0) put(Buffer.from(`\n# ${String(dropped)} bytes were left out here\n`))
      for (const chunk of rest) put(chunk)
      closeSync(handle)
    },
  }
}
