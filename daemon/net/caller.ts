// Calling others: a member at one address, or a machine that is no member yet, to ask it one question.
import type { Connection } from '@libp2p/interface'
import type { TransportManager } from '@libp2p/interface-internal'
import { LIMITS, SkeinError, type PeerId } from '../../protocol/index.ts'
import type { PeerAddresses } from '../ports.ts'
import { addressOfPeer } from './address.ts'
import { questionKey, type Admission, type Purpose } from './door/admission.ts'
import { dialFirst } from './dialer.ts'
import { QUESTION_PROTOCOL, askOver } from './door/question.ts'
import type { NetTiming } from './settings.ts'

export interface CallerOptions {
  readonly manager: TransportManager
  readonly admission: Admission
  readonly timing: NetTiming
  /** The first is the mesh's own. */
  readonly keys: () => readonly Uint8Array[]
}

export interface Caller {
  readonly dialMember: (peer: PeerId, address: string, signal: AbortSignal) => Promise<Connection>
  /** As in Transport. */
  ask(target: PeerAddresses, question: Uint8Array, signal: AbortSignal): Promise<Uint8Array>
}

export function createCaller(options: CallerOptions): Caller {
  const { timing } = options
  const dial = (
    peer: PeerId,
    address: string,
    { key, purpose }: { readonly key: Uint8Array; readonly purpose: Purpose },
    signal: AbortSignal,
  ): Promise<Connection> => {
    const target = addressOfPeer(peer, address)
    if (target === null) return Promise.reject(new Error(`${address} is no address`))
    options.admission.introduce(target, key, purpose)
    return options.manager.dial(target, { signal })
  }
  return {
    async dialMember(peer, address, signal) {
      // A peer that has not heard of the new key yet, or knows only it, hangs up during the handshake.
      let failure: unknown
      for (const key of options.keys()) {
        try {
          return await dial(peer, address, { key, purpose: 'mesh' }, signal)
        } catch (error) {
          failure = error
          if (signal.aborted || !isHandshakeFailure(error)) break
        }
      }
      throw failure
    },
    async ask({ peer, addresses }, question, signal) {
      if (question.length > LIMITS.questionBytesMax)
        throw new SkeinError('INPUT_SIZE', 'The question is too long to ask a stranger.')
      signal.throwIfAborted()
      const introduction = { key: questionKey(peer), purpose: 'question' } as const
      const round = await dialFirst(
        addresses,
        { timing, dial: (address, until) => dial(peer, address, introduction, until) },
        signal,
      )
      signal.throwIfAborted()
      if (round.kind === 'failed') throw unreachable(peer, addresses, round.errors)
      try {
        const bounded = AbortSignal.any([
          signal,
          AbortSignal.timeout(timing.askMs + timing.answerMs),
        ])
        const stream = await round.connection.newStream(QUESTION_PROTOCOL, { signal: bounded })
        return await askOver(stream, question, bounded)
      } catch (error) {
        signal.throwIfAborted()
        throw unreachable(peer, [round.address], [error])
      } finally {
        round.connection.abort(new Error('asked'))
      }
    },
  }
}

function isHandshakeFailure(error: unknown): boolean {
  return error instanceof Error && error.name === 'EncryptionFailedError'
}

function unreachable(
  peer: PeerId,
  addresses: readonly string[],
  errors: readonly unknown[],
): SkeinError {
  const reasons = errors.map((error) => (error instanceof Error ? error.message : String(error)))
  const places = addresses.length === 0 ? 'no address' : addresses.join(', ')
  return new SkeinError('PEER_UNREACHABLE', `${peer} did not answer at ${places}.`, {
    data: { peer, addresses, reasons },
    cause: errors[0],
  })
}
