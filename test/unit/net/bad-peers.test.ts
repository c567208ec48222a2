import '../../../daemon/shims.ts'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { LIMITS } from '../../../protocol/index.ts'
import type { Log } from '../../../daemon/log.ts'
import type { Libp2pOptions } from '../../../daemon/net/libp2p.ts'
import { proofOf, questionKey } from '../../../daemon/net/door/admission.ts'
import { libp2pPlace, portOf, SILENT_LOG, type RealMachine } from '../../helpers/libp2p-place.ts'
import { makeMachineKey } from '../../helpers/machine-keys.ts'
import { until } from '../../helpers/poll.ts'
import { closedOf, startRawPeer } from '../../helpers/raw-peer.ts'

/** Two members with a link, and room for a third that misbehaves. */
async function twoMembers(t: TestContext, options: Partial<Libp2pOptions> = {}) {
  const place = libp2pPlace(t)
  const [a, b] = await Promise.all([place.join({}, options), place.join()])
  const bad = makeMachineKey()
  const peers = [
    { peer: a.transport.self, addresses: a.transport.addresses() },
    { peer: b.transport.self, addresses: [] },
    { peer: bad.peer, addresses: [] },
  ]
  for (const { transport } of [a, b]) transport.setPeers(peers)
  await a.witness.last(b.transport.self, 'up')
  await b.witness.last(a.transport.self, 'up')
  const [address = ''] = a.transport.addresses()
  return { place, a, b, bad, address, serves: () => serves(a, b) }
}

/** The others do not suffer: a message goes there and back. */
async function serves(a: RealMachine, b: RealMachine): Promise<void> {
  const [told, heard] = [a.witness.messages, b.witness.messages]
  assert.equal(a.transport.send(b.transport.self, randomBytes(200)), true)
  assert.equal(b.transport.send(a.transport.self, randomBytes(200)), true)
  await b.witness.until(() => b.witness.messages > heard)
  await a.witness.until(() => a.witness.messages > told)
  assert.deepEqual(a.witness.story(b.transport.self), ['up'])
}

const frame = (length: number, ...rest: number[]): Uint8Array => {
  const bytes = Buffer.alloc(4 + rest.length)
  bytes.writeUInt32BE(length)
  bytes.set(rest, 4)
  return bytes
}

/** Opens connections that say this, and waits until each was hung up on. */
async function shout(port: number, count: number, bytes: Uint8Array): Promise<void> {
  const hungUp = Array.from({ length: count }, () => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.on('error', () => undefined)
    socket.resume()
    return new Promise((resolve) => socket.once('close', resolve))
  })
  await Promise.all(hungUp)
}

