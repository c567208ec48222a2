// How long each other machine was within reach, as this one saw it: what decides whether a person is asked to let it vote. Kept in
// the home, so that a restart does not begin it anew. It advises, and decides nothing.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import type { PeerId } from '../../protocol/index.ts'
import { replaceFile } from '../home.ts'
import type { Log } from '../log.ts'

export interface Reach {
  /** Minutes within reach among the last 72 hours. */
  minutes(peer: PeerId): number
  /** Milliseconds since 1970; null: never, as far as this machine remembers. */
  lastSeenAt(peer: PeerId): number | null
  stop(): void
}

export interface ReachOptions {
  readonly home: string
  readonly wall: () => number
  /** The machines within reach now. */
  readonly present: () => readonly PeerId[]
  readonly log: Log
}

const LOOK_MS = 60_000
const HOUR_MS = 3_600_000
export const WINDOW_HOURS = 72
/** Looks between two writes of the file: a crash forgets so many minutes at most. */
const LOOKS_A_WRITE = 10
/** More machines than a mesh has; the ones seen last stay. */
const PEERS_MAX = 1_000

/** Minutes by the hour since 1970, and when it was last there. */
interface Seen {
  lastSeenAt: number
  readonly hours: Map<number, number>
}

const stored = z.record(
  z.string(),
  z.object({ lastSeenAt: z.number(), hours: z.array(z.tuple([z.int(), z.int()])).max(200) }),
)

export function startReach(options: ReachOptions): Reach {
  const { wall, present } = options
  const file = path.join(options.home, 'reach.json')
  const seen = read(file)
  let looks = 0
  const look = (): void => {
    const hour = Math.floor(wall() / HOUR_MS)
    for (const peer of present()) {
      const one = seen.get(peer) ?? { lastSeenAt: 0, hours: new Map<number, number>() }
      one.lastSeenAt = wall()
      one.hours.set(hour, Math.min(60, (one.hours.get(hour) ?? 0) + 1))
      for (const old of one.hours.keys()) if (old <= hour - WINDOW_HOURS) one.hours.delete(old)
      seen.set(peer, one)
    }
    if (++looks % LOOKS_A_WRITE === 0) keep()
  }
  // What only advises ends nothing: a full disk is found out where a promise is written.
  const keep = (): void => {
    try {
      write(file, seen)
    } catch (error) {
      options.log.warn({ error: String(error) }, 'could not note which machines are within reach')
    }
  }
  const timer = setInterval(look, LOOK_MS).unref()
  return {
    minutes(peer) {
      const hour = Math.floor(wall() / HOUR_MS)
      const hours = [...(seen.get(peer)?.hours ?? [])].filter(([at]) => at > hour - WINDOW_HOURS)
      return hours.reduce((sum, [, minutes]) => sum + minutes, 0)
    },
    lastSeenAt: (peer) => seen.get(peer)?.lastSeenAt ?? null,
    stop() {
      clearInterval(timer)
      if (seen.size > 0) keep()
    },
  }
}

/** What cannot be read is begun anew: it only advises. */
function read(file: string): Map<PeerId, Seen> {
  if (!existsSync(file)) return new Map()
  try {
    const known = stored.parse(JSON.parse(readFileSync(file, 'utf8')))
    return new Map(
      Object.entries(known).map(([peer, { lastSeenAt, hours }]) => [
        peer as PeerId,
        { lastSeenAt, hours: new Map(hours) },
      ]),
    )
  } catch {
    return new Map()
  }
}

function write(file: string, seen: ReadonlyMap<PeerId, Seen>): void {
  const latest = [...seen].sort(([, a], [, b]) => b.lastSeenAt - a.lastSeenAt).slice(0, PEERS_MAX)
  const value = Object.fromEntries(
    latest.map(([peer, { lastSeenAt, hours }]) => [peer, { lastSeenAt, hours: [...hours] }]),
  )
  replaceFile(file, `${JSON.stringify(value)}\n`)
}
