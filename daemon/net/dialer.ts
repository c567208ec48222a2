// Seeks one peer until it is told to rest: tries its addresses, best first, each a little after the one before, and waits
// longer after each time that none worked. libp2p's own queue is not used: it dials one address after another, and
// remembers strangers.
import type { Connection } from '@libp2p/interface'

/** What a round of dialling came to, when it did not come to a connection. */
export type DialFailure = 'refused' | 'unreachable'

export interface DialerOptions {
  /** One address, one connection to this very peer. */
  readonly dial: (address: string, signal: AbortSignal) => Promise<Connection>
  readonly onConnection: (connection: Connection, address: string) => void
  readonly onFailure: (failure: DialFailure, errors: readonly unknown[]) => void
  /** 0 … 1 */
  readonly random: () => number
  readonly timing: DialTiming
}

export interface DialTiming {
  /** A round of dialling, from the first address to a whole connection. */
  readonly dialMs: number
  /** The next address is tried this long after the one before, if that has not failed by then (RFC 8305, section 5). */
  readonly staggerMs: number
  readonly backoffMsMin: number
  readonly backoffMsMax: number
}

export interface Dialer {
  /** Best first. Ones that are new are tried at once by a dialer that seeks. */
  setAddresses(addresses: readonly string[]): void
  /** Seeks, from now on at once and then in growing intervals; no-op while a round is under way. */
  seek(): void
  /** Seeks, but only after the interval that is due. */
  seekLater(): void
  /** No more dialling; a round under way is given up. */
  rest(): void
}

export function createDialer(options: DialerOptions): Dialer {
  const { timing } = options
  let addresses: readonly string[] = []
  let failures = 0
  let round: AbortController | null = null
  let timer: NodeJS.Timeout | null = null

  const stopTimer = (): void => {
    if (timer !== null) clearTimeout(timer)
    timer = null
  }

  const stopRound = (): void => {
    const given = round
    round = null
    given?.abort()
  }

  const wait = (): void => {
    stopTimer()
    const delay = backoffMs(failures++, timing, options.random)
    timer = setTimeout(start, delay)
  }

  const start = (): void => {
    stopTimer()
    if (round !== null || addresses.length === 0) return
    const current = new AbortController()
    round = current
    void dialFirst(addresses, options, current.signal).then((result) => {
      if (round !== current) {
        if (result.kind === 'connected') result.connection.abort(new Error('not sought any more'))
        return
      }
      round = null
      if (result.kind === 'connected') {
        addresses = [result.address, ...addresses.filter((address) => address !== result.address)]
        options.onConnection(result.connection, result.address)
      } else {
        wait()
        options.onFailure(result.failure, result.errors)
      }
    })
  }

  return {
    setAddresses(next) {
      const hasNew = next.some((address) => !addresses.includes(address))
      addresses = next
      if (!hasNew) return
      failures = 0
      if (round === null && timer === null) return
      stopRound()
      start()
    },
    seek() {
      failures = 0
      start()
    },
    seekLater() {
      if (round === null && timer === null) wait()
    },
    rest() {
      stopTimer()
      failures = 0
      stopRound()
    },
  }
}

/** Doubles from the least to the most, and is spread by half: machines that lost the same peer do not return as one. */
export function backoffMs(failures: number, timing: DialTiming, random: () => number): number {
  const full = Math.min(timing.backoffMsMax, timing.backoffMsMin * 2 ** Math.min(failures, 30))
  return full * (0.5 + random() / 2)
}

interface ConnectedRound {
  readonly kind: 'connected'
  readonly connection: Connection
  readonly address: string
}

type Round =
  | ConnectedRound
  | { readonly kind: 'failed'; readonly failure: DialFailure; readonly errors: readonly unknown[] }

/** The first connection that comes about; the others are given up. */
export async function dialFirst(
  addresses: readonly string[],
  { dial, timing }: Pick<DialerOptions, 'dial' | 'timing'>,
  signal: AbortSignal,
): Promise<Round> {
  const errors: unknown[] = []
  const attempts: Attempt[] = []
  const over = new AbortController()
  let chosen: Round | null = null
  const stop = (): void => {
    over.abort()
    for (const attempt of attempts) attempt.giveUp(chosen)
  }
  const timer = setTimeout(stop, timing.dialMs)
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  try {
    for (const address of addresses) {
      if (over.signal.aborted) break
      const attempt = startAttempt(address, dial, errors)
      attempts.push(attempt)
      const patience = pause(timing.staggerMs)
      chosen = await Promise.race([attempt.result, firstOf(attempts), patience.over])
      patience.end()
      if (chosen !== null) return chosen
    }
    chosen = await firstOf(attempts)
    return chosen ?? { kind: 'failed', failure: kindOf(errors), errors }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    stop()
  }
}

interface Attempt {
  /** null: it failed, or was given up. */
  readonly result: Promise<Round | null>
  /** Unless it came to the round that was chosen. */
  giveUp(chosen: Round | null): void
}

function startAttempt(address: string, dial: DialerOptions['dial'], errors: unknown[]): Attempt {
  // One of its own, and not used after success: the socket stays bound to it for its whole life.
  const controller = new AbortController()
  let round: ConnectedRound | null = null
  const result = dial(address, controller.signal).then(
    (connection): Round | null => {
      round = { kind: 'connected', connection, address }
      if (!controller.signal.aborted) return round
      connection.abort(new Error('given up'))
      return null
    },
    (error: unknown) => {
      errors.push(error)
      return null
    },
  )
  const giveUp = (chosen: Round | null): void => {
    if (round === null) controller.abort()
    else if (round !== chosen) round.connection.abort(new Error('another address was faster'))
  }
  return { result, giveUp }
}

/** The first that comes to something, null once all have come to nothing. */
function firstOf(attempts: readonly Attempt[]): Promise<Round | null> {
  return new Promise((resolve) => {
    let left = attempts.length
    if (left === 0) resolve(null)
    for (const { result } of attempts) {
      void result.then((round) => {
        left--
        if (round !== null || left === 0) resolve(round)
      })
    }
  })
}

function pause(ms: number): { readonly over: Promise<null>; end(): void } {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, ms, null)
  })
  return {
    over,
    end: () => {
      clearTimeout(timer)
    },
  }
}

const CERTAIN = ['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN']

/** Nobody listens: somebody said so, and no address left it open by its silence. */
function kindOf(errors: readonly unknown[]): DialFailure {
  const codes = errors.map(codeOf)
  const isCertain = codes.every((code) => code === 'ECONNREFUSED' || CERTAIN.includes(code))
  return isCertain && codes.includes('ECONNREFUSED') ? 'refused' : 'unreachable'
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : ''
}
