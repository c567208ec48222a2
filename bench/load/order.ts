// What the bench tells the callers' process, and what it hears back.
import type { Target } from './caller.ts'

export interface Order {
  readonly target: Target
  /** Callers are spread over these too. */
  readonly also?: readonly Target[]
  readonly callers: number
  readonly act: 'claim' | 'release' | 'lifecycle' | 'check' | 'ping'
  /** Between rounds claims are given back, outside of the measured time. */
  readonly rounds: number
  /** Questions of each caller in a round. */
  readonly turns: number
  /** Each caller takes its own part of them, in turn. */
  readonly keys: readonly string[]
  /** Leave the claims where they are. */
  readonly keep?: boolean
}

export interface Outcome {
  /** Milliseconds from question to answer. */
  readonly p50: number
  readonly p99: number
  readonly perSecond: number
  readonly count: number
}
