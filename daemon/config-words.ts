// The words of the configuration files: durations, addresses, names, as people write them and as schemas check them.
import { z } from 'zod'
import { isRepoId, LIMITS } from '../protocol/index.ts'

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }
const DURATION = /^(\d{1,9})([smhd])$/

/** Seconds in `90s`, `15m`, `4h` or `10d`; null for anything else. */
export function parseDuration(text: string): number | null {
  const [, count, unit = ''] = DURATION.exec(text) ?? []
  const seconds = UNIT_SECONDS[unit]
  return count === undefined || seconds === undefined ? null : Number(count) * seconds
}

/** `host:port`, `[v6]:port`, or a port alone; null for anything else. */
export function parseListenAddress(text: string): ListenAddress | null {
  const [, bracketed, plain, digits] =
    /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]+)):)?(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (digits === undefined || port > PORT_MAX) return null
  return { host: bracketed ?? plain ?? LOOPBACK, port }
}

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

export const LOOPBACK = '127.0.0.1'
export const PORT_MAX = 65_535

const MACHINE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/

export const named = z.string().min(1).max(LIMITS.nameCharactersMax)
export const pattern = z.string().min(1).max(LIMITS.patternCharactersMax)
export const command = z.string().min(1).max(4_096)
export const repoId = z.string().refine(isRepoId, 'expected an id such as owner/name')
export const port = z.int().min(0).max(PORT_MAX)
export const machineName = z
  .string()
  .max(LIMITS.nameCharactersMax)
  .regex(MACHINE_NAME, 'expected letters, digits, dots, dashes and underscores')
export const absolutePath = z.string().max(4_096).regex(/^\//, 'expected an absolute path')
export const listenAddress = z.string().transform((text, context): ListenAddress => {
  const address = parseListenAddress(text)
  if (address !== null) return address
  context.addIssue({ code: 'custom', message: 'expected host:port, as in 0.0.0.0:7451' })
  return z.NEVER
})

/** One that a connection can be opened to. */
export const dialledAddress = listenAddress.refine(
  ({ port: dialled }) => dialled > 0,
  'expected host:port with a port above 0, as in 127.0.0.1:9000',
)

const durationText = z
  .string({ error: 'expected a duration such as 90s, 15m, 4h or 10d' })
  .regex(DURATION, 'expected a duration such as 90s, 15m, 4h or 10d')

/** A duration in seconds, between two bounds that the message tells. */
export function duration(secondsMin: number, secondsMax: number) {
  const bounds = `expected a duration from ${formatDuration(secondsMin)} to ${formatDuration(secondsMax)}`
  return durationText
    .transform((text) => parseDuration(text) ?? 0)
    .refine((seconds) => seconds >= secondsMin && seconds <= secondsMax, bounds)
}

/** The shortest way to write a duration: 14400 is `4h`. */
export function formatDuration(seconds: number): string {
  for (const [unit, size] of Object.entries(UNIT_SECONDS).reverse()) {
    if (seconds >= size && seconds % size === 0) return `${String(seconds / size)}${unit}`
  }
  return `${String(seconds)}s`
}
