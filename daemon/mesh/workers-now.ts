// How far workers on other machines are, for boards. Their machines are asked only while somebody looks, each once in a while, and a
// machine that is slow to answer holds nobody up: what it says comes with the next look.
import { setTimeout as delay } from 'node:timers/promises'
import { SkeinError, type AssignmentId, type PeerId, type RepoId } from '../../protocol/index.ts'
import type { WorkerTold } from './fleet-questions.ts'

/** By assignment; null: the machine cannot be asked. */
export type ToldByMachine = ReadonlyMap<AssignmentId, WorkerTold> | null

export interface WorkersNow {
  /** What each machine said last; absent: it is being asked for the first time. */
  look(
    repo: RepoId,
    open: ReadonlyMap<PeerId, readonly AssignmentId[]>,
  ): Promise<ReadonlyMap<PeerId, ToldByMachine>>
}

export interface WorkersNowOptions {
  /** @throws SkeinError */
  readonly ask: (
    peer: PeerId,
    asked: { readonly repo: RepoId; readonly ids: readonly AssignmentId[] },
  ) => Promise<ReadonlyMap<AssignmentId, WorkerTold>>
  /** Milliseconds of a clock that only rises. */
  readonly now: () => number
}

/** A person who watches a worker sees no difference. */
const ASK_AGAIN_MS = 1_500
/** Somebody looks at a board that opens. */
const FIRST_MS_MAX = 300
/** What was said before nobody looked any more is not of now. */
const OLD_MS = 10_000

interface Known {
  told: ToldByMachine
  at: number
  askedAt: number
  /** Which were asked for. */
  ids: string
  answer: Promise<void> | null
}

export function createWorkersNow({ ask, now }: WorkersNowOptions): WorkersNow {
  const machines = new Map<string, Known>()

  async function askOne(
    known: Known,
    repo: RepoId,
    peer: PeerId,
    ids: readonly AssignmentId[],
  ): Promise<void> {
    try {
      known.told = await ask(peer, { repo, ids })
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error
      known.told = null
    } finally {
      known.at = now()
      known.answer = null
    }
  }

  function refresh(repo: RepoId, peer: PeerId, ids: readonly AssignmentId[]): Known {
    const key = `${repo} ${peer}`
    const known = machines.get(key) ?? { ...NEVER }
    machines.set(key, known)
    const asked = ids.join(' ')
    const isDue = known.ids !== asked || now() - known.askedAt >= ASK_AGAIN_MS
    if (known.answer === null && isDue) {
      Object.assign(known, { askedAt: now(), ids: asked })
      known.answer = askOne(known, repo, peer, ids)
    }
    return known
  }

  return {
    async look(repo, open) {
      const asked = [...open].map(([peer, ids]) => ({ peer, known: refresh(repo, peer, ids) }))
      const isFresh = ({ at }: Known): boolean => now() - at <= OLD_MS
      const first = asked.flatMap(({ known }) => (isFresh(known) ? [] : (known.answer ?? [])))
      if (first.length > 0) await within(Promise.all(first), FIRST_MS_MAX)
      return new Map(
        asked.flatMap(({ peer, known }) => (isFresh(known) ? [[peer, known.told] as const] : [])),
      )
    },
  }
}

const NEVER: Known = { told: null, at: -Infinity, askedAt: -Infinity, ids: '', answer: null }

async function within(work: Promise<unknown>, ms: number): Promise<void> {
  const enough = new AbortController()
  const late = delay(ms, undefined, { signal: enough.signal, ref: false }).catch(() => undefined)
  await Promise.race([work, late])
  enough.abort()
}
