// Where this machine dials another: where its own config.yml says, else where that one says that it is. Whoever a tunnel or a
// forwarded port leads to is found there, although it cannot know so.
import type { PeerId } from '../../protocol/index.ts'
import type { Config } from '../config.ts'
import type { PeerAddresses } from '../ports.ts'
import { multiaddrOf } from './listening.ts'

/** Finds the addresses to dial a machine at, best first. */
export type Ways = (to: Target) => PeerAddresses

interface Target {
  readonly peer: PeerId
  /** Its name; absent where nobody has told it yet. */
  readonly machine?: string
  /** As it says them itself. */
  readonly addresses: readonly string[]
}

export function createWays(dial: Config['dial']): Ways {
  const own = new Map(Object.entries(dial))
  return ({ peer, machine = '', addresses }) => ({
    peer,
    addresses: own.get(machine)?.map(multiaddrOf) ?? addresses,
  })
}
