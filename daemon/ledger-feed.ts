// What a ledger's document takes in, to whoever keeps a copy of it: its updates as they are, and the place up to which they are
// committed. A follower decides nothing and must be quick.
import type { RecordId } from '../protocol/index.ts'
import { rotationIn } from './core/consensus/rotation-frame.ts'
import type { Frame } from './core/frame.ts'

export interface LedgerFollower {
  readonly onUpdate: (update: Uint8Array) => void
  /** The document was begun anew: a copy of the old one is of no use. */
  readonly onAnew: () => void
  /** Everything up to there is committed. */
  readonly onMark: (applied: RecordId) => void
  /** Something happened that may show: at most once in a step. */
  readonly onStep: () => void
}

export interface LedgerFeed {
  /** @returns what ends it; idempotent. */
  follow(follower: LedgerFollower): () => void
  /** What the loop wrote in one step, and how far it is after it. */
  readonly tell: (written: readonly Frame[], applied: RecordId) => void
}

export function createLedgerFeed(): LedgerFeed {
  const followers = new Set<LedgerFollower>()
  let last = ''
  return {
    follow(follower) {
      const own = { ...follower }
      followers.add(own)
      return () => {
        followers.delete(own)
      }
    },
    tell(written, applied) {
      const isFurther = applied.hash !== last
      last = applied.hash
      if (followers.size === 0) return
      for (const follower of followers) {
        for (const frame of written) {
          if (frame.kind === 'update') follower.onUpdate(frame.bytes)
          else if (rotationIn(frame) !== null) follower.onAnew()
        }
        if (isFurther) follower.onMark(applied)
        follower.onStep()
      }
    },
  }
}
