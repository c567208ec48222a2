// Files that others hold lose their write bits in the checkouts of this machine, where its person wants that: an editor says so at
// once. What was taken away is written down first, and given back when the claim ends, when the holder works here, and when the
// daemon stops.
import { chmodSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import type { PeerId } from '../../protocol/index.ts'
import type { Callers } from '../callers.ts'
import { lstatOrNull } from '../file-facts.ts'
import type { Git } from '../git.ts'
import { codeOf, replaceFile } from '../home.ts'
import type { Repo } from '../repos.ts'
import { whose } from './holders.ts'
import { heldIn } from './plan.ts'

export interface ReadOnly {
  /** Brings the bits in all checkouts of a repository in line with its claims. */
  apply(repo: Repo): Promise<void>
  /** Gives everything back. */
  release(): void
}

export interface ReadOnlyOptions {
  readonly home: string
  readonly self: PeerId
  readonly git: Pick<Git, 'findCheckout' | 'trackedFiles'>
  readonly callers: Pick<Callers, 'worksAt'>
}

/** A claim of more is of a folder that nobody else should be in anyway. */
const FILES_MAX = 2_000
const WRITE_BITS = 0o222

const fileSchema = z.record(z.string(), z.int())

/** @throws what the disk throws */
export function openReadOnly(options: ReadOnlyOptions): ReadOnly {
  return new Bits(options)
}

class Bits implements ReadOnly {
  readonly #options: ReadOnlyOptions
  readonly #file: string
  /** Absolute file, and the write bits that it had. */
  readonly #taken: Map<string, number>

  constructor(options: ReadOnlyOptions) {
    this.#options = options
    this.#file = path.join(options.home, 'read-only.json')
    this.#taken = new Map(Object.entries(readTaken(this.#file)))
  }

  async apply(repo: Repo): Promise<void> {
    for (const root of repo.checkouts) {
      const wanted = await this.#heldElsewhere(repo, root)
      const inside = [...this.#taken.keys()].filter((file) => file.startsWith(root + path.sep))
      this.#giveBack(inside.filter((file) => !wanted.has(file)))
      this.#take([...wanted])
    }
  }

  release(): void {
    this.#giveBack([...this.#taken.keys()])
  }

  async #heldElsewhere(repo: Repo, root: string): Promise<ReadonlySet<string>> {
    const { git, callers, self } = this.#options
    const view = repo.host?.loop.view()
    const found = new Set<string>()
    if (view === undefined || view.state.claims.size === 0) return found
    const checkout = await git.findCheckout(root)
    if (checkout === null) return found
    const claims = [...view.state.claims.values()].filter(
      ({ kind, mode }) => (kind === 'file' || kind === 'module') && mode === 'exclusive',
    )
    const { paths } = await git.trackedFiles(checkout)
    for (const file of heldIn(claims, paths, view).files) {
      if (found.size >= FILES_MAX) break
      const { elsewhere } = whose(view, file, self, (session) =>
        callers.worksAt(session, repo, root),
      )
      if (elsewhere.some(({ mode }) => mode === 'exclusive')) found.add(path.join(root, file))
    }
    return found
  }

  #take(files: readonly string[]): void {
    const open = files.flatMap((file) => {
      const stat = lstatOrNull(file)
      if (stat?.isFile() !== true || (stat.mode & WRITE_BITS) === 0) return []
      return [{ file, mode: stat.mode & 0o7777 }]
    })
    if (open.length === 0) return
    for (const { file, mode } of open) this.#taken.set(file, mode & WRITE_BITS)
    this.#keep()
    for (const { file, mode } of open) changeMode(file, mode & ~WRITE_BITS)
  }

  #giveBack(files: readonly string[]): void {
    if (files.length === 0) return
    for (const file of files) {
      const bits = this.#taken.get(file) ?? 0
      const stat = lstatOrNull(file)
      if (stat?.isFile() === true) changeMode(file, (stat.mode & 0o7777) | bits)
      this.#taken.delete(file)
    }
    this.#keep()
  }

  #keep(): void {
    replaceFile(this.#file, `${JSON.stringify(Object.fromEntries(this.#taken))}\n`)
  }
}

/** Of another owner, or on a disk without modes: the guard and the push say no all the same. */
function changeMode(file: string, mode: number): void {
  try {
    chmodSync(file, mode)
  } catch (error) {
    if (codeOf(error) === undefined) throw error
  }
}

function readTaken(file: string): Readonly<Record<string, number>> {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return {}
  }
}
