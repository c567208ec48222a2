// What machines ask that are no members: to be let in with an invitation, or whether they were removed.
import { z } from 'zod'
import {
  asInvitationId,
  asPeerId,
  SkeinError,
  type PeerId,
  type RecordId,
} from '../../protocol/index.ts'
import { failureError } from '../failure.ts'
import type { Log } from '../log.ts'
import { decodeValue, encodeValue } from './packets.ts'
import type { TransportEvents } from '../ports.ts'
import type { Mesh } from './mesh.ts'
import { KEY_BYTES } from './network-key.ts'
import { tellKey } from './key-rotation.ts'

const short = z.string().max(256)
const question = z.discriminatedUnion('kind', [
  z.looseObject({
    kind: z.literal('join'),
    mesh: short,
    invitation: short,
    machine: z.string().min(1).max(200),
    ledgerVersion: z.int(),
    addresses: z.array(short).max(16),
    signature: short,
  }),
  z.looseObject({ kind: z.literal('am-i-a-member'), mesh: short, index: z.int() }),
])

export type Question = z.infer<typeof question>

const answerSchema = z.union([
  z.looseObject({ error: z.looseObject({ code: short, message: z.string().max(2_048) }) }),
  z.looseObject({
    genesis: z.looseObject({ term: z.int(), index: z.int(), hash: short, generation: z.int() }),
    networkKey: z.instanceof(Uint8Array).refine(({ length }) => length === KEY_BYTES),
    keyIndex: z.int().min(0).default(0),
    index: z.int().min(0).default(0),
    members: z
      .array(z.looseObject({ peer: short, machine: short, addresses: z.array(short).max(64) }))
      .max(1_000),
  }),
])

/** What a newcomer needs to become a member. */
export interface Welcome {
  readonly genesis: RecordId & { readonly generation: number }
  readonly networkKey: Uint8Array
  /** Of the removal that the key was made for. */
  readonly keyIndex: number
  /** How far the mesh ledger was when this machine was in it: who knows less has not heard that. 0: not said. */
  readonly index: number
  readonly members: readonly {
    readonly peer: PeerId
    readonly machine: string
    readonly addresses: readonly string[]
  }[]
}

export function answerStrangers(mesh: Mesh, log: Log): TransportEvents['onQuestion'] {
  return async (from, bytes) => {
    const asked = read(bytes)
    if (asked === null) return null
    if (asked.kind === 'am-i-a-member') {
      const { removed, applied } = mesh.state()
      const knows = asked.mesh === mesh.id && applied.index >= asked.index
      const isRemoved = knows && removed.includes(from)
      // Its own key may be so old that nobody lets it in any more.
      const isMember = asked.mesh === mesh.id && mesh.member(from) !== undefined
      return encodeValue({ isRemoved, ...tellKey(isMember ? mesh.keyRotation.tellable() : null) })
    }
    try {
      return encodeValue(await admit(mesh, from, asked))
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error
      log.warn(
        { peer: from, machine: asked.machine, code: error.code },
        'an invitation was not taken',
      )
      return encodeValue({ error: { code: error.code, message: error.message } })
    }
  }
}

/** @throws SkeinError as the other machine said, or PEER_REFUSED for what is no answer. */
export function readWelcome(bytes: Uint8Array): Welcome {
  let parsed: ReturnType<typeof answerSchema.safeParse>
  try {
    parsed = answerSchema.safeParse(decodeValue(bytes))
  } catch (cause) {
    throw new SkeinError('PEER_REFUSED', 'the other machine gave no answer', { cause })
  }
  if (!parsed.success) throw new SkeinError('PEER_REFUSED', 'the other machine gave no answer')
  const { data } = parsed
  if ('error' in data) {
    const { code, message } = data.error as { code: string; message: string }
    throw failureError({
      code:
        code === 'MEMBER_NAME_TAKEN' ||
        code === 'MEMBER_OUTDATED' ||
        code === 'NO_QUORUM' ||
        code === 'BUSY'
          ? code
          : 'INVITATION_ENDED',
      message,
    })
  }
  return {
    genesis: data.genesis,
    networkKey: data.networkKey,
    keyIndex: data.keyIndex,
    index: data.index,
    members: data.members.map((member) => ({ ...member, peer: asPeerId(member.peer) })),
  }
}

async function admit(
  mesh: Mesh,
  from: PeerId,
  asked: Extract<Question, { kind: 'join' }>,
): Promise<unknown> {
  if (asked.mesh !== mesh.id) {
    throw new SkeinError('INVITATION_ENDED', 'the invitation is of another mesh')
  }
  const outcome = await mesh.host.loop.submit({
    kind: 'join',
    invitation: asInvitationId(asked.invitation),
    peer: from,
    machine: asked.machine,
    addresses: asked.addresses,
    version: asked.ledgerVersion,
    signature: asked.signature,
  })
  if (outcome.kind === 'failed') throw failureError(outcome.failure)
  const { members, applied } = mesh.state()
  return {
    index: applied.index,
    genesis: mesh.host.genesis,
    ...tellKey(mesh.keyRotation.keys.present()),
    members: [...members.values()]
      .filter(({ peer }) => peer !== from)
      .map(({ peer, machine, addresses }) => ({ peer, machine, addresses })),
  }
}

function read(bytes: Uint8Array): Question | null {
  try {
    const parsed = question.safeParse(decodeValue(bytes))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}
