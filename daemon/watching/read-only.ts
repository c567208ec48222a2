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
  /**
   * What a session that works there was just let write: the next plan is half a second away, and its edit is not.
   * @param isLet of files from the root
   */
  giveBack(root: string, isLet: (file: string) => boolean): void
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

const fileSchema = z.record(z.string(), z.record(z.string(), z.int()))

/** @throws what the disk throws */
export function openReadOnly(options: ReadOnlyOptions): ReadOnly {
  return new Bits(options)
}

class Bits implements ReadOnly {
  readonly #options: ReadOnlyOptions
  readonly #file: string
  /** Of each checkout, for one may lie inside another: files from its root, and the write bits that they had. */
  readonly #taken: Map<string, Map<string, number>>

  constructor(options: ReadOnlyOptions) {
    this.#options = options
    this.#file = path.join(options.home, 'read-only.json')
    this.#taken = readTaken(this.#file)
  }

  async apply(repo: Repo): Promise<void> {
    for (const root of repo.checkouts) {
      const wanted = await this.#heldElsewhere(repo, root)
      this.giveBack(root, (file) => !wanted.has(file))
      this.#take(root, wanted)
    }
  }

  release(): void {
    for (const root of [...this.#taken.keys()]) this.giveBack(root, () => true)
  }

  giveBack(root: string, isLet: (file: string) => boolean): void {
    const taken = this.#taken.get(root) ?? new Map<string, number>()
    const back = [...taken].filter(([file]) => isLet(file))
    if (back.length === 0) return
    for (const [file, bits] of back) {
      const place = path.join(root, file)
      const stat = lstatOrNull(place)
      if (stat?.isFile() === true) changeMode(place, (stat.mode & 0o7777) | bits)
      taken.delete(file)
    }
    if (taken.size === 0) this.#taken.delete(root)
    this.#keep()
  }

  async #heldElsewhere(repo: Repo, root: string): Promise<ReadonlySet<string>> {
    const { git, callers, self } = this.#options
    const found = new Set<string>()
    if ((repo.host?.loop.view().state.claims.size ?? 0) === 0) return found
    const checkout = await git.findCheckout(root)
    if (checkout === null) return found
    const { paths } = await git.trackedFiles(checkout)
    // Only now: what was granted meanwhile has been given back, and stays so.
    const view = repo.host?.loop.view()
    if (view === undefined) return found
    const claims = [...view.state.claims.values()].filter(
      ({ kind, mode }) => (kind === 'file' || kind === 'module') && mode === 'exclusive',
    )
    for (const file of heldIn(claims, paths, view).files) {
      if (found.size >= FILES_MAX) break
      const { elsewhere } = whose(view, file, self, (session) =>
        callers.worksAt(session, repo, root),
      )
      if (elsewhere.some(({ mode }) => mode === 'exclusive')) found.add(file)
    }
    return found
  }

  #take(root: string, files: Iterable<string>): void {
    const open = [...files].flatMap((file) => {
      const stat = lstatOrNull(path.join(root, file))
      if (stat?.isFile() !== true || (stat.mode & WRITE_BITS) === 0) return []
      return [{ file, mode: stat.mode & 0o7777 }]
    })
    if (open.length === 0) return
    const taken = this.#taken.get(root) ?? new Map<string, number>()
    this.#taken.set(root, taken)
    for (const { file, mode } of open) taken.set(file, mode & WRITE_BITS)
    this.#keep()
    for (const { file, mode } of open) changeMode(path.join(root, file), mode & ~WRITE_BITS)
  }

  #keep(): void {
    const taken = [...this.#taken].map(([root, files]) => [root, Object.fromEntries(files)])
    replaceFile(this.#file, `${JSON.stringify(Object.fromEntries(taken))}\n`)
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

function readTaken(file: string): Map<string, Map<string, number>> {
  try {
    const read = fileSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
    return new Map(
      Object.entries(read).map(([root, files]) => [root, new Map(Object.entries(files))]),
    )
  } catch {
    return new Map()
  }
}
