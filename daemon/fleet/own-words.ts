// What a worker says by its tool rather than on its output: a line of its log like any other, so that it outlives the daemon and is
// followed from everywhere. The supervisor writes there, too, in pieces; so the line waits for the end of another one.
import { appendFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Confidence } from '../../protocol/index.ts'
import { sizeOf } from './files.ts'
import { readBytes } from './log-reader.ts'

/** Above what a supervisor writes; of more nobody reads the middle. */
const LOG_BYTES_MAX = 65 * 1_048_576
const LOOKS_MAX = 20
const LOOK_MS = 25

/** @param text one line */
export async function addStatus(
  file: string,
  text: string,
  confidence: Confidence | null,
): Promise<void> {
  if (sizeOf(file) > LOG_BYTES_MAX) return
  for (let look = 0; look < LOOKS_MAX && !isAtLineStart(file); look++) await delay(LOOK_MS)
  const begin = isAtLineStart(file) ? '' : '\n'
  const end = confidence === null ? '' : ` → confidence: ${confidence}`
  appendFileSync(file, `${begin}STATUS: ${text}${end}\n`, { mode: 0o600 })
}

function isAtLineStart(file: string): boolean {
  const size = sizeOf(file)
  return size === 0 || readBytes(file, size - 1, 1)[0] === LINE_FEED
}

const LINE_FEED = 10
