// Whoever has a member's keys and says what no daemon would: any bytes, any packet, in its own name.
import { encode } from '@msgpack/msgpack'
import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import path from 'node:path'
import type { Stream } from '@libp2p/interface'
import { openMachineKey } from '../../daemon/machine-key.ts'
import { decodePacket, type Packet } from '../../daemon/mesh/packets.ts'
import { createFrameReader, encodeMessageHeader } from '../../daemon/net/link/frames.ts'
import { asPeerId, LEDGER_VERSION, type PeerId } from '../../protocol/index.ts'
import type { Cleaner } from './cleanup.ts'
import type { Machine } from './mesh.ts'
import { startRawPeer } from './raw-peer.ts'

export interface BadMember {
  readonly peer: PeerId
  /** Who it speaks to. */
  readonly target: PeerId
  /** What the other said, in order; nothing when it does not read. */
  readonly heard: readonly Packet[]
  /** One message; resolves when the stream takes more. */
  say(bytes: Uint8Array): Promise<void>
  /** One packet, well-formed or not. */
  tell(packet: unknown): Promise<void>
  /** A message of the repository's ledger, or the mesh's, about its first document. */
  tellLedger(ledger: string, message: object): Promise<void>
}

export interface BadMemberOptions {
  readonly isReading?: boolean
  /** Says hello as a member does; default true. */
  readonly greets?: boolean
}

/** @param machine whose home it is; its daemon does not run any more. */
export async function startBadMember(
  cleaner: Cleaner,
  machine: Machine,
  target: Machine,
  { isReading = true, greets = true }: BadMemberOptions = {},
): Promise<BadMember> {
  const key = openMachineKey(machine.home)
  const networkKey = Buffer.from(
    readFileSync(path.join(machine.home, 'network.key'), 'utf8'),
    'hex',
  )
  const mesh = readFileSync(path.join(machine.home, 'mesh'), 'utf8').trim()
  const other = asPeerId((await target.must('status')).peer_id)
  const heard: Packet[] = []
  const reader = createFrameReader()
  const raw = await startRawPeer(cleaner, key, Uint8Array.from(networkKey), {
    isReading,
    onBytes: (bytes) => {
      for (const frame of reader.read(bytes) ?? []) {
        const read = frame.kind === 'message' ? decodePacket(frame.bytes, other) : null
        if (read !== null && 'packet' in read) heard.push(read.packet)
      }
    },
  })
  const address = `/ip4/127.0.0.1/tcp/${String(target.port())}`
  const stream = await raw.openMesh(await raw.dial(other, address))
  const say = (bytes: Uint8Array): Promise<void> => write(stream, bytes)
  const tell = (packet: unknown): Promise<void> => say(encode(packet))
  const hello = { kind: 'hello', speaks: { min: 1, max: 1 }, mesh, machine: machine.name }
  if (greets) await tell({ ...hello, version: '0', ledgerVersion: LEDGER_VERSION })
  return {
    peer: key.peer,
    target: other,
    heard,
    say,
    tell,
    tellLedger: (ledger, message) =>
      tell({ kind: 'ledger', ledger, message: { rotation: 0, ...message } }),
  }
}

async function write(stream: Stream, bytes: Uint8Array): Promise<void> {
  const frame = Buffer.concat([encodeMessageHeader(bytes.length), bytes])
  if (!stream.send(frame)) await once(stream, 'drain')
}
