// How soon the other machines know: a grant in their event streams, and a place in the queue that becomes a grant after a
// release elsewhere.
import type { Bench } from '../bench.ts'
import { judge, makeRow, milliseconds, type Row } from '../row.ts'
import { quantile, sortNumbers } from '../stats.ts'
import { REPO, type Cluster } from './cluster.ts'
import { readEvents } from './events.ts'

/** Events of 10 ms share a write: grants come further apart. */
const APART_MS = 20

export async function arrivalRow(bench: Bench, cluster: Cluster): Promise<Row> {
  const [asking, other] = await cluster.followers()
  const leader = await cluster.leader()
  if (asking === undefined || other === undefined) throw new Error('there are no followers')
  const readers = await Promise.all(
    [leader, other].map(({ daemon }) => readEvents(daemon.socket, REPO)),
  )
  const party = await cluster.party(asking, 'arrival')
  const late: number[] = []
  const whole: number[] = []
  for (let turn = 0; turn < bench.count(300, 30); turn++) {
    const key = `arrival/${String(turn)}.ts`
    const seen = Promise.all(readers.map((reader) => reader.awaitWord(key)))
    const askedAt = performance.now()
    await party.call('claim', { scopes: [{ kind: 'file', pattern: key }] })
    const grantedAt = performance.now()
    const seenAt = Math.max(...(await seen))
    late.push(Math.max(0, seenAt - grantedAt))
    whole.push(seenAt - askedAt)
    if (turn % 50 === 49) await party.call('release', { mine: true })
    await bench.ground.sleep(APART_MS)
  }
  await party.call('release', { mine: true })
  for (const one of [...readers, party]) one.close()
  const p50 = quantile(sortNumbers(late), 0.5)
  return makeRow(
    'a grant in the event streams of the other two, after its answer, p50',
    `${milliseconds(p50)} ms`,
    {
      atLeast: '2 ms',
      aim: '1 ms',
      verdict: judge([{ value: p50, atLeast: 2, aim: 1, better: 'less' }]),
      figures: {
        p50,
        p99: quantile(sortNumbers(late), 0.99),
        'after its question p50': quantile(sortNumbers(whole), 0.5),
      },
    },
  )
}

export async function handOverRow(bench: Bench, cluster: Cluster): Promise<Row> {
  const [holding, waiting] = await cluster.followers()
  if (holding === undefined || waiting === undefined) throw new Error('there are no followers')
  const holder = await cluster.party(holding, 'holder')
  const waiter = await cluster.party(waiting, 'waiter')
  const looker = await cluster.party(holding, 'looker')
  const times: number[] = []
  for (let turn = 0; turn < bench.count(200, 20); turn++) {
    const scopes = [{ kind: 'file', pattern: `hand-over/${String(turn)}.ts` }]
    await holder.call('claim', { scopes })
    const granted = waiter.call('claim', { scopes, wait_s: 30 })
    while (!JSON.stringify(await looker.call('queue', {})).includes('hand-over/'))
      await bench.ground.sleep(1)
    const askedAt = performance.now()
    const released = holder.call('release', { mine: true })
    await granted
    times.push(performance.now() - askedAt)
    await released
    await waiter.call('release', { mine: true })
  }
  for (const one of [holder, waiter, looker]) one.close()
  const sorted = sortNumbers(times)
  const p50 = quantile(sorted, 0.5)
  return makeRow(
    'hand-over from one follower to another, from the question for the release, p50',
    `${milliseconds(p50)} ms`,
    {
      atLeast: '5 ms',
      aim: '2 ms',
      verdict: judge([{ value: p50, atLeast: 5, aim: 2, better: 'less' }]),
      figures: { p50, p99: quantile(sorted, 0.99) },
    },
  )
}
