// When a link was heard, when it spoke, and what follows: a ping, or that the peer is gone. Times come in as milliseconds of
// one monotonic clock; nothing here waits.

export interface VitalsTiming {
  /** A ping leaves when nothing else did for so long. */
  readonly pingMs: number
  /** A ping that waits for so long for any sign of life says that the peer does not answer now. */
  readonly doubtMs: number
  /** Without a byte from the peer for so long, it is gone. */
  readonly silentMs: number
  /** The round trip is measured at least so often. */
  readonly measureMs: number
  /** A link that held so long is worth an immediate new one when it breaks. */
  readonly steadyMs: number
  /** A peer that sent what is no frame is let in again after this, doubled for each time in a row. */
  readonly penaltyMs: number
}

export interface Vitals {
  noteUp(now: number): void
  noteHeard(now: number): void
  noteSent(now: number): void
  notePinged(now: number): void
  /** Nothing was heard since it was asked for a sign of life, some time ago. */
  isDoubtful(now: number): boolean
  /** Is it worth asking for a sign of life? Not while one is awaited, nor right after one. */
  mayProbe(now: number): boolean
  /** What is due, asked at least four times in silentMs. */
  check(now: number): 'ping' | 'silent' | null
  /** @returns whether a new link is worth seeking at once: not when it breaks again and again. */
  noteDown(now: number): boolean
  noteOffence(now: number): void
  isPunished(now: number): boolean
}

/** Breaks in a row of a link that did not hold, after which it is not sought at once any more. */
const FLAPS_MAX = 3
/** Doublings of the penalty: to about a minute. */
const PENALTIES_MAX = 6

export function createVitals(timing: VitalsTiming): Vitals {
  let upAt = 0
  let heardAt = 0
  let sentAt = 0
  let pingedAt: number | null = null
  let measuredAt = 0
  let checkedAt: number | null = null
  let flaps = 0
  let offences = 0
  let punishedUntil = -Infinity
  return {
    noteUp(now) {
      upAt = heardAt = sentAt = measuredAt = checkedAt = now
      pingedAt = null
    },
    noteHeard(now) {
      heardAt = now
      pingedAt = null
    },
    noteSent(now) {
      sentAt = now
    },
    notePinged(now) {
      pingedAt ??= now
    },
    isDoubtful: (now) => pingedAt !== null && now - pingedAt >= timing.doubtMs,
    mayProbe: (now) => pingedAt === null && now - heardAt >= timing.doubtMs / 4,
    check(now) {
      // This process itself stood still: what came meanwhile is not read yet, so nothing can be said about the peer.
      const stoodMs = Math.max(0, now - (checkedAt ?? now) - timing.silentMs / 4)
      heardAt += stoodMs
      if (pingedAt !== null) pingedAt += stoodMs
      checkedAt = now
      if (now - upAt >= timing.steadyMs) flaps = offences = 0
      if (now - heardAt >= timing.silentMs) return 'silent'
      if (now - sentAt < timing.pingMs && now - measuredAt < timing.measureMs) return null
      measuredAt = now
      return 'ping'
    },
    noteDown(now) {
      flaps = now - upAt >= timing.steadyMs ? 0 : flaps + 1
      return flaps <= FLAPS_MAX
    },
    noteOffence(now) {
      punishedUntil = now + timing.penaltyMs * 2 ** Math.min(offences++, PENALTIES_MAX)
    },
    isPunished: (now) => now < punishedUntil,
  }
}
