// `skein logs`: the daemon's NDJSON for people, or as it is. Works with and without a daemon.
import { open, stat, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { SkeinError } from '../../../protocol/index.ts'
import { homePath } from '../../client/place.ts'
import type { Io } from '../io.ts'
import type { LocalCommand } from '../machine.ts'
import { pageOn, type Page, type Style } from '../output/page.ts'
import { clean } from '../output/text.ts'
import { clockTime } from '../output/time.ts'

const LINES = 200
/** Room for LINES of the longest lines that the daemon writes. */
const TAIL_BYTES = 1024 * 1024
const FOLLOW_POLL_MS = 200

export const run: LocalCommand = async ({ fields }, io) => {
  const file = path.join(homePath(io.env), 'logs', 'daemon.ndjson')
  const page = pageOn(io.stdout, io)
  const print = (lines: readonly string[]): void => {
    const shown = fields['json'] === true ? lines : lines.map((line) => renderLine(line, page))
    io.stdout.write(shown.map((line) => `${line}\n`).join(''))
  }
  const log = await openLog(file)
  try {
    const { size } = await log.stat()
    const start = Math.max(0, size - TAIL_BYTES)
    const lines = (await readFrom(log, start, size)).split('\n')
    // The first may be cut, the last is what is being written.
    const rest = lines.pop() ?? ''
    print(lines.slice(start > 0 ? 1 : 0).slice(-LINES))
    if (fields['follow'] !== true) return 0
    await follow({ file, log }, size - Buffer.byteLength(rest), print, io)
    return 130
  } finally {
    await log.close()
  }
}

/** `14:02:11.123 info  ready  http=http://127.0.0.1:7452 pid=12` */
export function renderLine(line: string, page: Page): string {
  const entry = parse(line)
  if (entry === null) return clean(line)
  const { level, time, msg, ...fields } = entry
  const word = String(level)
  const facts = Object.entries(fields).map(([key, value]) => `${clean(key)}=${factText(value)}`)
  const when = typeof time === 'string' ? clockTime(time) : String(time)
  return [
    page.paint('quiet', when),
    page.paint(STYLES[word] ?? 'quiet', word.padEnd(5)),
    clean(String(msg)),
    ...(facts.length === 0 ? [] : [page.paint('quiet', facts.join(' '))]),
  ].join('  ')
}

const STYLES: Readonly<Record<string, Style>> = {
  error: 'bad',
  warn: 'warning',
  info: 'good',
}

function parse(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : null
  } catch {
    return null
  }
}

function factText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return /^[^\s"]+$/.test(text) ? clean(text) : clean(JSON.stringify(text))
}

async function openLog(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'r')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code !== 'ENOENT') {
      throw new SkeinError('HOME_UNUSABLE', `${file} cannot be read (${String(code)}).`, { cause })
    }
    const message = `There is no log yet: no daemon has run on this home.`
    throw new SkeinError('NOT_FOUND', message, { hint: 'skein up', data: { file } })
  }
}

/** Prints whole lines as they come, until interrupted. */
async function follow(
  at: { readonly file: string; readonly log: FileHandle },
  start: number,
  print: (lines: readonly string[]) => void,
  { interrupted }: Io,
): Promise<void> {
  let { log } = at
  let offset = start
  while (!interrupted.aborted) {
    const { size, ino } = await log.stat()
    if (offset >= size && (await isReplaced(at.file, ino))) {
      // A full log was renamed; the first one is its caller's to close.
      if (log !== at.log) await log.close()
      log = await openLog(at.file)
      offset = 0
      continue
    }
    // Emptied under our hands: what is in it now is new.
    if (size < offset) offset = 0
    const end = Math.min(size, offset + TAIL_BYTES)
    const lines = (await readFrom(log, offset, end)).split('\n')
    const rest = lines.pop() ?? ''
    if (lines.length > 0) print(lines)
    offset = end - Buffer.byteLength(rest)
    if (end === size) await delay(FOLLOW_POLL_MS, undefined, { signal: interrupted }).catch(ignore)
  }
}

async function isReplaced(file: string, ino: number): Promise<boolean> {
  const now = await stat(file).catch(() => null)
  return now !== null && now.ino !== ino
}

function ignore(): void {
  // Interrupted: the loop looks for itself.
}

async function readFrom(log: FileHandle, start: number, end: number): Promise<string> {
  const buffer = Buffer.alloc(end - start)
  const { bytesRead } = await log.read(buffer, 0, buffer.length, start)
  return buffer.toString('utf8', 0, bytesRead)
}
