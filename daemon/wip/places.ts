// In which checkouts each session works. The ledger does not say it, for paths of a machine never leave it; a session that died while
// no daemon ran has left its work there all the same. So it is noted in the home, soon after it changes.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { replaceFile } from '../home.ts'
import type { Log } from '../log.ts'

export interface WorkPlaces {
  readonly note: (repo: string, session: string, root: string) => void
  /** The one used last in front. */
  of(repo: string, session: string): readonly string[]
  /** Writes down what is not yet. */
  stop(): void
}

export interface WorkPlacesOptions {
  readonly home: string
  readonly wallMs: () => number
  readonly log: Log
}

const SOON_MS = 1_000
/** More than a machine runs in a day. */
const SESSIONS_MAX = 5_000
/** A session has one or two; a fleet's planner may look into more. */
const ROOTS_MAX = 8
/** Longer than any claim lives. */
const KEPT_MS = 30 * 86_400_000

const fileSchema = z.array(
  z.object({
    repo: z.string(),
    session: z.string(),
    roots: z.array(z.string()),
    at: z.number(),
  }),
)

type Noted = z.infer<typeof fileSchema>[number]

export function openWorkPlaces(options: WorkPlacesOptions): WorkPlaces {
  return new NotedPlaces(options)
}

class NotedPlaces implements WorkPlaces {
  readonly #options: WorkPlacesOptions
  readonly #noted: Map<string, Noted>
  #timer: NodeJS.Timeout | null = null

  constructor(options: WorkPlacesOptions) {
    this.#options = options
    this.#noted = load(options)
  }

  readonly note = (repo: string, session: string, root: string): void => {
    const key = keyOf(repo, session)
    const known = this.#noted.get(key)
    const at = this.#options.wallMs()
    if (known?.roots[0] === root) {
      known.at = at
      return
    }
    const roots = [root, ...(known?.roots ?? []).filter((each) => each !== root)]
    this.#noted.delete(key)
    this.#noted.set(key, { repo, session, roots: roots.slice(0, ROOTS_MAX), at })
    const oldest = this.#noted.keys().next().value
    if (this.#noted.size > SESSIONS_MAX && oldest !== undefined) this.#noted.delete(oldest)
    this.#timer ??= setTimeout(() => {
      this.#write()
    }, SOON_MS).unref()
  }

  of(repo: string, session: string): readonly string[] {
    return this.#noted.get(keyOf(repo, session))?.roots ?? []
  }

  stop(): void {
    if (this.#timer !== null) this.#write()
  }

  #write(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    try {
      replaceFile(fileIn(this.#options.home), `${JSON.stringify([...this.#noted.values()])}\n`)
    } catch (error) {
      // The disk's failure is told by the ledgers; without this file a restart knows less.
      this.#options.log.warn({ error: String(error) }, 'where sessions work could not be noted')
    }
  }
}

function keyOf(repo: string, session: string): string {
  return `${repo} ${session}`
}

function fileIn(home: string): string {
  return path.join(home, 'places.json')
}

function load({ home, wallMs, log }: WorkPlacesOptions): Map<string, Noted> {
  const file = fileIn(home)
  if (!existsSync(file)) return new Map()
  try {
    const noted = fileSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
    const fresh = noted.filter(({ at }) => wallMs() - at < KEPT_MS)
    return new Map(fresh.map((each) => [keyOf(each.repo, each.session), each]))
  } catch (error) {
    log.warn({ file, error: String(error) }, 'where sessions work cannot be read; it is noted anew')
    return new Map()
  }
}
