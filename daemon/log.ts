// Structured logs: one constant message, facts as fields. NDJSON into the home's file, and to stderr where a person
// watches. `error` means that a person must act. Bounded: a full file becomes `daemon.1.ndjson`, and the oldest goes.
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import path from 'node:path'
import pino from 'pino'

export interface Log {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void
  info(fields: Readonly<Record<string, unknown>>, message: string): void
  warn(fields: Readonly<Record<string, unknown>>, message: string): void
  error(fields: Readonly<Record<string, unknown>>, message: string): void
}

export interface LogOptions {
  readonly toStderr: boolean
  readonly level: 'info' | 'debug'
  /** Of all files together. */
  readonly bytesMax: number
}

export const LOG_FILE = path.join('logs', 'daemon.ndjson')

/** The growing one, and those before it. */
const FILES = 4
/** Secrets never reach a log, whatever object they come in. */
const SECRETS = ['token', 'authorization', 'headers.authorization', '*.token', '*.authorization']

export function openLog(home: string, options: LogOptions): Log {
  const file = path.join(home, LOG_FILE)
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  const { level } = options
  const streams: pino.StreamEntry[] = [{ level, stream: openRotated(file, options.bytesMax) }]
  if (options.toStderr)
    streams.push({ level: 'info', stream: pino.destination({ dest: 2, sync: true }) })
  const settings = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: SECRETS, censor: '[secret]' },
  }
  return pino(settings, pino.multistream(streams))
}

/** Lines into a file that makes room for itself before it is too large. */
function openRotated(file: string, bytesMax: number): pino.DestinationStream {
  // Synchronous: lines are few, the last ones before a crash matter most, and a renamed file gets nothing more.
  const stream = pino.destination({ dest: file, sync: true, mkdir: true, mode: 0o600 })
  const most = Math.floor(bytesMax / FILES)
  let bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  return {
    write(line) {
      const added = Buffer.byteLength(line)
      if (bytes > 0 && bytes + added > most) {
        shift(file)
        stream.reopen(file)
        bytes = 0
      }
      bytes += added
      stream.write(line)
    },
  }
}

/** `daemon.2` becomes `daemon.3`, and so on up to the growing one; what was the last is overwritten. */
function shift(file: string): void {
  for (let age = FILES - 1; age > 0; age--) {
    const younger = agedName(file, age - 1)
    if (existsSync(younger)) renameSync(younger, agedName(file, age))
  }
}

function agedName(file: string, age: number): string {
  return age === 0 ? file : file.replace(/(\.ndjson)$/, `.${String(age)}$1`)
}
