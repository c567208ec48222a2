// Structured logs: one constant message, facts as fields. NDJSON into the home's file, and to stderr where a person
// watches. `error` means that a person must act.
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import pino from 'pino'

export interface Log {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void
  info(fields: Readonly<Record<string, unknown>>, message: string): void
  warn(fields: Readonly<Record<string, unknown>>, message: string): void
  error(fields: Readonly<Record<string, unknown>>, message: string): void
}

export const LOG_FILE = path.join('logs', 'daemon.ndjson')

/** Secrets never reach a log, whatever object they come in. */
const SECRETS = ['token', 'authorization', 'headers.authorization', '*.token', '*.authorization']

export function openLog(home: string, options: { readonly toStderr: boolean }): Log {
  const file = path.join(home, LOG_FILE)
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  const streams: pino.StreamEntry[] = [
    {
      level: 'debug',
      stream: pino.destination({ dest: file, sync: false, mkdir: true, mode: 0o600 }),
    },
  ]
  if (options.toStderr)
    streams.push({ level: 'info', stream: pino.destination({ dest: 2, sync: true }) })
  const settings = {
    level: 'debug',
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: SECRETS, censor: '[secret]' },
  }
  return pino(settings, pino.multistream(streams))
}
