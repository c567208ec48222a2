// Is this machine still a member, and with which key is it let in? Whoever is removed is cut off by each of the others as soon
// as it learns of it, and whoever was away for longer than old keys are accepted is not let in: the ledger may tell neither.
// So this machine asks the members that it is not connected with, in turn, as any stranger may.
import { z } from 'zod'
import type { LedgerState, PeerId } from '../../protocol/index.ts'
import type { PeerAddresses } from '../ports.ts'
import type { Listening } from './listening.ts'
import { decodeValue, encodeValue } from './packets.ts'
import type { Ways } from './ways.ts'

export interface BelongingOptions {
  readonly mesh: string
  /** The other members that are not connected. */
  readonly lost: () => readonly PeerAddresses[]
  /** Is any of them connected? */
  readonly isAlone: () => boolean
  /** How far this machine knows the mesh ledger: who knows less cannot say that it was removed. */
  readonly index: () => number
  /** As in Transport; rejects while there is none. */
  readonly ask: (
    target: PeerAddresses,
    question: Uint8Array,
    signal: AbortSignal,
  ) => Promise<Uint8Array>
  readonly onRemoved: () => void
  /** The answer of a member, which may say a key. */
  readonly onTold: (from: PeerId, told: unknown) => void
}

/** A removed machine goes on alone about so long after it was cut off. */
const LOOK_MS = 1_000
/** With company the lost one is mostly just off, and to dial it is the transport's part. */
const IN_COMPANY_LOOKS = 10
const ASK_MS = 5_000

const answer = z.looseObject({ isRemoved: z.boolean() })

/** The mesh as this machine lives in it. */
interface OwnMesh {
  readonly self: PeerId
  readonly board: { isReady(peer: PeerId): boolean }
  state(): LedgerState
}

/** Does the ledger tell of the time since this machine was let in? Then it was a member, and one that is none was removed. */
export function wasLetIn(mesh: Pick<OwnMesh, 'state'>, listening: Listening): boolean {
  const joinedAt = listening.joinedAt()
  return joinedAt > 0 && mesh.state().applied.index >= joinedAt
}

/** The members that are not connected. Before the ledger has come: those that were named when this machine was let in. */
export function whomToAsk(
  mesh: OwnMesh,
  wasMember: boolean,
  { listening, ways }: { readonly listening: Listening; readonly ways: Ways },
): readonly PeerAddresses[] {
  const isKnown = wasMember || wasLetIn(mesh, listening)
  if (!isKnown && listening.joinedAt() === 0) return []
  const all = isKnown ? [...mesh.state().members.values()] : listening.known()
  return all.filter(({ peer }) => peer !== mesh.self && !mesh.board.isReady(peer)).map(ways)
}

/** @returns what ends it. */
export function watchBelonging(options: BelongingOptions): () => void {
  const ending = new AbortController()
  let looks = 0
  let turn = 0
  let isAsking = false
  const look = async (): Promise<void> => {
    if (isAsking || (!options.isAlone() && looks++ % IN_COMPANY_LOOKS > 0)) return
    const lost = options.lost()
    const target = lost[turn++ % Math.max(1, lost.length)]
    if (target === undefined) return
    isAsking = true
    const told = await askOne(options, target, ending.signal)
    isAsking = false
    if (told === null || ending.signal.aborted) return
    options.onTold(target.peer, told)
    if (!told.isRemoved) return
    stop()
    options.onRemoved()
  }
  const timer = setInterval(() => void look(), LOOK_MS).unref()
  const stop = (): void => {
    clearInterval(timer)
    ending.abort()
  }
  return stop
}

/** What cannot be reached or gives no answer says nothing. */
async function askOne(
  { mesh, index, ask }: BelongingOptions,
  target: PeerAddresses,
  ending: AbortSignal,
): Promise<z.infer<typeof answer> | null> {
  const question = encodeValue({ kind: 'am-i-a-member', mesh, index: index() })
  try {
    const signal = AbortSignal.any([ending, AbortSignal.timeout(ASK_MS)])
    const told = answer.safeParse(decodeValue(await ask(target, question, signal)))
    return told.success ? told.data : null
  } catch {
    return null
  }
}
