// The door to git for one question: on which lines do two blobs differ, and what is in them? Only ids are said to git, never
// a path; nothing is fetched, filtered or converted.
import { createGitObjects, type ObjectReader } from './git-objects.ts'
import { createRunner } from './git-process.ts'

/** A blob before and after; null: the file was not there. */
export interface Edit {
  readonly before: string | null
  readonly after: string | null
}

export interface Lines {
  readonly startLine: number
  readonly endLine: number
}

export interface EditedVersion {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly lines: readonly Lines[]
}

/** All of these throw as those of Git do. */
export interface GitEdits {
  /** Both versions of each edit, where they differ; null when one is not on this disk, or too large. */
  versions(
    root: string,
    edits: readonly Edit[],
    signal: AbortSignal,
  ): Promise<readonly EditedVersion[] | null>
}

/** As large as the parser takes. */
const BLOB_BYTES_MAX = 1_048_576

/** @param env the environment to start git in, before it is cleaned. */
export function createGitEdits(env: Readonly<Record<string, string | undefined>>): GitEdits {
  const run = createRunner(env)
  const objects = createGitObjects(env)
  return {
    versions: (root, edits, signal) =>
      objects.withReader(root, signal, async (reader) => {
        const found: EditedVersion[] = []
        for (const { before, after } of edits) {
          const [old, now] = [await blob(reader, before), await blob(reader, after)]
          if (old === undefined || now === undefined) return null
          if (before === null || after === null || old === null || now === null) {
            found.push(...[old ?? [], now ?? []].flat().map(whole))
            continue
          }
          const hunks = parseHunks((await run(root, diffOf(before, after), { signal })) ?? '')
          found.push({ bytes: old, lines: hunks.before }, { bytes: now, lines: hunks.after })
        }
        return found
      }),
  }
}

type Bytes = Uint8Array<ArrayBuffer>

/** Undefined: it cannot be read. */
async function blob(reader: ObjectReader, id: string | null): Promise<Bytes | null | undefined> {
  if (id === null) return null
  const read = await reader.read(id, 'blob', BLOB_BYTES_MAX)
  return read === null ? undefined : Uint8Array.from(read)
}

function whole(bytes: Bytes): EditedVersion {
  return { bytes, lines: [{ startLine: 1, endLine: Math.max(1, countLines(bytes)) }] }
}

function countLines(bytes: Bytes): number {
  let lines = 1
  for (const byte of bytes) if (byte === 0x0a) lines++
  return bytes.at(-1) === 0x0a ? lines - 1 : lines
}

function diffOf(before: string, after: string): readonly string[] {
  const plain = ['--no-color', '--no-ext-diff', '--no-textconv', '--text']
  return ['diff', '-U0', ...plain, before, after, '--']
}

/** The ranges of `@@ -a,b +c,d @@` lines; a range without lines lies behind its number. */
export function parseHunks(diff: string): {
  readonly before: readonly Lines[]
  readonly after: readonly Lines[]
} {
  const hunks = [...diff.matchAll(/^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/gm)]
  return {
    before: hunks.map(([, start, count]) => range(start, count)),
    after: hunks.map(([, , , start, count]) => range(start, count)),
  }
}

function range(start: string | undefined, count: string | undefined): Lines {
  const lines = count === undefined ? 1 : Number(count)
  const first = lines === 0 ? Number(start) + 1 : Number(start)
  return { startLine: first, endLine: first + lines - 1 }
}
