// What comes in on connections that were let in: streams of members for their links, questions of strangers, and nothing else.
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { asPeerId, type PeerId } from '../../../protocol/index.ts'
import type { Purpose } from './admission.ts'
import type { Peers } from '../peers.ts'
import { QUESTION_PROTOCOL, answerOver } from './question.ts'
import type { NetTiming } from '../settings.ts'

export const MESH_PROTOCOL = '/skein/mesh/1'

export interface ReceptionOptions {
  readonly purposeOf: (connection: { readonly timeline: object }) => Purpose | null
  readonly peers: Pick<Peers, 'linkOf'>
  readonly timing: NetTiming
  readonly answer: (from: PeerId, question: Uint8Array) => Promise<Uint8Array | null>
}

export async function receive(node: Libp2p, options: ReceptionOptions): Promise<void> {
  const { purposeOf, peers, timing } = options
  const asking = new WeakSet<Connection>()
  const linkOf = (connection: Connection) =>
    purposeOf(connection) === 'mesh' ? peers.linkOf(peerOf(connection)) : undefined

  const onStream = (stream: Stream, connection: Connection): void => {
    const link = linkOf(connection)
    if (link === undefined) connection.abort(new Error('no member'))
    else link.addStream(stream, connection)
  }

  const onQuestion = async (stream: Stream, connection: Connection): Promise<void> => {
    if (linkOf(connection) !== undefined || asking.has(connection)) {
      stream.abort(new Error('one question, of a stranger'))
      return
    }
    asking.add(connection)
    try {
      const from = peerOf(connection)
      await answerOver(stream, connection, (question) => options.answer(from, question), timing)
    } catch {
      // Cut off like everybody whose question is none, or gets no answer.
    } finally {
      connection.abort(new Error('asked'))
    }
  }

  node.addEventListener('connection:open', ({ detail: connection }) => {
    if (connection.direction !== 'inbound') return
    const link = linkOf(connection)
    if (link !== undefined) {
      link.addConnection(connection)
      return
    }
    const silent = setTimeout(() => {
      if (!asking.has(connection)) connection.abort(new Error('asked nothing'))
    }, timing.askMs)
    connection.addEventListener('close', () => {
      clearTimeout(silent)
      // The node remembers whom it spoke to; strangers it must not.
      node.peerStore.delete(connection.remotePeer).catch(() => undefined)
    })
  })
  const limits = { maxInboundStreams: 2, maxOutboundStreams: 2 }
  await node.handle(MESH_PROTOCOL, onStream, limits)
  await node.handle(QUESTION_PROTOCOL, onQuestion, limits)
}

function peerOf(connection: Connection): PeerId {
  return asPeerId(connection.remotePeer.toString())
}
