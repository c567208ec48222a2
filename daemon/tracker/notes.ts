// What people are told where there is no forge: `.skein/notes/<task>.md` of a checkout, once for each marker. git passes over the
// folder. Whoever can write to the repository could make links of these names: none is followed.
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { isTaskId, SkeinError } from '../../protocol/index.ts'
import { relativeInside } from '../folders.ts'
import { codeOf } from '../home.ts'
import type { Commented } from '../ports-tracker.ts'

const FOLDER = '.skein/notes'
/** Read whole for each comment; hundreds of them. */
const FILE_BYTES_MAX = 4 * 1_048_576
const NOTE_CHARACTERS_MAX = 60_000
const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDWR, O_WRONLY } = constants

/** @throws SkeinError TRACKER_REFUSED: it cannot be written */
export function noteOnce(root: string, task: string, marker: string, body: string): Commented {
  const url = `${FOLDER}/${task}.md`
  if (!isTaskId(task)) throw refuse(url, 'the task has no id')
  try {
    makeFolder(root)
    const file = openSync(
      path.join(root, url),
      O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK,
      0o644,
    )
    try {
      return { url, already: !appendOnce(file, url, marker, body) }
    } finally {
      closeSync(file)
    }
  } catch (error) {
    if (error instanceof SkeinError) throw error
    throw refuse(url, `it cannot be written (${codeOf(error) ?? 'unknown'})`)
  }
}

function appendOnce(file: number, url: string, marker: string, body: string): boolean {
  const stat = fstatSync(file)
  // A pipe would stop the daemon.
  if (!stat.isFile()) throw refuse(url, 'it is not a file')
  if (stat.size > FILE_BYTES_MAX)
    throw refuse(url, `it is larger than ${String(FILE_BYTES_MAX)} bytes`)
  const before = readFileSync(file, 'utf8')
  if (before.split('\n').includes(marker)) return false
  const gap = before === '' ? '' : before.endsWith('\n') ? '\n' : '\n\n'
  // One write at the end of the file: a daemon that dies leaves a whole note, or none.
  writeSync(file, `${gap}${marker}\n${body.slice(0, NOTE_CHARACTERS_MAX).trimEnd()}\n`)
  return true
}

function makeFolder(root: string): void {
  const folder = path.join(root, FOLDER)
  mkdirSync(folder, { recursive: true })
  if (relativeInside(realpathSync.native(root), realpathSync.native(folder)) !== FOLDER) {
    throw refuse(FOLDER, 'it leads elsewhere')
  }
  try {
    // They are this machine's, and no part of anybody's work; who wants them in git takes this file away.
    const ignore = openSync(path.join(folder, '.gitignore'), O_WRONLY | O_CREAT | O_EXCL, 0o644)
    writeSync(ignore, '*\n')
    closeSync(ignore)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

function refuse(place: string, problem: string): SkeinError {
  return new SkeinError('TRACKER_REFUSED', `${place} was not written: ${problem}.`, {
    hint: `Look at ${place} in the checkout.`,
    data: { tracker: 'plan', file: place },
  })
}
