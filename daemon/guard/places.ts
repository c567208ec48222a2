// Where a path really leads, and whose it is: the target decides, never the working directory of whoever writes.
import { realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { SkeinError } from '../../protocol/index.ts'
import { relativeInside } from '../folders.ts'
import type { RepoAt, Repos } from '../repos.ts'

/** A place in an enrolled checkout. */
export interface Located extends RepoAt {
  /** From the checkout's root; empty for the root itself. */
  readonly file: string
  /** Absolute and without symlinks. */
  readonly real: string
}

/** Null for what is in no enrolled checkout, and for git's own files. @throws SkeinError when the repository cannot be told */
export async function locate(repos: Repos, place: string): Promise<Located | null> {
  const real = realPlace(place)
  const at = await enrolledAt(repos, real)
  if (at === null) return null
  const file = relativeInside(at.checkout.root, real)
  if (file === null || file.split(path.sep)[0] === '.git') return null
  return { ...at, file, real }
}

/** The enrolled checkout of a path; null for any other. */
export async function enrolledAt(repos: Repos, place: string): Promise<RepoAt | null> {
  try {
    return await repos.at(place)
  } catch (error) {
    if (error instanceof SkeinError && NOT_OURS.has(error.code)) return null
    throw error
  }
}

const NOT_OURS: ReadonlySet<string> = new Set(['REPO_NOT_ENROLLED', 'REPO_NOT_GIT'])

/** Links are followed as far as the path exists; what does not exist yet keeps its name. */
export function realPlace(place: string): string {
  const missing: string[] = []
  for (let at = place; ; at = path.dirname(at)) {
    try {
      return path.join(realpathSync.native(at), ...missing)
    } catch {
      if (path.dirname(at) === at) return place
      missing.unshift(path.basename(at))
    }
  }
}

export function isFolder(place: string): boolean {
  try {
    return statSync(place).isDirectory()
  } catch {
    return false
  }
}
