// What a clone remembers of its fence, for pushes that no daemon answers: the live claims as they were last known here, and for
// each remote what it refused. A file of the clone, shared by its worktrees; a cache, whose loss costs one question.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Facts } from './token.ts'

export interface KnownRemote {
  /** Why it cannot fence, in its own words; null where it can, or was not asked yet. */
  readonly refuses: string | null
  /** When it was asked, milliseconds since 1970. */
  readonly askedAtMs: number
  /** What its tokens are. */
  readonly kind: 'commit' | 'blob'
}

export interface Known {
  readonly facts: Facts | null
  remote(url: string): KnownRemote | null
}

/** After this a remote that refused is asked again. */
export const REFUSAL_KEPT_MS = 24 * 3_600_000

export function readKnown(commonDir: string): Known {
  const facts = readJson(fileIn(commonDir, 'claims')) as Facts | null
  return {
    facts: facts !== null && Array.isArray(facts.tokens) ? facts : null,
    remote: (url) => readJson(fileIn(commonDir, remoteName(url))) as KnownRemote | null,
  }
}

/** Best effort: a clone that cannot be written to can still be pushed from. */
export function noteFacts(commonDir: string, facts: Facts): void {
  const isOwn = ({ claims }: Facts['tokens'][number]): boolean =>
    claims.some(({ machine }) => machine === facts.machine)
  // What others hold the remote says itself.
  write(commonDir, 'claims', { ...facts, tokens: facts.tokens.filter(isOwn) })
}

export function noteRemote(commonDir: string, url: string, known: KnownRemote): void {
  write(commonDir, remoteName(url), known)
}

/** No address is written down: it may hold a password. */
function remoteName(url: string): string {
  return `remote-${createHash('sha256').update(url).digest('hex').slice(0, 16)}`
}

function fileIn(commonDir: string, name: string): string {
  return path.join(commonDir, 'skein', `fence-${name}.json`)
}

function readJson(file: string): object | null {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}

function write(commonDir: string, name: string, value: object): void {
  const file = fileIn(commonDir, name)
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
    const next = `${file}.${String(process.pid)}`
    writeFileSync(next, JSON.stringify(value), { mode: 0o600 })
    renameSync(next, file)
  } catch {
    // A cache.
  }
}
