// The callers, in a process of their own so that they share no event loop with what they measure or with the bench. Runs
// one order at a time, told over the channel to its parent; connections stay open from order to order.
import type { LoadCaller, Target } from './caller.ts'
import { openMcpCaller } from './mcp-caller.ts'
import { EtcdSession } from './etcd-caller.ts'
import type { Order, Outcome } from './order.ts'
import { openRedisCaller } from './redis-caller.ts'
import { openSkeinCaller } from './skein-caller.ts'
import { openSocketCaller } from './socket-caller.ts'
import { quantile, sortNumbers } from '../stats.ts'

/** About what a record of skein holds of one claim. */
const VALUE = JSON.stringify({
  agent: 'bench@machine/load',
  description: 'x'.repeat(120),
  mode: 'exclusive',
  ttl: 14_400,
})

const opened = new Map<string, Promise<LoadCaller[]>>()

process.on('message', (order: Order) => {
  run(order).then(
    (outcome) => process.send?.({ outcome }),
    (error: unknown) =>
      process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  )
})
process.on('disconnect', () => {
  for (const callers of opened.values()) {
    void callers.then((all) => {
      all.forEach((caller) => {
        caller.close()
      })
      process.disconnect()
    })
  }
})

async function run(order: Order): Promise<Outcome> {
  const targets = [order.target, ...(order.also ?? [])]
  const callers = await callersOf(targets, order.callers)
  const latencies: number[] = []
  let busyMs = 0
  for (let round = 0; round < order.rounds; round++) {
    const startedAt = performance.now()
    await Promise.all(callers.map((caller, at) => takeTurn(order, caller, at, round, latencies)))
    busyMs += performance.now() - startedAt
    if (order.act === 'claim' && !order.keep)
      await Promise.all(callers.map((caller) => caller.release()))
  }
  const sorted = sortNumbers(latencies)
  return {
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    perSecond: (latencies.length / busyMs) * 1000,
    count: latencies.length,
  }
}

async function takeTurn(
  order: Order,
  caller: LoadCaller,
  at: number,
  round: number,
  latencies: number[],
): Promise<void> {
  const part = Math.floor(order.keys.length / order.callers)
  for (let turn = 0; turn < order.turns; turn++) {
    const key = order.keys[at * part + ((turn + round * order.turns) % part)] ?? ''
    const startedAt = performance.now()
    await act(order.act, caller, key)
    latencies.push(performance.now() - startedAt)
  }
}

function act(what: Order['act'], caller: LoadCaller, key: string): Promise<void> {
  switch (what) {
    case 'claim':
      return caller.claim(key)
    case 'release':
      return caller.release()
    case 'lifecycle':
      return caller.claim(key).then(() => caller.release())
    case 'check':
      return caller.check(key)
    case 'ping':
      return caller.ping()
  }
}

function callersOf(targets: readonly Target[], count: number): Promise<LoadCaller[]> {
  const key = JSON.stringify([targets, count])
  const known = opened.get(key)
  if (known !== undefined) return known
  const callers = openSpread(targets, count)
  opened.set(key, callers)
  return callers
}

async function openSpread(targets: readonly Target[], count: number): Promise<LoadCaller[]> {
  const names = Array.from({ length: count }, (_, i) => `caller-${String(i)}-of-${String(count)}`)
  const parts = targets.map((target, at) =>
    open(
      target,
      names.filter((_, i) => i % targets.length === at),
    ),
  )
  return (await Promise.all(parts)).flat()
}

async function open(target: Target, names: readonly string[]): Promise<LoadCaller[]> {
  switch (target.system) {
    case 'skein':
      return Promise.all(
        names.map((name) => {
          if ('mcp' in target) return openSocketCaller(target, name)
          const { port } = target
          return port === undefined || port.speaks === 'http'
            ? openSkeinCaller({ ...target, name })
            : openMcpCaller(port, name)
        }),
      )
    case 'etcd': {
      const session = await EtcdSession.open(target.port)
      return names.map((name) => session.caller(name, VALUE))
    }
    case 'redis':
      return Promise.all(names.map(() => openRedisCaller(target.port, VALUE)))
  }
}
