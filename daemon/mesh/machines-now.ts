// How the other machines are, for people: within reach or not, and how busy. They are asked only while somebody looks, and nothing
// is decided by what they say.
import { availableParallelism, loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { SkeinError, type OperationResult, type PeerId } from '../../protocol/index.ts'
import type { Switchboard } from './switchboard.ts'

export type Presence = OperationResult<'members'>[number]['presence']

export interface MachinesNow {
  presence(peer: PeerId): Presence
  /** Null: not told, or too long ago to be of now. */
  load(peer: PeerId): number | null
  /** So many workers it lets be at once; null: not told. */
  workersMax(peer: PeerId): number | null
  /** Asks whoever was not asked lately; waits only for those of whom nothing is known yet, and not for long. */
  refresh(): Promise<void>
}

export interface MachinesNowOptions {
  readonly board: Pick<Switchboard, 'ask' | 'answer' | 'isReady' | 'links' | 'leaving'>
  readonly self: PeerId
  /** Of the mesh, this one too. */
  readonly members: () => readonly PeerId[]
  /** Milliseconds of a clock that only rises. */
  readonly now: () => number
  readonly load?: () => number
  /** So many workers this machine lets be at once. */
  readonly workersMax: number
}

const METHOD = 'machine.load'
/** The average that is asked for is over a minute. */
const ASK_AGAIN_MS = 5_000
/** Somebody waits for a list. */
const FIRST_MS_MAX = 300
const ANSWER_MS_MAX = 3_000
const OLD_MS = 30_000

const answerSchema = z.looseObject({
  load: z.number().min(0).max(10_000),
  // A machine of an earlier version tells none.
  workers_max: z.int().min(0).max(10_000).optional(),
})

interface Told {
  readonly load: number | null
  readonly workersMax: number | null
  readonly at: number
}

export function createMachinesNow(options: MachinesNowOptions): MachinesNow {
  const { board, self, members, now, load: own = loadPerCore, workersMax } = options
  const told = new Map<PeerId, Told>()
  const askedAt = new Map<PeerId, number>()
  board.answer(METHOD, () => Promise.resolve({ load: own(), workers_max: workersMax }))

  async function ask(peer: PeerId): Promise<void> {
    askedAt.set(peer, now())
    try {
      const answer = answerSchema.parse(await board.ask(peer, METHOD, {}, ANSWER_MS_MAX))
      const most = answer.workers_max ?? null
      told.set(peer, { load: rounded(answer.load), workersMax: most, at: now() })
    } catch (error) {
      // An older version does not answer this, and a machine that sleeps answers nothing.
      if (!(error instanceof SkeinError) && !(error instanceof z.ZodError)) throw error
      if (!told.has(peer)) told.set(peer, { load: null, workersMax: null, at: now() })
    }
  }

  function isDue(peer: PeerId): boolean {
    return now() - (askedAt.get(peer) ?? -Infinity) >= ASK_AGAIN_MS
  }

  return {
    presence(peer) {
      if (peer === self) return 'here'
      const found = board.links().find(({ link }) => link.peer === peer)
      if (board.isReady(peer)) return found?.link.isDoubtful === true ? 'silent' : 'up'
      const left = board.leaving(peer)
      return left?.how === 'silent' && left.hello.alwaysOn !== true ? 'asleep' : 'away'
    },
    load(peer) {
      if (peer === self) return rounded(own())
      const known = told.get(peer)
      return known === undefined || now() - known.at > OLD_MS ? null : known.load
    },
    workersMax: (peer) => (peer === self ? workersMax : (told.get(peer)?.workersMax ?? null)),
    async refresh() {
      const present = members().filter((peer) => peer !== self && board.isReady(peer))
      for (const peer of told.keys()) if (!present.includes(peer)) told.delete(peer)
      const unknown = present.filter((peer) => !told.has(peer))
      const asked = present.filter(isDue).map((peer) => ({ peer, answer: ask(peer) }))
      const awaited = asked.filter(({ peer }) => unknown.includes(peer))
      await within(Promise.all(awaited.map(({ answer }) => answer)), FIRST_MS_MAX)
    },
  }
}

/** Processes that run or want to, for each core, over the last minute. */
function loadPerCore(): number {
  return (loadavg()[0] ?? 0) / availableParallelism()
}

function rounded(load: number): number {
  return Math.round(load * 100) / 100
}

async function within(work: Promise<unknown>, ms: number): Promise<void> {
  const enough = new AbortController()
  const late = delay(ms, undefined, { signal: enough.signal, ref: false }).catch(() => undefined)
  await Promise.race([work, late])
  enough.abort()
}
