// What every Transport keeps, whatever it stands on: run for libp2p and for its twin in memory.
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { describe, it } from 'node:test'
import type { Link, PeerAddresses, Transport } from '../../daemon/ports.ts'
import { LIMITS, SkeinError, type PeerId } from '../../protocol/index.ts'
import { until } from '../helpers/poll.ts'
import type { Witness } from '../helpers/transport-witness.ts'

/** Of the transports of one place. */
export interface PlaceSettings {
  readonly waitingBytesMax?: number
  /** How long a peer may be silent. */
  readonly silentMs?: number
  /** How long a sign of life may take. */
  readonly doubtMs?: number
}

/** One network, and the power over its lines. */
export interface TransportPlace {
  /** A machine that listens. */
  join(settings?: PlaceSettings): Promise<Machine>
  /** A line of its own from one machine to the other: the address at its beginning, and what can be done to it. */
  line(from: Machine, to: Machine): Promise<Line>
  /** An address at which nobody listens. */
  deadAddress(): Promise<string>
  /** An address that takes connections and says nothing. */
  muteAddress(): Promise<string>
  /** How often this machine handed something to the network. */
  writes(machine: Machine): number
}

export interface Machine {
  readonly transport: Transport
  readonly witness: Witness
}

export interface Line {
  readonly address: string
  /** Ends the connection of now. */
  reset(): void
  /** Refuses new connections; the one of now stays. */
  refuse(): Promise<void>
  /** Everything on the way is lost and nothing closes; in one direction or both. */
  swallow(way: 'forth' | 'both'): void
  /** Nothing is read at the far end, in the direction forth. */
  stall(): void
  heal(): Promise<void>
  /** How many connections have been tried. */
  tried(): number
}

const text = (value: string): Uint8Array => Buffer.from(value)

