// Tokens beside the home's own: each says as whom its bearer acts and of which repositories it may speak, and ends by itself. Only
// hashes are kept; the text of a token is shown once.
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { SkeinError } from '../../protocol/index.ts'
import type { Grant } from '../client/operations.ts'
import { codeOf, replaceFile } from '../home.ts'
import type { Clock } from '../ports.ts'

export interface TokenFacts {
  readonly name: string
  readonly agent: string
  readonly repos: readonly string[] | null
  readonly createdAt: string
  readonly expiresAt: string
  /** Of the text that was replaced; null when none is taken any more. */
  readonly oldUntil: string | null
  /** Kept to within a minute. */
  readonly usedAt: string | null
}

export interface AccessTokens {
  /** Null for a text that is no living token. Notes the use. */
  grantOf(text: string): Grant | null
  list(): readonly TokenFacts[]
  /** @returns the text. @throws SkeinError INPUT_SCHEMA when the name is taken */
  create(token: NewToken): string
  /** A new text; the old one is taken for as long as is said. @returns the text. @throws SkeinError NOT_FOUND */
  rotate(name: string, graceMs: number): string
  /** @throws SkeinError NOT_FOUND */
  revoke(name: string): void
}

export interface NewToken {
  readonly name: string
  readonly agent: string
  readonly repos: readonly string[] | null
  readonly lifeMs: number
}

const PREFIX = 'skein_a_'
const SECRET_BYTES = 32
const TOKENS_MAX = 1_000
/** A write for each call would cost more than the call. */
const USE_KEPT_EVERY_MS = 60_000

const rowSchema = z.object({
  name: z.string(),
  agent: z.string(),
  repos: z.array(z.string()).nullable(),
  hash: z.string(),
  createdAt: z.string(),
  expiresAt: z.string(),
  old: z.object({ hash: z.string(), until: z.string() }).nullable(),
  usedAt: z.string().nullable(),
})
type Row = z.infer<typeof rowSchema>

/** @throws SkeinError HOME_UNUSABLE when the file of tokens is damaged: whoever it shut out must not come in. */
export function openAccessTokens(home: string, clock: Pick<Clock, 'wall'>): AccessTokens {
  return new Store(path.join(home, 'tokens.json'), clock)
}

class Store implements AccessTokens {
  readonly #file: string
  readonly #clock: Pick<Clock, 'wall'>
  #rows: readonly Row[]

  constructor(file: string, clock: Pick<Clock, 'wall'>) {
    this.#file = file
    this.#clock = clock
    this.#rows = read(file)
  }

  grantOf(text: string): Grant | null {
    if (!text.startsWith(PREFIX)) return null
    // What is compared is a hash of 256 random bits: how long it takes tells nothing of them.
    const hash = hashOf(text)
    const now = this.#now()
    const row = this.#rows.find(
      ({ hash: own, old }) => own === hash || (old?.hash === hash && now < old.until),
    )
    if (row === undefined || now >= row.expiresAt) return null
    this.#noteUse(row, now)
    const { name, agent, repos } = row
    return { name, agent, repos }
  }

  list(): readonly TokenFacts[] {
    const now = this.#now()
    return this.#rows.map(({ name, agent, repos, createdAt, expiresAt, old, usedAt }) => ({
      ...{ name, agent, repos, createdAt, expiresAt, usedAt },
      oldUntil: old !== null && now < old.until ? old.until : null,
    }))
  }

  create({ name, agent, repos, lifeMs }: NewToken): string {
    if (this.#rows.some((row) => row.name === name)) {
      throw new SkeinError('INPUT_SCHEMA', `A token is called ${name} already.`, {
        hint: `skein tokens rotate ${name}`,
      })
    }
    if (this.#rows.length >= TOKENS_MAX) {
      throw new SkeinError('INPUT_SIZE', `There are ${String(TOKENS_MAX)} tokens.`, {
        hint: 'skein tokens revoke NAME',
      })
    }
    const { text, hash } = newText()
    const createdAt = this.#now()
    const expiresAt = iso(this.#clock.wall() + lifeMs)
    this.#keep([
      ...this.#rows,
      {
        name,
        agent,
        repos: repos === null ? null : [...repos],
        hash,
        createdAt,
        expiresAt,
        old: null,
        usedAt: null,
      },
    ])
    return text
  }

  rotate(name: string, graceMs: number): string {
    const { text, hash } = newText()
    const row = this.#row(name)
    const old = graceMs === 0 ? null : { hash: row.hash, until: iso(this.#clock.wall() + graceMs) }
    // It lives as long anew.
    const lifeMs = Date.parse(row.expiresAt) - Date.parse(row.createdAt)
    const times = { createdAt: this.#now(), expiresAt: iso(this.#clock.wall() + lifeMs) }
    this.#keep(this.#rows.map((each) => (each === row ? { ...row, ...times, hash, old } : each)))
    return text
  }

  revoke(name: string): void {
    const row = this.#row(name)
    this.#keep(this.#rows.filter((each) => each !== row))
  }

  #row(name: string): Row {
    const row = this.#rows.find((each) => each.name === name)
    if (row !== undefined) return row
    throw new SkeinError('NOT_FOUND', `No token is called ${name}.`, { hint: 'skein tokens list' })
  }

  #noteUse(row: Row, now: string): void {
    if (row.usedAt !== null && Date.parse(now) - Date.parse(row.usedAt) < USE_KEPT_EVERY_MS) return
    const rows = this.#rows.map((each) => (each === row ? { ...row, usedAt: now } : each))
    try {
      this.#keep(rows)
    } catch {
      // That a disk is full is no reason to refuse who may come in.
      this.#rows = rows
    }
  }

  #keep(rows: readonly Row[]): void {
    replaceFile(this.#file, `${JSON.stringify(rows)}\n`)
    this.#rows = rows
  }

  #now(): string {
    return iso(this.#clock.wall())
  }
}

function newText(): { readonly text: string; readonly hash: string } {
  const text = PREFIX + randomBytes(SECRET_BYTES).toString('hex')
  return { text, hash: hashOf(text) }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

function read(file: string): readonly Row[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
  try {
    return z.array(rowSchema).parse(JSON.parse(text))
  } catch (cause) {
    throw new SkeinError('HOME_UNUSABLE', `${file} is damaged.`, {
      cause,
      hint: `Remove ${file}: every token in it ends, and new ones can be made.`,
    })
  }
}
