// Puts files into a checkout together: all contents lie beside their places before the first is moved there, and what goes, goes last.
// A disk that is full, or a folder that may not be written, is so found out before anything has changed.
import {
  lstatSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { SkeinError } from '../../protocol/index.ts'
import { codeOf } from '../home.ts'

export interface FileToPut {
  /** From the root, over folders alone. */
  readonly path: string
  /** Null: it goes. */
  readonly content: { readonly mode: string; readonly bytes: Buffer } | null
}

export interface Put {
  /** In place, or gone. */
  readonly written: readonly string[]
  /** WIP_UNWRITABLE: why the rest is not. */
  readonly failure: SkeinError | null
}

/**
 * @param lookAgain is called when all is ready: what it throws ends it, and nothing has changed
 * @throws SkeinError WIP_UNWRITABLE, and then nothing has changed
 */
export function putTogether(root: string, files: readonly FileToPut[], lookAgain: () => void): Put {
  const staged = new Map<string, string>()
  try {
    for (const { path: file, content } of files) {
      if (content === null) continue
      const place = path.join(folderFor(root, file), tempName(staged.size))
      staged.set(file, place)
      const failure = attempt(file, [], () => {
        stage(place, content.mode, content.bytes)
      })
      if (failure !== null) throw failure
    }
    lookAgain()
    return moveAll(root, files, staged)
  } finally {
    for (const place of staged.values()) rmSync(place, { force: true })
  }
}

/** What is written needs the place of some that go; the others go when all is written. */
function moveAll(
  root: string,
  files: readonly FileToPut[],
  staged: ReadonlyMap<string, string>,
): Put {
  const folders = new Set([...staged.keys()].flatMap(foldersAbove))
  const going = files.filter(({ content }) => content === null).map((file) => file.path)
  const order = [
    ...going.filter((file) => folders.has(file)),
    ...staged.keys(),
    ...going.filter((file) => !folders.has(file)),
  ]
  const written: string[] = []
  for (const file of order) {
    const place = staged.get(file)
    const failure = attempt(file, written, () => {
      if (place === undefined) remove(root, file)
      else move(place, path.join(root, file))
    })
    if (failure !== null) return { written, failure }
    written.push(file)
  }
  return { written, failure: null }
}

function attempt(file: string, written: readonly string[], act: () => void): SkeinError | null {
  try {
    act()
    return null
  } catch (cause) {
    return unwritable(file, written, cause)
  }
}

function stage(place: string, mode: string, bytes: Buffer): void {
  rmSync(place, { force: true })
  if (mode === '120000') symlinkSync(bytes, place)
  else {
    // What the user's umask leaves of it.
    writeFileSync(place, bytes, { flag: 'wx', mode: mode === '100755' ? 0o777 : 0o666 })
  }
}

function move(from: string, to: string): void {
  mkdirSync(path.dirname(to), { recursive: true })
  renameSync(from, to)
}

function remove(root: string, file: string): void {
  rmSync(path.join(root, file), { force: true })
  for (const folder of foldersAbove(file)) {
    try {
      rmdirSync(path.join(root, folder))
    } catch {
      // Something is left in it.
      return
    }
  }
}

function tempName(at: number): string {
  return `.skein-${String(process.pid)}-${String(at)}.tmp`
}

/** The nearest folder that is there: on the same disk, in all likelihood. */
function folderFor(root: string, file: string): string {
  const isFolder = (folder: string): boolean =>
    lstatSync(path.join(root, folder), { throwIfNoEntry: false })?.isDirectory() === true
  // Of a folder where a file still lies nothing can be looked at.
  const safely = (folder: string): boolean => {
    try {
      return isFolder(folder)
    } catch {
      return false
    }
  }
  return path.join(root, foldersAbove(file).find(safely) ?? '')
}

/** The nearest first. */
function foldersAbove(file: string): readonly string[] {
  const names = file.split('/').slice(0, -1)
  return names.map((_, at) => names.slice(0, names.length - at).join('/'))
}

const FILES_TOLD = 20

function unwritable(file: string, written: readonly string[], cause: unknown): SkeinError {
  const why = codeOf(cause) ?? 'unknown failure'
  const shown = written.slice(0, FILES_TOLD).join(', ')
  const more = written.length > FILES_TOLD ? ` and ${String(written.length - FILES_TOLD)} more` : ''
  const so = written.length === 0 ? 'nothing was restored' : `restored before it: ${shown}${more}`
  const message = `${file} could not be written (${why}); ${so}.`
  return new SkeinError('WIP_UNWRITABLE', message, { cause, data: { file, written } })
}