export function transportContract(
  name: string,
  openPlace: (t: TestContext) => TransportPlace,
): void {
  const peerOf = (machine: Machine): PeerId => machine.transport.self
  const at = (machine: Machine, ...addresses: string[]): PeerAddresses => ({
    peer: peerOf(machine),
    addresses: addresses.length > 0 ? addresses : machine.transport.addresses(),
  })
  const linkOf = (machine: Machine, other: Machine): Link => {
    const link = machine.transport.links().find(({ peer }) => peer === peerOf(other))
    assert.ok(link !== undefined, 'a listed peer has a link')
    return link
  }
  /** a dials b over a line; b knows a, and dials nobody. */
  const pair = async (t: TestContext, settings?: PlaceSettings) => {
    const place = openPlace(t)
    const [a, b] = await Promise.all([place.join(settings), place.join(settings)])
    const line = await place.line(a, b)
    a.transport.setPeers([at(b, line.address)])
    b.transport.setPeers([{ peer: peerOf(a), addresses: [] }])
    await Promise.all([a.witness.last(peerOf(b), 'up'), b.witness.last(peerOf(a), 'up')])
    return { place, a, b, line }
  }

  describe(`${name} keeps the contract of a transport`, () => {
    it('tells both sides that a link is up, and brings messages in order both ways', async (t) => {
      const { a, b } = await pair(t)
      const sent = Array.from(
        { length: 500 },
        (_, i) => `${String(i)} ${'x'.repeat((i * 37) % 900)}`,
      )
      for (const [i, message] of sent.entries()) {
        assert.equal(a.transport.send(peerOf(b), text(message)), true)
        assert.equal(b.transport.send(peerOf(a), text(message)), true)
        if (i % 50 === 0) await new Promise(setImmediate)
      }
      await a.witness.until(() => a.witness.messages === sent.length)
      await b.witness.until(() => b.witness.messages === sent.length)
      assert.deepEqual(b.witness.texts(peerOf(a)), sent)
      assert.deepEqual(a.witness.texts(peerOf(b)), sent)
      assert.equal(a.witness.seen[0]?.kind, 'up')
      const link = linkOf(a, b)
      assert.equal(link.isUp, true)
      assert.equal(link.sent.messages, 500)
      assert.equal(link.received.bytes, linkOf(b, a).sent.bytes)
      assert.ok(link.address !== null && (link.lastSeenMs ?? 0) >= link.sinceMs)
    })

    it('keeps its own copy of what it is given, and takes an empty message', async (t) => {
      const { a, b } = await pair(t)
      const message = text('as it was')
      a.transport.send(peerOf(b), message)
      message.fill(0)
      a.transport.send(peerOf(b), new Uint8Array())
      await b.witness.until(() => b.witness.messages === 2)
      assert.deepEqual(b.witness.texts(peerOf(a)), ['as it was', ''])
    })

    it('sends everything of one turn together', async (t) => {
      const { place, a, b } = await pair(t)
      await new Promise(setImmediate)
      const before = place.writes(a)
      for (let i = 0; i < 300; i++) a.transport.send(peerOf(b), text(String(i)))
      await b.witness.until(() => b.witness.messages === 300)
      // A ping may come between.
      assert.ok(place.writes(a) - before <= 2, String(place.writes(a) - before))
    })

    it('drops what is for nobody: a stranger, itself, a peer without a link', async (t) => {
      const place = openPlace(t)
      const [a, b] = await Promise.all([place.join(), place.join()])
      assert.equal(a.transport.send(peerOf(b), text('x')), false)
      a.transport.setPeers([at(a), { peer: peerOf(b), addresses: [] }])
      assert.equal(a.transport.send(peerOf(a), text('x')), false)
      assert.equal(a.transport.send(peerOf(b), text('x')), false)
      assert.deepEqual(
        a.transport.links().map(({ peer, isUp }) => ({ peer, isUp })),
        [{ peer: peerOf(b), isUp: false }],
      )
    })

    it('links only machines that list each other, and tries until they do', async (t) => {
      const place = openPlace(t)
      const [a, b] = await Promise.all([place.join(), place.join()])
      const line = await place.line(a, b)
      a.transport.setPeers([at(b, line.address)])
      await until('two dials', () => line.tried() >= 2)
      assert.deepEqual([a.witness.story(peerOf(b)), b.witness.story(peerOf(a))], [[], []])
      b.transport.setPeers([{ peer: peerOf(a), addresses: [] }])
      await Promise.all([a.witness.last(peerOf(b), 'up'), b.witness.last(peerOf(a), 'up')])
    })

    it('cuts a removed peer off at once, and tells nothing from within the call', async (t) => {
      const { a, b } = await pair(t)
      a.transport.send(peerOf(b), text('too late'))
      b.transport.setPeers([])
      assert.deepEqual(b.witness.story(peerOf(a)), ['up'])
      assert.equal(b.transport.send(peerOf(a), text('x')), false)
      assert.deepEqual(b.transport.links(), [])
      await Promise.all([b.witness.last(peerOf(a), 'reset'), a.witness.last(peerOf(b), 'reset')])
      assert.deepEqual(b.witness.texts(peerOf(a)), [])
    })

    it('tells once that nobody listens, and links when somebody does', async (t) => {
      const place = openPlace(t)
      const [a, b] = await Promise.all([place.join(), place.join()])
      const line = await place.line(a, b)
      await line.refuse()
      b.transport.setPeers([{ peer: peerOf(a), addresses: [] }])
      a.transport.setPeers([at(b, line.address)])
      await a.witness.last(peerOf(b), 'refused')
      await line.heal()
      await a.witness.last(peerOf(b), 'up')
      assert.deepEqual(a.witness.story(peerOf(b)), ['refused', 'up'])
    })

    it('tells a reset on both sides, and links anew at once', async (t) => {
      const { a, b, line } = await pair(t)
      for (let times = 1; times <= 3; times++) {
        line.reset()
        await Promise.all([
          a.witness.last(peerOf(b), 'up', times + 1),
          b.witness.last(peerOf(a), 'up', times + 1),
        ])
      }
      const story = ['up', 'reset', 'up', 'reset', 'up', 'reset', 'up']
      assert.deepEqual(a.witness.story(peerOf(b)), story)
      assert.deepEqual(b.witness.story(peerOf(a)), story)
      a.transport.send(peerOf(b), text('after'))
      await b.witness.until(() => b.witness.messages === 1)
    })

    it('tells a reset and then a refusal when the other is gone', async (t) => {
      const { a, b, line } = await pair(t)
      await line.refuse()
      line.reset()
      await a.witness.last(peerOf(b), 'refused')
      assert.deepEqual(a.witness.story(peerOf(b)), ['up', 'reset', 'refused'])
      await line.heal()
      await a.witness.last(peerOf(b), 'up', 2)
    })

    it('finds a line silent that swallows everything, from both ends', async (t) => {
      const { a, b, line } = await pair(t, { silentMs: 800 })
      line.swallow('both')
      await Promise.all([a.witness.last(peerOf(b), 'silent'), b.witness.last(peerOf(a), 'silent')])
      assert.equal(linkOf(a, b).address, null)
      await line.heal()
      await Promise.all([a.witness.last(peerOf(b), 'up', 2), b.witness.last(peerOf(a), 'up', 2)])
    })

    it('doubts a peer that gives no sign of life when asked, and no more once it does', async (t) => {
      const { a, b, line } = await pair(t, { doubtMs: 200 })
      const isDoubted = (): boolean => {
        a.transport.probe(peerOf(b))
        return linkOf(a, b).isDoubtful
      }
      const seen = linkOf(a, b).lastSeenMs ?? 0
      await until('it was heard again and again', () => {
        assert.equal(isDoubted(), false)
        return (linkOf(a, b).lastSeenMs ?? 0) > seen + 400
      })
      line.stall()
      await until('a doubt', isDoubted)
      assert.equal(linkOf(a, b).isUp, true)
      await line.heal()
      await until('a sign of life', () => !isDoubted())
      assert.deepEqual(a.witness.story(peerOf(b)), ['up'])
    })

    it('ends a line that works one way only', async (t) => {
      const { a, b, line } = await pair(t, { silentMs: 800 })
      line.swallow('forth')
      await b.witness.last(peerOf(a), 'silent')
      await a.witness.until(() => a.witness.story(peerOf(b)).length >= 2)
      assert.match(String(a.witness.story(peerOf(b))[1]), /reset|silent/)
      await line.heal()
      await Promise.all([a.witness.last(peerOf(b), 'up', 2), b.witness.last(peerOf(a), 'up', 2)])
    })

    it('stays up while nothing is sent, and knows the round trip', async (t) => {
      const { a, b } = await pair(t, { silentMs: 600 })
      const first = linkOf(a, b).lastSeenMs ?? 0
      await until('twice the time of silence', () => (linkOf(a, b).lastSeenMs ?? 0) > first + 1_200)
      assert.deepEqual([a.witness.story(peerOf(b)), b.witness.story(peerOf(a))], [['up'], ['up']])
      await until('a round trip', () => linkOf(a, b).rttMs !== null && linkOf(b, a).rttMs !== null)
      assert.ok((linkOf(a, b).rttMs ?? Infinity) < 600)
    })

    it('tries every address, also behind one that is dead and one that is mute', async (t) => {
      const place = openPlace(t)
      const [a, b] = await Promise.all([place.join(), place.join()])
      const line = await place.line(a, b)
      b.transport.setPeers([{ peer: peerOf(a), addresses: [] }])
      const addresses = [await place.deadAddress(), await place.muteAddress(), line.address]
      a.transport.setPeers([at(b, 'no address', ...addresses)])
      await a.witness.last(peerOf(b), 'up')
      assert.equal(linkOf(a, b).address, line.address)
    })

    it('takes new addresses at once, and a link stands whatever becomes of its address', async (t) => {
      const place = openPlace(t)
      const [a, b] = await Promise.all([place.join(), place.join()])
      b.transport.setPeers([{ peer: peerOf(a), addresses: [] }])
      a.transport.setPeers([at(b, await place.deadAddress())])
      await a.witness.last(peerOf(b), 'refused')
      const line = await place.line(a, b)
      a.transport.setPeers([at(b, line.address)])
      await a.witness.last(peerOf(b), 'up')
      a.transport.setPeers([at(b, await place.deadAddress())])
      a.transport.send(peerOf(b), text('still'))
      await b.witness.until(() => b.witness.messages === 1)
      assert.deepEqual(a.witness.story(peerOf(b)), ['refused', 'up'])
    })

    it('settles without flapping when both dial at once', async (t) => {
      const place = openPlace(t)
      for (let round = 0; round < 10; round++) {
        const [a, b] = await Promise.all([place.join(), place.join()])
        a.transport.setPeers([at(b)])
        b.transport.setPeers([at(a)])
        await Promise.all([a.witness.last(peerOf(b), 'up'), b.witness.last(peerOf(a), 'up')])
        for (let i = 0; i < 50; i++) {
          assert.equal(a.transport.send(peerOf(b), text(String(i))), true)
          assert.equal(b.transport.send(peerOf(a), text(String(i))), true)
          await new Promise(setImmediate)
        }
        await a.witness.until(() => a.witness.messages === 50)
        await b.witness.until(() => b.witness.messages === 50)
        assert.deepEqual([a.witness.story(peerOf(b)), b.witness.story(peerOf(a))], [['up'], ['up']])
        await Promise.all([a.transport.close(), b.transport.close()])
      }
    })

    it('brings the largest message whole, and no larger one', async (t) => {
      const { a, b } = await pair(t)
      const large = new Uint8Array(LIMITS.peerMessageBytesMax)
      for (let i = 0; i < large.length; i += 4_093) large[i] = i % 251
      assert.equal(a.transport.send(peerOf(b), large), true)
      assert.equal(a.transport.send(peerOf(b), new Uint8Array(large.length + 1)), false)
      assert.equal(linkOf(a, b).dropped, 1)
      a.transport.send(peerOf(b), text('behind it'))
      await b.witness.until(() => b.witness.messages === 2)
      const [first] = b.witness.seen.flatMap((seen) =>
        seen.kind === 'message' ? [seen.message] : [],
      )
      assert.ok(first !== undefined && Buffer.compare(first, large) === 0)
    })

    it('holds a bounded amount for a slow reader, drops the rest, and serves the others', async (t) => {
      const bound = 4_000_000
      const { place, a, b, line } = await pair(t, { waitingBytesMax: bound })
      const c = await place.join()
      c.transport.setPeers([at(a)])
      a.transport.setPeers([at(b, line.address), { peer: peerOf(c), addresses: [] }])
      await Promise.all([a.witness.last(peerOf(c), 'up'), c.witness.last(peerOf(a), 'up')])
      line.stall()
      const accepted: number[] = []
      for (let i = 0; i < 2_000; i++) {
        const message = new Uint8Array(20_000)
        new DataView(message.buffer).setUint32(0, i)
        if (a.transport.send(peerOf(b), message)) accepted.push(i)
        assert.ok(linkOf(a, b).waitingBytes <= bound + 100_000)
        if (i % 20 === 0) await new Promise(setImmediate)
      }
      assert.equal(linkOf(a, b).dropped, 2_000 - accepted.length)
      assert.ok(accepted.length < 2_000, 'some were dropped')
      assert.equal(a.transport.send(peerOf(c), text('meanwhile')), true)
      await c.witness.until(() => c.witness.messages === 1)
      await line.heal()
      await b.witness.until(() => b.witness.messages === accepted.length)
      const numbers = b.witness.seen.flatMap((seen) =>
        seen.kind === 'message' ? [Buffer.from(seen.message).readUInt32BE()] : [],
      )
      assert.deepEqual(numbers, accepted)
      assert.deepEqual(a.witness.story(peerOf(b)), ['up'])
    })

    it('lets a stranger ask one question', async (t) => {
      const place = openPlace(t)
      const [a, b] = await Promise.all([place.join(), place.join()])
      b.witness.answer = (from, question) =>
        Promise.resolve(text(`${from} asked ${Buffer.from(question).toString()}`))
      const signal = AbortSignal.timeout(10_000)
      const ask = (question: Uint8Array) => a.transport.ask(at(b), question, signal)
      assert.equal(Buffer.from(await ask(text('why'))).toString(), `${peerOf(a)} asked why`)
      assert.equal((await ask(new Uint8Array(LIMITS.questionBytesMax))).length > 4_000, true)
      await assert.rejects(ask(new Uint8Array(LIMITS.questionBytesMax + 1)), { code: 'INPUT_SIZE' })
      assert.deepEqual(a.transport.links(), [])
    })

    it('answers a member too, beside its link', async (t) => {
      const { a, b } = await pair(t)
      b.witness.answer = () => Promise.resolve(text('yes'))
      const answer = await a.transport.ask(at(b), text('?'), AbortSignal.timeout(10_000))
      assert.equal(Buffer.from(answer).toString(), 'yes')
      a.transport.send(peerOf(b), text('x'))
      await b.witness.until(() => b.witness.messages === 1)
      assert.deepEqual([a.witness.story(peerOf(b)), b.witness.story(peerOf(a))], [['up'], ['up']])
    })

    it('says of a question without an answer that the peer was not reached', async (t) => {
      const place = openPlace(t)
      const [a, b] = await Promise.all([place.join(), place.join()])
      const ask = (addresses: string[], signal = AbortSignal.timeout(10_000)) =>
        a.transport.ask(at(b, ...addresses), text('?'), signal)
      const unreachable = { name: 'SkeinError', code: 'PEER_UNREACHABLE' }
      await assert.rejects(ask([...b.transport.addresses()]), unreachable)
      b.witness.answer = () => Promise.reject(new Error('broken'))
      await assert.rejects(ask([...b.transport.addresses()]), unreachable)
      await assert.rejects(ask([await place.deadAddress()]), unreachable)
      const left = new AbortController()
      const reason = new Error('left')
      const asked = ask([await place.muteAddress()], left.signal)
      left.abort(reason)
      await assert.rejects(asked, reason)
    })

    it('delivers what was sent before a close, tells the other, and nothing afterwards', async (t) => {
      const { a, b, line } = await pair(t)
      a.transport.send(peerOf(b), text('last words'))
      await Promise.all([a.transport.close(), a.transport.close()])
      await b.witness.last(peerOf(a), 'reset')
      assert.deepEqual(b.witness.texts(peerOf(a)), ['last words'])
      const told = a.witness.seen.length
      assert.equal(a.transport.send(peerOf(b), text('x')), false)
      a.transport.setPeers([at(b, line.address)])
      b.transport.setPeers([])
      await b.transport.close()
      assert.equal(a.witness.seen.length, told)
    })

    it('says which addresses it cannot listen on', async (t) => {
      const place = openPlace(t)
      const [a, b] = await Promise.all([place.join(), place.join()])
      const failsWith = async (address: string, code: string): Promise<void> => {
        await assert.rejects(b.transport.listen([address]), (error) => {
          assert.ok(error instanceof SkeinError)
          assert.equal(error.code, code)
          return true
        })
      }
      for (const wrong of [
        '',
        'localhost:80',
        '/ip4/127.0.0.1',
        '/ip4/127.0.0.1/udp/1',
        '/ip4/300.0.0.1/tcp/1',
      ])
        await failsWith(wrong, 'INPUT_USAGE')
      const [taken = ''] = a.transport.addresses()
      await failsWith(taken, 'PORT_TAKEN')
      await a.transport.close()
      assert.ok((await b.transport.listen([taken])).includes(taken))
    })
  })
}
