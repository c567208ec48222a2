import '../../../../daemon/shims.ts'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  decodePacket,
  encodePacket,
  WIRE_VERSION,
  type Hello,
  type Packet,
} from '../../../../daemon/mesh/packets.ts'
import { createSwitchboard, type Switchboard } from '../../../../daemon/mesh/switchboard.ts'
import { asPeerId, LEDGER_VERSION, type PeerId } from '../../../../protocol/index.ts'
import { SILENT_LOG } from '../../../helpers/libp2p-place.ts'

const ADA = asPeerId('ada')
const BOB = asPeerId('bob')
/** No test waits for it. */
const LONG_MS = 5_000

/** A board that is connected with these machines; nobody hears what it sends. */
function connected(onSent: (packet: Packet) => void = () => undefined): Switchboard {
  const hello: Hello = {
    kind: 'hello',
    ...{ speaks: WIRE_VERSION, mesh: 'mesh_a', machine: 'm', version: '1' },
    ledgerVersion: LEDGER_VERSION,
  }
  const board = createSwitchboard({ log: SILENT_LOG, hello: () => hello })
  const send = (to: PeerId, bytes: Uint8Array): boolean => {
    const decoded = decodePacket(bytes, to)
    if ('packet' in decoded) onSent(decoded.packet)
    return true
  }
  board.use({ send } as never)
  for (const peer of [ADA, BOB]) {
    board.events.onUp(peer)
    board.events.onMessage(peer, encodePacket(hello))
  }
  return board
}

describe('a question to another machine', () => {
  it('is over when the link breaks on which its answer would come', async () => {
    const board = connected()
    const told: string[] = []
    const toBob = board.ask(BOB, 'load', {}, LONG_MS).then(() => told.push('bob'))
    const toAda = board.ask(ADA, 'load', {}, LONG_MS)
    board.events.onDown(ADA, 'reset')
    await assert.rejects(toAda, { code: 'PEER_UNREACHABLE', message: /ada hung up/ })
    // The other one's goes on.
    board.events.onMessage(BOB, encodePacket({ kind: 'answer', id: 1, body: {}, error: null }))
    await toBob
    assert.deepEqual(told, ['bob'])
  })

  it('is over when this machine closes its own port', async () => {
    const board = connected()
    const asked = board.ask(ADA, 'load', {}, LONG_MS)
    board.use(null)
    await assert.rejects(asked, { code: 'PEER_UNREACHABLE' })
  })

  it('waits here for its turn when as many are open as the other side answers', async () => {
    const sent: number[] = []
    const board = connected((packet) => {
      if (packet.kind === 'ask') sent.push(packet.id)
    })
    const asked = Array.from({ length: 10 }, () => board.ask(ADA, 'load', {}, LONG_MS))
    assert.deepEqual(sent, [1, 2, 3, 4, 5, 6, 7, 8])
    for (let id = 1; id <= 10; id++) {
      board.events.onMessage(ADA, encodePacket({ kind: 'answer', id, body: id, error: null }))
      assert.equal(await asked[id - 1], id)
    }
    assert.deepEqual(sent, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })
})
