// Writing a plan down. Each file is written beside its place, synced, and renamed over it: a crash at any point leaves
// files that are whole, old or new, and a second run finishes.
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { SkeinError } from '../../protocol/index.ts'
import type { FileChange } from '../cli/setup.ts'
import { codeOf, syncFolder } from '../home.ts'
import { lookAt } from './target.ts'

/** @throws SkeinError FORBIDDEN; what was written before stays. */
export function applyChange(change: FileChange): void {
  const { file, before, after, mode } = change
  const folder = path.dirname(file)
  try {
    requireUnchanged(change)
    if (after === null) {
      rmSync(file, { force: true })
      removeIfEmpty(folder)
      return
    }
    // A secret's folder is as private: the home may not be there yet.
    mkdirSync(folder, { recursive: true, ...(mode === 0o600 ? { mode: 0o700 } : {}) })
    sweep(folder, path.basename(file))
    const next = path.join(
      folder,
      `.${path.basename(file)}.skein-${randomBytes(6).toString('hex')}`,
    )
    try {
      writeSynced(next, after, mode)
      renameSync(next, file)
    } finally {
      rmSync(next, { force: true })
    }
    syncFolder(folder)
  } catch (cause) {
    if (cause instanceof SkeinError) throw cause
    const word = before === null ? 'created' : 'changed'
    throw new SkeinError(
      'FORBIDDEN',
      `${file} cannot be ${word} (${codeOf(cause) ?? 'unknown'}).`,
      {
        cause,
        hint: `Check the rights of ${folder}, then run it again.`,
      },
    )
  }
}

/** Between the look and the act a person, or another program, may have been there. */
function requireUnchanged({ file, before }: FileChange): void {
  const target = lookAt(path.dirname(file), file)
  const isSame =
    target.kind === 'absent'
      ? before === null
      : target.kind === 'file' && before !== null && target.bytes.equals(before)
  if (isSame) return
  throw new SkeinError('FORBIDDEN', `${file} was changed by somebody else just now.`, {
    hint: 'Run it again.',
  })
}

function writeSynced(file: string, bytes: Uint8Array, mode: number): void {
  const descriptor = openSync(file, 'wx', mode)
  try {
    writeFileSync(descriptor, bytes)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  // Past the umask: an executable hook has to stay one.
  chmodSync(file, mode)
}

/** What crashes in the middle of a write left behind. */
function sweep(folder: string, name: string): void {
  const begin = `.${name}.skein-`
  for (const entry of readdirSync(folder)) {
    if (entry.startsWith(begin) && /^[0-9a-f]{12}$/.test(entry.slice(begin.length))) {
      rmSync(path.join(folder, entry), { force: true })
    }
  }
}

/** Folders that init made go with their last file; git does not know empty ones. */
function removeIfEmpty(folder: string): void {
  if (!OWN_FOLDERS.has(path.basename(folder))) return
  try {
    rmdirSync(folder)
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error) ?? '')) throw error
  }
}

const OWN_FOLDERS: ReadonlySet<string> = new Set([
  '.claude',
  '.codex',
  '.cursor',
  'before-skein',
  'skein',
])
