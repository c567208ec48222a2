// Who may connect, asked again after Noise has proven the peer's id: members for everything, a few strangers at a time for
// one question each, and nobody else. A key of the mesh does not make a member; its peer id does.
import type { ConnectionGater, MessageStream } from '@libp2p/interface'
import { asPeerId, type PeerId } from '../../../protocol/index.ts'
import type { Purpose, Refusal } from './admission.ts'

export interface GaterOptions {
  readonly purposeOf: (connection: { readonly timeline: object }) => Purpose | null
  readonly isMember: (peer: PeerId) => boolean
  /** A member that is kept out for a moment. */
  readonly isPunished: (peer: PeerId) => boolean
  readonly strangers: Strangers
  readonly onRefused: (why: Refusal) => void
}

export function createGater(options: GaterOptions): ConnectionGater {
  const { purposeOf, isMember, isPunished, strangers, onRefused } = options
  return {
    denyInboundEncryptedConnection(peerId, connection) {
      const peer = asPeerId(peerId.toString())
      if (purposeOf(connection) === 'mesh' && isMember(peer)) {
        if (!isPunished(peer)) return false
        onRefused('Punished')
        return true
      }
      if (strangers.admit(connection)) return false
      onRefused('Strangers')
      return true
    },
    denyOutboundEncryptedConnection: (peerId, connection) =>
      purposeOf(connection) !== 'question' && !isMember(asPeerId(peerId.toString())),
  }
}

/** The places for those that are no members. */
export interface Strangers {
  /** Takes a place until the connection closes; one that has a place keeps it. @returns false when there is none. */
  readonly admit: (connection: MessageStream) => boolean
}

/**
 * @param most at once
 * @param perSecond A handshake costs this machine milliseconds of its one thread, so their rate is bounded too.
 */
export function createStrangers(most: number, perSecond: number): Strangers {
  // By timeline: libp2p shows a connection through several objects.
  const inside = new Set<object>()
  let credit = perSecond
  let creditAt = performance.now()
  return {
    admit(connection) {
      const { timeline } = connection
      if (inside.has(timeline)) return true
      const now = performance.now()
      credit = Math.min(perSecond, credit + ((now - creditAt) / 1000) * perSecond)
      creditAt = now
      if (inside.size >= most || credit < 1 || connection.status !== 'open') return false
      credit--
      inside.add(timeline)
      connection.addEventListener('close', () => inside.delete(timeline))
      return true
    },
  }
}
