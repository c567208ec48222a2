import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Connection } from '@libp2p/interface'
import {
  backoffMs,
  createDialer,
  dialFirst,
  type DialerOptions,
} from '../../../daemon/net/dialer.ts'

const TIMING = { dialMs: 10_000, staggerMs: 20, backoffMsMin: 1, backoffMsMax: 8 }
const refusal = () => Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
const never = new AbortController().signal

/** Addresses by what becomes of a dial to them; what is given up says so. */
function network(outcomes: Readonly<Record<string, Error | 'hangs' | 'connects'>>) {
  const log: string[] = []
  const dial = (address: string, signal: AbortSignal): Promise<Connection> => {
    log.push(address)
    const outcome = outcomes[address]
    if (outcome instanceof Error) return Promise.reject(outcome)
    if (outcome === 'connects') {
      const connection = { address, abort: () => log.push(`${address} cut`) }
      return Promise.resolve(connection as unknown as Connection)
    }
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        log.push(`${address} given up`)
        reject(new Error('aborted'))
      })
    })
  }
  return { log, dial }
}

describe('a round of dialling', () => {
  it('takes the first address that works, and starts the next at once after a failure', async () => {
    const { log, dial } = network({ a: refusal(), b: 'connects', c: 'connects' })
    const round = await dialFirst(['a', 'b', 'c'], { dial, timing: TIMING }, never)
    assert.deepEqual([round.kind, log], ['connected', ['a', 'b']])
  })

  it('starts the next a little later while one hangs, and gives the slow one up', async () => {
    const { log, dial } = network({ a: 'hangs', b: 'connects' })
    const round = await dialFirst(['a', 'b'], { dial, timing: TIMING }, never)
    assert.equal(round.kind === 'connected' && round.address, 'b')
    assert.deepEqual(log, ['a', 'b', 'a given up'])
  })

  it('ends with its time, and with its signal', async () => {
    const { log, dial } = network({ a: 'hangs' })
    const short = { ...TIMING, dialMs: 30 }
    const round = await dialFirst(['a'], { dial, timing: short }, never)
    assert.equal(round.kind === 'failed' && round.failure, 'unreachable')
    const left = new AbortController()
    const leaving = dialFirst(['a'], { dial, timing: TIMING }, left.signal)
    left.abort()
    assert.equal((await leaving).kind, 'failed')
    assert.deepEqual(log, ['a', 'a given up', 'a', 'a given up'])
    assert.equal((await dialFirst(['a'], { dial, timing: TIMING }, left.signal)).kind, 'failed')
    assert.equal(log.length, 4)
  })

  it('says that nobody listens only when no address left it open', async () => {
    const gone = Object.assign(new Error('gone'), { code: 'EHOSTUNREACH' })
    const outcomes = { a: refusal(), b: gone, c: new Error('handshake'), d: 'hangs' } as const
    const { dial } = network(outcomes)
    const short = { ...TIMING, dialMs: 30, staggerMs: 1 }
    const failureOf = async (...addresses: string[]) => {
      const round = await dialFirst(addresses, { dial, timing: short }, never)
      return round.kind === 'failed' && round.failure
    }
    assert.equal(await failureOf('a'), 'refused')
    assert.equal(await failureOf('a', 'b'), 'refused')
    assert.equal(await failureOf('b'), 'unreachable')
    assert.equal(await failureOf('a', 'c'), 'unreachable')
    assert.equal(await failureOf('a', 'd'), 'unreachable')
    assert.equal(await failureOf(), 'unreachable')
  })
})

describe('a dialer', () => {
  const start = (dial: DialerOptions['dial'], timing = TIMING) => {
    const failures: string[] = []
    let onFailure: () => void = () => undefined
    const connected = new Promise<string>((resolve) => {
      const dialer = createDialer({
        dial,
        timing,
        random: () => 0.5,
        onConnection: (_connection, address) => {
          resolve(address)
        },
        onFailure: (failure) => {
          failures.push(failure)
          onFailure()
        },
      })
      dialers.push(dialer)
    })
    const failed = (times: number) =>
      new Promise<void>((resolve) => {
        onFailure = () => {
          if (failures.length >= times) resolve()
        }
        onFailure()
      })
    const dialer = dialers.at(-1)
    assert.ok(dialer !== undefined)
    return { dialer, failures, failed, connected }
  }
  const dialers: ReturnType<typeof createDialer>[] = []

  it('goes on until it is told to rest, and not before it is told to seek', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { log, dial } = network({ a: refusal() })
    const { dialer, failures } = start(dial)
    const pass = async (ms: number): Promise<void> => {
      t.mock.timers.tick(ms)
      await new Promise(setImmediate)
    }
    dialer.setAddresses(['a'])
    await pass(1_000)
    assert.deepEqual(log, [])
    dialer.seek()
    await pass(0)
    for (let round = 0; round < 4; round++) await pass(TIMING.backoffMsMax)
    assert.equal(log.length, 5)
    dialer.rest()
    await pass(1_000)
    assert.equal(log.length, 5)
    assert.equal(failures[0], 'refused')
  })

  it('tries an address that is new at once, however long it was to wait', async () => {
    const { dial } = network({ a: refusal(), b: 'connects' })
    const { dialer, failed, connected } = start(dial, {
      ...TIMING,
      backoffMsMin: 60_000,
      backoffMsMax: 60_000,
    })
    dialer.setAddresses(['a'])
    dialer.seek()
    await failed(1)
    dialer.setAddresses(['a', 'b'])
    assert.equal(await connected, 'b')
  })

  it('does not wait for a round with the old addresses either', async () => {
    const { log, dial } = network({ a: 'hangs', b: 'connects' })
    const { dialer, connected } = start(dial)
    dialer.setAddresses(['a'])
    dialer.seek()
    dialer.setAddresses(['b'])
    assert.equal(await connected, 'b')
    assert.deepEqual(log, ['a', 'a given up', 'b'])
  })

  it('gives a round up when it is told to rest', () => {
    const { log, dial } = network({ a: 'hangs' })
    const { dialer } = start(dial)
    dialer.setAddresses(['a'])
    dialer.seek()
    dialer.rest()
    assert.deepEqual(log, ['a', 'a given up'])
  })

  it('waits twice as long each time up to a bound, spread by half', () => {
    const timing = { ...TIMING, backoffMsMin: 250, backoffMsMax: 30_000 }
    const waits = (random: number) =>
      [0, 1, 2, 6, 7, 50].map((failures) => backoffMs(failures, timing, () => random))
    assert.deepEqual(waits(0), [125, 250, 500, 8_000, 15_000, 15_000])
    assert.deepEqual(waits(1), [250, 500, 1_000, 16_000, 30_000, 30_000])
  })
})
