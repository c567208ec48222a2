// The times and bounds of the transport, with their reasons; tests pass others.
import { LIMITS } from '../../protocol/index.ts'
import type { DialTiming } from './dialer.ts'
import type { LinkTiming } from './link/link.ts'
import type { QuestionTiming } from './door/question.ts'

export interface NetTiming extends DialTiming, LinkTiming, QuestionTiming {
  /** From an accepted socket to a connection that can carry streams. */
  readonly upgradeMs: number
  /** Of it, for the proof of a key: the first packet of whoever has one. */
  readonly proofMs: number
  /** For what was sent last to leave at the end. */
  readonly closeMs: number
  /** Lines of the log about one matter come at most so often. */
  readonly logMs: number
}

export interface NetLimits {
  readonly messageBytesMax: number
  /** For one peer: two of the largest messages, or some seconds of a slow line. */
  readonly waitingBytesMax: number
  /** Strangers at once, and let in each second: a handshake takes milliseconds of the one thread. */
  readonly strangersMax: number
  readonly strangersPerSecond: number
}

export const NET_TIMING: NetTiming = {
  dialMs: 10_000,
  staggerMs: 250,
  backoffMsMin: 250,
  backoffMsMax: 30_000,
  settleMs: 5_000,
  pingMs: 5_000,
  // Longer than a round trip of any line that one works over, and than most pauses of a busy process.
  doubtMs: 2_000,
  silentMs: 15_000,
  measureMs: 30_000,
  steadyMs: 5_000,
  penaltyMs: 1_000,
  askMs: 5_000,
  answerMs: 10_000,
  upgradeMs: 5_000,
  proofMs: 2_000,
  closeMs: 1_000,
  logMs: 10_000,
}

export const NET_LIMITS: NetLimits = {
  messageBytesMax: LIMITS.peerMessageBytesMax,
  waitingBytesMax: 33_554_432,
  strangersMax: 16,
  strangersPerSecond: 32,
}
