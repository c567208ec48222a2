// The presence documents: made of what the operations say, as long as somebody looks. The mark moves with each commit; the rest
// follows a moment later, at most some times a second.
import type { PresenceState } from '../../protocol/index.ts'
import type { LedgerHost } from '../ledger-host.ts'
import type { SyncDocument, SyncReader } from './document.ts'
import { createStates, type States } from './states.ts'

export interface PresenceSource {
  /** The ledger whose mark it tells; null: none is served now. */
  readonly host: () => LedgerHost | null
  /** Everything else, as it is now. */
  readonly look: () => Promise<readonly PresenceState[]>
}

/** After a step of the ledger: what a person cannot tell from at once. */
const SOON_MS = 40
/** While steps go on. */
const AGAIN_MS = 250
/** What changes without a step: round trips, signs of life, who is away. */
const IDLE_MS = 1_000

export function presenceDocument(
  source: PresenceSource,
  onFailure: (error: unknown) => void,
): SyncDocument {
  const readers = new Set<SyncReader>()
  const states = createStates((told) => {
    for (const reader of readers) reader.onStates(told)
  })
  let end: (() => void) | null = null
  return {
    // The document itself is empty: its state vector is that of anybody who has nothing.
    diff: () => EMPTY_UPDATE,
    states: states.all,
    follow(reader) {
      const own = { ...reader }
      readers.add(own)
      end ??= publish(source, states, onFailure)
      return () => {
        readers.delete(own)
        if (readers.size > 0) return
        end?.()
        end = null
      }
    },
  }
}

/** No structs, no deletions. */
const EMPTY_UPDATE = new Uint8Array([0, 0])

function publish(
  { host, look }: PresenceSource,
  states: States,
  onFailure: (error: unknown) => void,
): () => void {
  let isOver = false
  let isLooking = false
  let lookedAt = -Infinity
  let timer: NodeJS.Timeout | null = null
  let followed: LedgerHost | null = null
  let leave: () => void = () => undefined

  const mark = (): void => {
    const applied = followed?.loop.view().state.applied
    if (applied !== undefined && applied.hash !== '') states.set({ kind: 'mark', ...applied })
  }
  const followHost = (): void => {
    const now = host()
    if (now === followed) return
    leave()
    followed = now
    leave =
      now?.feed.follow({ onUpdate: ignore, onAnew: ignore, onMark: mark, onStep: soon }) ?? ignore
    mark()
  }
  const lookNow = async (): Promise<void> => {
    if (isLooking || isOver) return
    isLooking = true
    try {
      followHost()
      for (const state of await look()) states.set(state)
    } catch (error) {
      onFailure(error)
    } finally {
      isLooking = false
      lookedAt = performance.now()
    }
  }
  function soon(): void {
    if (timer !== null || isOver) return
    const sinceMs = performance.now() - lookedAt
    timer = setTimeout(
      () => {
        timer = null
        void lookNow()
      },
      Math.max(SOON_MS, AGAIN_MS - sinceMs),
    ).unref()
  }
  void lookNow()
  const idle = setInterval(() => void lookNow(), IDLE_MS).unref()
  return () => {
    isOver = true
    clearInterval(idle)
    if (timer !== null) clearTimeout(timer)
    leave()
  }
}

function ignore(): void {
  // Of updates the ledger's own document tells.
}
