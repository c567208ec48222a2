// Releases without a majority: the holder has given the claim up, and the ledger does not know yet. Noted durably in the home, and
// handed in until the ledger has them; a claim that is given up is no longer believed in here, whatever its record says.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { SkeinError, type ClaimId, type RepoId } from '../protocol/index.ts'
import { isDetached } from './core/attachment.ts'
import { replaceFile } from './home.ts'
import type { LedgerHost } from './ledger-host.ts'
import type { Log } from './log.ts'
import { submit } from './submit.ts'

export interface Releasing {
  /** Claims of this machine's sessions that are given up. */
  of(repo: RepoId): ReadonlySet<ClaimId>
  /** Gives these up; durable when it returns. */
  note(repo: RepoId, ids: readonly ClaimId[]): void
  /** Hands in what was given up there: before anything is asked for anew. @throws SkeinError NO_QUORUM */
  handIn(repo: RepoId, host: LedgerHost): Promise<void>
  stop(): void
}

export interface ReleasingOptions {
  readonly home: string
  /** The ledgers that are served. */
  readonly hosts: () => Iterable<{ readonly id: RepoId; readonly host: LedgerHost | null }>
  readonly log: Log
}

const LOOK_MS = 1_000

export function startReleasing(options: ReleasingOptions): Releasing {
  return new NotedReleases(options)
}

class NotedReleases implements Releasing {
  readonly #options: ReleasingOptions
  readonly #noted: Map<RepoId, Set<ClaimId>>
  readonly #timer: NodeJS.Timeout
  #isLooking = false

  constructor(options: ReleasingOptions) {
    this.#options = options
    this.#noted = load(fileIn(options.home))
    this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref()
  }

  of(repo: RepoId): ReadonlySet<ClaimId> {
    return this.#noted.get(repo) ?? new Set()
  }

  note(repo: RepoId, ids: readonly ClaimId[]): void {
    if (ids.length === 0) return
    this.#keep(repo, new Set([...this.of(repo), ...ids]))
  }

  async handIn(repo: RepoId, host: LedgerHost): Promise<void> {
    const ids = [...this.of(repo)]
    if (ids.length === 0) return
    // What has ended meanwhile, by its lease or otherwise, is passed over there.
    await submit(host, { kind: 'end', ids, reason: 'released' })
    this.#keep(repo, new Set([...this.of(repo)].filter((id) => !ids.includes(id))))
    this.#options.log.info({ repo, ids }, 'released, as was asked for without a majority')
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #look(): Promise<void> {
    if (this.#noted.size === 0 || this.#isLooking) return
    this.#isLooking = true
    for (const { id, host } of this.#options.hosts()) {
      if (host === null || !this.#noted.has(id) || isDetached(host.loop.engine())) continue
      try {
        await this.handIn(id, host)
      } catch (error) {
        if (!(error instanceof SkeinError)) throw error
        this.#options.log.debug({ repo: id, code: error.code }, 'could not be released yet')
      }
    }
    this.#isLooking = false
  }

  #keep(repo: RepoId, ids: ReadonlySet<ClaimId>): void {
    const next = new Map(this.#noted)
    if (ids.size === 0) next.delete(repo)
    else next.set(repo, new Set(ids))
    const text = JSON.stringify(Object.fromEntries([...next].map(([id, all]) => [id, [...all]])))
    replaceFile(fileIn(this.#options.home), `${text}\n`)
    if (ids.size === 0) this.#noted.delete(repo)
    else this.#noted.set(repo, new Set(ids))
  }
}

function fileIn(home: string): string {
  return path.join(home, 'releasing.json')
}

function load(file: string): Map<RepoId, Set<ClaimId>> {
  if (!existsSync(file)) return new Map()
  try {
    const noted = JSON.parse(readFileSync(file, 'utf8')) as Record<string, ClaimId[]>
    return new Map(Object.entries(noted).map(([repo, ids]) => [repo as RepoId, new Set(ids)]))
  } catch (cause) {
    throw new SkeinError('HOME_UNUSABLE', `${file} cannot be read.`, { cause })
  }
}