describe('a transport among bad peers', () => {
  it('hangs up on garbage, and on somebody who says nothing, and serves the others', async (t) => {
    const { a, address, serves } = await twoMembers(t, { timing: { proofMs: 100 } })
    await shout(portOf(address), 50, randomBytes(500))
    assert.equal(a.transport.counters().refusedKeys, 50)
    await shout(portOf(address), 50, Buffer.from('GET / HTTP/1.1\r\nHost: skein\r\n\r\n'))
    assert.equal(a.transport.counters().refusedKeys, 100)
    await shout(portOf(address), 20, new Uint8Array())
    assert.equal(a.transport.counters().refusedKeys, 120)
    await serves()
  })

  it('hangs up on garbage behind a proof of the key', async (t) => {
    const { place, a, address, serves } = await twoMembers(t, { timing: { upgradeMs: 300 } })
    for (const [key, garbage] of [
      [place.networkKey, randomBytes(100)],
      [place.networkKey, new Uint8Array(70_000)],
      [place.networkKey, Buffer.from('\x13/multistream/1.0.0\n\x07/noise\n\x00\x20')],
      [place.networkKey, new Uint8Array()],
      [questionKey(a.transport.self), randomBytes(100)],
    ] as const)
      await shout(portOf(address), 10, Buffer.concat([proofOf(key, randomBytes(16)), garbage]))
    assert.equal(a.transport.counters().refusedKeys, 0)
    await serves()
  })

  it('hangs up on a member that speaks garbage below the streams', async (t) => {
    const { place, a, bad, address, serves } = await twoMembers(t, { timing: { penaltyMs: 1 } })
    const raw = await startRawPeer(t, bad, place.networkKey)
    for (const garbage of [randomBytes(1_000), new Uint8Array(24), Buffer.alloc(1_000, 0xff)]) {
      const connection = await raw.dial(a.transport.self, address)
      await raw.openMesh(connection)
      await a.witness.until(() => a.witness.story(bad.peer).at(-1) === 'up')
      // What the streams lie in is nobody's interface.
      const muxer: unknown = Reflect.get(connection, 'muxer')
      assert.ok(typeof muxer === 'object' && muxer !== null && 'send' in muxer)
      assert.ok(typeof muxer.send === 'function')
      Reflect.apply(muxer.send, muxer, [garbage])
      await closedOf(connection)
      await a.witness.until(() => a.witness.story(bad.peer).at(-1) === 'reset')
    }
    await serves()
  })

  it('hangs up on a member with another key of the network', async (t) => {
    const { a, bad, address, serves } = await twoMembers(t)
    const raw = await startRawPeer(t, bad, randomBytes(32))
    await assert.rejects(raw.dial(a.transport.self, address))
    assert.equal(a.transport.counters().refusedKeys, 1)
    await serves()
  })

  it('lets a machine that is no member ask, but neither in nor stay', async (t) => {
    const { place, a, address, serves } = await twoMembers(t, { timing: { askMs: 200 } })
    const stranger = makeMachineKey()
    const raw = await startRawPeer(t, stranger, place.networkKey)
    const connection = await raw.dial(a.transport.self, address)
    await assert.rejects(async () => {
      const stream = await raw.openMesh(connection)
      stream.send(frame(2, 0, 65))
      await closedOf(connection)
      throw new Error('cut')
    })
    await closedOf(connection)
    const idle = await raw.dial(a.transport.self, address)
    await closedOf(idle)
    const linked = a.transport.links().map(({ peer }) => peer)
    assert.equal(linked.includes(stranger.peer), false)
    assert.equal(a.witness.messages, 0)
    await serves()
  })

  it('takes a member by the key of strangers for a stranger', async (t) => {
    const { a, bad, address, serves } = await twoMembers(t)
    const raw = await startRawPeer(t, bad, questionKey(a.transport.self))
    const connection = await raw.dial(a.transport.self, address)
    await Promise.allSettled([raw.openMesh(connection)])
    await closedOf(connection)
    assert.deepEqual(a.witness.story(bad.peer), [])
    await serves()
  })

  for (const [what, bytes] of [
    ['an empty frame', frame(0)],
    ['a frame that is too large', frame(LIMITS.peerMessageBytesMax + 2, 0)],
    ['a frame of no kind', frame(2, 9, 1)],
    ['a ping of the wrong length', frame(2, 1, 1)],
    ['garbage', Buffer.alloc(5_000, 0xff)],
  ] as const) {
    it(`cuts a member that sends ${what}, counts it, and logs it once`, async (t) => {
      const lines: string[] = []
      const log: Log = { ...SILENT_LOG, warn: (_fields, message) => lines.push(message) }
      const timing = { penaltyMs: 60_000 }
      const { place, a, bad, address, serves } = await twoMembers(t, { log, timing })
      const raw = await startRawPeer(t, bad, place.networkKey)
      const connection = await raw.dial(a.transport.self, address)
      const stream = await raw.openMesh(connection)
      await a.witness.last(bad.peer, 'up')
      stream.send(frame(3, 0, 104, 105))
      stream.send(bytes)
      await closedOf(connection)
      assert.deepEqual(a.witness.story(bad.peer), ['up', 'reset'])
      assert.deepEqual(a.witness.texts(bad.peer), ['hi'])
      const link = a.transport.links().find(({ peer }) => peer === bad.peer)
      assert.equal(link?.badFrames, 1)
      assert.equal(lines.filter((line) => line.includes('no frame')).length, 1)
      await Promise.allSettled([raw.dial(a.transport.self, address).then(closedOf)])
      assert.equal(a.transport.counters().refusedPunished, 1)
      assert.deepEqual(a.witness.story(bad.peer), ['up', 'reset'])
      await serves()
    })
  }

  it('holds no more of half a frame than has come, and forgets it with the link', async (t) => {
    const { place, a, bad, address, serves } = await twoMembers(t)
    const raw = await startRawPeer(t, bad, place.networkKey)
    const connection = await raw.dial(a.transport.self, address)
    const stream = await raw.openMesh(connection)
    await a.witness.last(bad.peer, 'up')
    const before = process.memoryUsage().arrayBuffers
    for (let i = 0; i < 3; i++)
      stream.send(i === 0 ? frame(LIMITS.peerMessageBytesMax, 0) : frame(0))
    await serves()
    assert.ok(process.memoryUsage().arrayBuffers - before < 8_000_000)
    connection.abort(new Error('half'))
    await a.witness.last(bad.peer, 'reset')
    assert.equal(a.witness.texts(bad.peer).length, 0)
    await serves()
  })

  it('serves the others while a member floods it', async (t) => {
    const { place, a, bad, address, serves } = await twoMembers(t)
    const raw = await startRawPeer(t, bad, place.networkKey)
    const stream = await raw.openMesh(await raw.dial(a.transport.self, address))
    await a.witness.last(bad.peer, 'up')
    a.witness.keepsMessages = false
    const many = Buffer.concat(
      Array.from({ length: 500 }, () => frame(101, 0, ...randomBytes(100))),
    )
    for (let i = 0; i < 200; i++) {
      if (!stream.send(many)) await once(stream, 'drain')
      if (i % 50 === 0) await serves()
    }
    await a.witness.until(() => a.witness.messages >= 100_000)
  })

  it('keeps a bounded number of pongs for a member that asks for them and reads none', async (t) => {
    const limits = { waitingBytesMax: 100_000 }
    const { place, a, bad, address, serves } = await twoMembers(t, { limits })
    const raw = await startRawPeer(t, bad, place.networkKey, { isReading: false })
    const stream = await raw.openMesh(await raw.dial(a.transport.self, address))
    await a.witness.last(bad.peer, 'up')
    const pings = Buffer.concat(Array.from({ length: 5_000 }, () => frame(9, 1, ...randomBytes(8))))
    const waiting = () =>
      a.transport.links().find(({ peer }) => peer === bad.peer)?.waitingBytes ?? Infinity
    let most = 0
    for (let i = 0; i < 60; i++) {
      if (!stream.send(pings)) await once(stream, 'drain')
      await new Promise(setImmediate)
      most = Math.max(most, waiting())
    }
    await until('a full queue', () => waiting() > limits.waitingBytesMax)
    assert.ok(most < 2 * limits.waitingBytesMax, String(most))
    await serves()
  })

  it('gives a second stream of a member no second link', async (t) => {
    const { place, a, bad, address, serves } = await twoMembers(t)
    const raw = await startRawPeer(t, bad, place.networkKey)
    const connection = await raw.dial(a.transport.self, address)
    await raw.openMesh(connection)
    await a.witness.last(bad.peer, 'up')
    await Promise.allSettled([raw.openMesh(connection)])
    await closedOf(connection)
    assert.deepEqual(a.witness.story(bad.peer), ['up', 'reset'])
    await serves()
  })

  it('lets in so many strangers at once, and no more', async (t) => {
    const limits = { strangersMax: 4, strangersPerSecond: 1_000 }
    const { a, b, serves } = await twoMembers(t, { limits })
    let asked = 0
    let most = 0
    const answers: (() => void)[] = []
    a.witness.answer = () =>
      new Promise((resolve) => {
        most = Math.max(most, ++asked)
        answers.push(() => {
          asked--
          resolve(new Uint8Array(1))
        })
      })
    const target = { peer: a.transport.self, addresses: a.transport.addresses() }
    const asking = Array.from({ length: 100 }, () =>
      b.transport.ask(target, new Uint8Array(10), AbortSignal.timeout(20_000)),
    )
    const results = Promise.allSettled(asking)
    await until('four questions', () => asked === 4)
    await until('96 refusals', () => a.transport.counters().refusedStrangers === 96)
    await serves()
    for (const answer of answers) answer()
    const given = (await results).filter(({ status }) => status === 'fulfilled')
    assert.deepEqual([given.length, most], [4, 4])
  })

  it('takes no more of a question than its bounds', async (t) => {
    const { place, a, address, serves } = await twoMembers(t, { timing: { askMs: 300 } })
    const raw = await startRawPeer(t, makeMachineKey(), place.networkKey)
    for (const bytes of [
      frame(LIMITS.questionBytesMax + 1),
      frame(100, 1, 2, 3),
      new Uint8Array(9_000),
    ]) {
      const connection = await raw.dial(a.transport.self, address)
      const stream = await connection.newStream('/skein/join/1')
      stream.send(bytes)
      await closedOf(connection)
    }
    assert.equal(a.transport.counters().questions, 0)
    await serves()
  })
})
