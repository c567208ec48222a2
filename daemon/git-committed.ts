// The door to git for one question: what did the last commit have in a file? No filter of the repository runs.
import { createRunner } from './git-process.ts'
import { createGitObjects } from './git-objects.ts'
import { Trees } from './git-tree.ts'
import type { Checkout } from './git.ts'

/** Throws as those of git.ts do. */
export interface Committed {
  /** Null: it is not in it, or too large. @param file from the root */
  fileAtHead(
    checkout: Checkout,
    file: string,
    signal: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer> | null>
}

/** As large as the parser takes. */
const BLOB_BYTES_MAX = 1_048_576

/** @param env the environment to start git in, before it is cleaned. */
export function createCommitted(env: Readonly<Record<string, string | undefined>>): Committed {
  const run = createRunner(env)
  const objects = createGitObjects(env)
  return {
    async fileAtHead({ root }, file, signal) {
      const args = ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']
      const head = ((await run(root, args, { signal, answerExit: 1 })) ?? '').trim()
      if (head === '') return null
      return objects.withReader(root, signal, async (reader) => {
        const id = await new Trees(reader).blobAt(head, file)
        const bytes = id === null ? null : await reader.read(id, 'blob', BLOB_BYTES_MAX)
        return bytes === null ? null : Uint8Array.from(bytes)
      })
    },
  }
}
