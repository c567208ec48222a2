// What files were before init changed them, kept in the clone's own git folder. It decides where text alone cannot: was an
// empty object there before, or no file at all? It holds good for a file only as long as nobody else has changed that file.
import { createHash } from 'node:crypto'
import path from 'node:path'
import type { FileChange } from '../cli/setup.ts'
import type { Checkout } from '../git.ts'
import { lookAt, textOf } from './target.ts'

/** By path from the root. */
export type Memory = Readonly<Record<string, Remembered>>

export interface Remembered {
  /** Base64; null for no file. */
  readonly before: string | null
  readonly mode: number
  /** Of what init left there. */
  readonly after: string
}

export function recordFile({ gitDir }: Checkout): string {
  return path.join(gitDir, 'skein', 'wiring.json')
}

/** Nothing where there is none that can be read: the text of each file then has to say enough. */
export function readMemory(checkout: Checkout): Memory {
  const target = lookAt(checkout.gitDir, recordFile(checkout))
  if (target.kind !== 'file') return {}
  try {
    const value: unknown = JSON.parse(target.bytes.toString('utf8'))
    return isMemory(value) ? value : {}
  } catch {
    return {}
  }
}

/** What a file was before us, if it is still as init left it. */
export function originalOf(memory: Memory, shown: string, now: Buffer): Remembered | null {
  const known = Object.hasOwn(memory, shown) ? memory[shown] : undefined
  return known?.after === hash(now) ? known : null
}

/** The change of the record itself that goes before a plan's others; null where it stays. */
export function rememberChanges(
  checkout: Checkout,
  changes: readonly FileChange[],
): FileChange | null {
  const memory = readMemory(checkout)
  const next: Record<string, Remembered> = { ...memory }
  for (const { shown, before, after, mode } of changes) {
    if (path.isAbsolute(shown) || after === null) continue
    const bytes = before === null ? null : Buffer.from(before)
    const known = bytes === null ? null : originalOf(memory, shown, bytes)
    // Changed by others since: what it was before us can no longer be given back.
    const isMixed = known === null && bytes !== null && Object.hasOwn(memory, shown)
    if (isMixed) Reflect.deleteProperty(next, shown)
    else {
      const original = known ?? { before: bytes?.toString('base64') ?? null, mode }
      next[shown] = { ...original, after: hash(Buffer.from(after)) }
    }
  }
  return changeTo(checkout, `${JSON.stringify(next, null, 1)}\n`)
}

/** Takes the record away. */
export function forgetAll(checkout: Checkout): FileChange | null {
  return changeTo(checkout, null)
}

function changeTo(checkout: Checkout, text: string | null): FileChange | null {
  const file = recordFile(checkout)
  const target = lookAt(checkout.gitDir, file)
  const before = target.kind === 'file' ? target.bytes : null
  if ((before === null ? null : textOf(before)) === text) return null
  const after = text === null ? null : Buffer.from(text)
  return { file, shown: file, before, after, mode: 0o600, what: 'what the files were before' }
}

function hash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function isMemory(value: unknown): value is Memory {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.values(value).every(
    (each: unknown) =>
      typeof each === 'object' &&
      each !== null &&
      'after' in each &&
      typeof each.after === 'string' &&
      'mode' in each &&
      typeof each.mode === 'number' &&
      'before' in each &&
      (each.before === null || typeof each.before === 'string'),
  )
}
