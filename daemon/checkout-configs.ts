// The `.skein.yml` of checkouts.
import { statSync } from 'node:fs'
import path from 'node:path'
import { SkeinError } from '../protocol/index.ts'
import { loadRepoConfig, type RepoConfig } from './config.ts'
import type { Checkout } from './git.ts'

/** Each checkout's, read again when the file changed: asked at every call, it costs a file stat. */
export class CheckoutConfigs {
  readonly #known = new Map<string, { readonly stamp: string; readonly config: RepoConfig }>()

  /** @throws SkeinError CONFIG_INVALID */
  of(checkout: Checkout): RepoConfig {
    const stat = statSync(path.join(checkout.root, '.skein.yml'), { throwIfNoEntry: false })
    const stamp =
      stat === undefined ? '' : `${String(stat.mtimeMs)} ${String(stat.size)} ${String(stat.ino)}`
    const cached = this.#known.get(checkout.root)
    if (cached?.stamp === stamp) return cached.config
    const config = loadRepoConfig(checkout.root)
    this.#known.set(checkout.root, { stamp, config })
    return config
  }
}

/** What the first readable checkout says; null where none can be read. */
export function firstConfig(roots: readonly string[]): RepoConfig | null {
  for (const root of roots) {
    try {
      return loadRepoConfig(root)
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error
    }
  }
  return null
}
