// The logins of the browser's board. `skein web` makes a code, which stands in the address that it opens and works once, within a
// minute; the page trades it for a token of its own. A token ends when it was silent for too long, is old, or is revoked. Codes are
// in memory alone, of tokens the home keeps hashes: a page goes on after a restart of the daemon.
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { SkeinError } from '../../protocol/index.ts'
import type { Grant } from '../client/operations.ts'
import { codeOf, replaceFile } from '../home.ts'
import type { Clock } from '../ports.ts'

export interface WebLogins {
  /** @param mayAct may the page do what takes a person? @returns the code, good for WEB_LOGIN.codeMs. */
  newCode(agent: string, mayAct: boolean): string
  /** @throws SkeinError UNAUTHENTICATED for a code that there is not, that was used, or that is over. */
  redeem(code: string): { readonly token: string; readonly grant: Grant }
  /** Null for a text that is no living token. Notes the use. */
  grantOf(text: string): Grant | null
  /** Ends every token and every code. @returns how many tokens that were. */
  revokeAll(): number
  /** Ends one token, for the page that has it. */
  end(text: string): void
  /** Hears of tokens that end before their time, by the names of their grants. */
  onEnd: (listener: (names: ReadonlySet<string>) => void) => void
}

export const WEB_LOGIN = {
  codeMs: 60_000,
  /** Somebody who types the command over and over. */
  codesMax: 16,
  /** Pages of one person; the one that was silent longest gives way. */
  tokensMax: 32,
  /** An open page asks every few seconds. */
  silenceMs: 12 * 3_600_000,
  lifeMs: 7 * 86_400_000,
} as const

const PREFIX = 'skein_w_'
const SECRET_BYTES = 32
/** A write for each call would cost more than the call. */
const USE_KEPT_EVERY_MS = 60_000

const rowSchema = z.object({
  name: z.string(),
  hash: z.string(),
  agent: z.string(),
  mayAct: z.boolean(),
  createdMs: z.number(),
  usedMs: z.number(),
})
type Row = z.infer<typeof rowSchema>

interface Code {
  readonly agent: string
  readonly mayAct: boolean
  readonly untilMs: number
}

export function openWebLogins(home: string, clock: Pick<Clock, 'wall'>): WebLogins {
  return new Store(path.join(home, 'web-logins.json'), clock)
}

class Store implements WebLogins {
  readonly #file: string
  readonly #clock: Pick<Clock, 'wall'>
  /** By the hash of the code: whoever reads the memory of a crash finds none. */
  readonly #codes = new Map<string, Code>()
  readonly #listeners: ((names: ReadonlySet<string>) => void)[] = []
  #rows: readonly Row[]

  constructor(file: string, clock: Pick<Clock, 'wall'>) {
    this.#file = file
    this.#clock = clock
    this.#rows = read(file)
  }

  newCode(agent: string, mayAct: boolean): string {
    const now = this.#clock.wall()
    for (const [hash, { untilMs }] of this.#codes) if (now >= untilMs) this.#codes.delete(hash)
    const [oldest] = this.#codes.keys()
    if (oldest !== undefined && this.#codes.size >= WEB_LOGIN.codesMax) this.#codes.delete(oldest)
    const code = randomBytes(SECRET_BYTES).toString('base64url')
    this.#codes.set(hashOf(code), { agent, mayAct, untilMs: now + WEB_LOGIN.codeMs })
    return code
  }

  redeem(code: string): { readonly token: string; readonly grant: Grant } {
    const hash = hashOf(code)
    const found = this.#codes.get(hash)
    const now = this.#clock.wall()
    this.#codes.delete(hash)
    if (found === undefined || now >= found.untilMs) {
      throw new SkeinError('UNAUTHENTICATED', 'the code of this link was used, or is over', {
        hint: 'skein web',
      })
    }
    const { agent, mayAct } = found
    const token = PREFIX + randomBytes(SECRET_BYTES).toString('hex')
    const name = `web-${randomBytes(4).toString('hex')}`
    const row = { name, hash: hashOf(token), agent, mayAct, createdMs: now, usedMs: now }
    const living = this.#rows.filter((each) => isLiving(each, now))
    const kept = living.sort((a, b) => b.usedMs - a.usedMs).slice(0, WEB_LOGIN.tokensMax - 1)
    this.#tellEnd(this.#rows.filter((each) => !kept.includes(each)))
    this.#keep([...kept, row])
    return { token, grant: grantOfRow(row) }
  }

  grantOf(text: string): Grant | null {
    if (!text.startsWith(PREFIX)) return null
    // What is compared is a hash of 256 random bits: how long it takes tells nothing of them.
    const hash = hashOf(text)
    const now = this.#clock.wall()
    const row = this.#rows.find((each) => each.hash === hash)
    if (row === undefined || !isLiving(row, now)) return null
    this.#noteUse(row, now)
    return grantOfRow(row)
  }

  revokeAll(): number {
    const ended = this.#rows
    this.#codes.clear()
    this.#keep([])
    this.#tellEnd(ended)
    return ended.filter((row) => isLiving(row, this.#clock.wall())).length
  }

  end(text: string): void {
    const hash = hashOf(text)
    const ended = this.#rows.filter((row) => row.hash === hash)
    if (ended.length === 0) return
    this.#keep(this.#rows.filter((row) => row.hash !== hash))
    this.#tellEnd(ended)
  }

  onEnd = (listener: (names: ReadonlySet<string>) => void): void => {
    this.#listeners.push(listener)
  }

  #tellEnd(rows: readonly Row[]): void {
    if (rows.length === 0) return
    const names = new Set(rows.map(({ name }) => name))
    for (const listener of this.#listeners) listener(names)
  }

  #noteUse(row: Row, now: number): void {
    if (now - row.usedMs < USE_KEPT_EVERY_MS) return
    const rows = this.#rows.map((each) => (each === row ? { ...row, usedMs: now } : each))
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
}

function isLiving({ createdMs, usedMs }: Row, now: number): boolean {
  return now - usedMs < WEB_LOGIN.silenceMs && now - createdMs < WEB_LOGIN.lifeMs
}

function grantOfRow({ name, agent, mayAct }: Row): Grant {
  return { name, agent, repos: null, web: { mayAct } }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** A damaged file costs its pages their login, and nothing else. */
function read(file: string): readonly Row[] {
  try {
    return z.array(rowSchema).parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError || error instanceof z.ZodError)
      return []
    throw error
  }
}
