// The kernel's watches on the folders of one checkout. A folder that cannot be watched is not: what happens there is seen at the
// commit and the push.
import { statSync, watch, type FSWatcher } from 'node:fs'
import path from 'node:path'

interface Watch {
  readonly watcher: FSWatcher
  /** Which folder it was that had the name. */
  readonly stamp: string | null
}

export class FolderWatches {
  readonly #root: string
  readonly #onChange: (file: string) => void
  readonly #onRefused: (code: string) => void
  readonly #watches = new Map<string, Watch>()

  /** @param onChange a file of a watched folder, from the root, was written, made, renamed or removed */
  constructor(root: string, onChange: (file: string) => void, onRefused: (code: string) => void) {
    this.#root = root
    this.#onChange = onChange
    this.#onRefused = onRefused
  }

  get count(): number {
    return this.#watches.size
  }

  /** Watches these and no others. A watch stays with a folder that is gone, so one that was made anew is watched anew. */
  keep(folders: ReadonlySet<string>): void {
    for (const [folder, { watcher, stamp }] of this.#watches) {
      if (folders.has(folder) && stamp === stampOf(path.join(this.#root, folder))) continue
      watcher.close()
      this.#watches.delete(folder)
    }
    for (const folder of folders) if (!this.#watches.has(folder)) this.#begin(folder)
  }

  #begin(folder: string): void {
    try {
      const place = path.join(this.#root, folder)
      // Taken before: a folder that takes its place in between is seen at the next plan.
      const stamp = stampOf(place)
      const watcher = watch(place, { persistent: false }, (_, name) => {
        if (name !== null && name !== '.git')
          this.#onChange(folder === '' ? name : `${folder}/${name}`)
      })
      // The folder is gone; the next plan looks for it again.
      watcher.on('error', () => {
        watcher.close()
        if (this.#watches.get(folder)?.watcher === watcher) this.#watches.delete(folder)
      })
      this.#watches.set(folder, { watcher, stamp })
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : ''
      // A folder that does not exist yet is no news.
      if (code !== 'ENOENT' && code !== 'ENOTDIR') this.#onRefused(code)
    }
  }
}

/** Numbers of inodes are given again at once, so the time when it was made belongs to it; null: nobody can tell. */
function stampOf(place: string): string | null {
  try {
    const { dev, ino, birthtimeNs } = statSync(place, { bigint: true })
    return [dev, ino, birthtimeNs].map(String).join(':')
  } catch {
    return null
  }
}
