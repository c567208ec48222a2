// Files as they were before a tool wrote them, until it has.
import type { RepoAt } from '../repos.ts'

export interface KeptFile {
  readonly at: RepoAt
  readonly file: string
  readonly bytes: Uint8Array<ArrayBuffer> | null
}

/** Files as they were before the tool call that is under way, by session. In memory only. */
export interface KeptFiles {
  keep(session: string, files: readonly KeptFile[]): void
  /** What was kept, which is gone then. */
  take(session: string): readonly KeptFile[]
}

const SESSIONS_MAX = 100

export function createKeptFiles(): KeptFiles {
  const kept = new Map<string, readonly KeptFile[]>()
  return {
    keep(session, files) {
      kept.delete(session)
      if (files.length > 0) kept.set(session, files)
      const oldest = kept.keys().next().value
      if (kept.size > SESSIONS_MAX && oldest !== undefined) kept.delete(oldest)
    },
    take(session) {
      const files = kept.get(session) ?? []
      kept.delete(session)
      return files
    },
  }
}
