// Is this machine still a member? Whoever is removed is cut off by each of the others as soon as it learns of it, so the
// ledger may not tell: while nobody is connected, this machine asks them in turn, as any stranger may.
import { z } from 'zod'
import type { PeerAddresses } from '../ports.ts'
import { decodeValue, encodeValue } from './packets.ts'

export interface BelongingOptions {
  readonly mesh: string
  /** The other members, while none of them is connected; else empty. */
  readonly lost: () => readonly PeerAddresses[]
  /** How far this machine knows the mesh ledger: who knows less cannot say that it was removed. */
  readonly index: () => number
  /** As in Transport; rejects while there is none. */
  readonly ask: (
    target: PeerAddresses,
    question: Uint8Array,
    signal: AbortSignal,
  ) => Promise<Uint8Array>
  readonly onRemoved: () => void
}

/** A removed machine goes on alone about so long after it was cut off. */
const LOOK_MS = 1_000
const ASK_MS = 5_000

const answer = z.looseObject({ isRemoved: z.boolean() })

/** @returns what ends it. */
export function watchBelonging(options: BelongingOptions): () => void {
  const ending = new AbortController()
  let turn = 0
  let isAsking = false
  const look = async (): Promise<void> => {
    const lost = options.lost()
    const target = lost[turn++ % Math.max(1, lost.length)]
    if (target === undefined || isAsking) return
    isAsking = true
    const isRemoved = await askWhether(options, target, ending.signal)
    isAsking = false
    if (!isRemoved || ending.signal.aborted) return
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
async function askWhether(
  { mesh, index, ask }: BelongingOptions,
  target: PeerAddresses,
  ending: AbortSignal,
): Promise<boolean> {
  const question = encodeValue({ kind: 'am-i-a-member', mesh, index: index() })
  try {
    const signal = AbortSignal.any([ending, AbortSignal.timeout(ASK_MS)])
    const told = answer.safeParse(decodeValue(await ask(target, question, signal)))
    return told.success && told.data.isRemoved
  } catch {
    return false
  }
}
