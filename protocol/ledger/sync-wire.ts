// Bytes of the y-websocket protocol, as far as a read-only replica needs it: its question, the answer, updates, and awareness
// (states by number, each replaced as a whole). Every decoder takes foreign bytes and is bounded by them.
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'

const SYNC = 0
const AWARENESS = 1
const QUERY_AWARENESS = 3
const STEP_1 = 0
const STEP_2 = 1
const UPDATE = 2

export type SyncMessage =
  /** What do you have beyond this state vector? */
  | { readonly kind: 'step-1'; readonly stateVector: Uint8Array }
  | { readonly kind: 'step-2'; readonly update: Uint8Array }
  | { readonly kind: 'update'; readonly update: Uint8Array }
  | { readonly kind: 'awareness'; readonly states: readonly AwarenessState[] }
  | { readonly kind: 'query-awareness' }

export interface AwarenessState {
  readonly id: number
  /** Rises with each state of this id. */
  readonly clock: number
  /** Null: there is none any more. */
  readonly state: unknown
}

export function encodeSync(message: SyncMessage): Uint8Array {
  const to = encoding.createEncoder()
  switch (message.kind) {
    case 'step-1':
      return withBytes(to, STEP_1, message.stateVector)
    case 'step-2':
      return withBytes(to, STEP_2, message.update)
    case 'update':
      return withBytes(to, UPDATE, message.update)
    case 'awareness':
      encoding.writeVarUint(to, AWARENESS)
      encoding.writeVarUint8Array(to, encodeStates(message.states))
      return encoding.toUint8Array(to)
    case 'query-awareness':
      encoding.writeVarUint(to, QUERY_AWARENESS)
      return encoding.toUint8Array(to)
  }
}

/** Null for bytes that are no such message. */
export function decodeSync(bytes: Uint8Array): SyncMessage | null {
  try {
    const from = decoding.createDecoder(bytes)
    const kind = decoding.readVarUint(from)
    if (kind === QUERY_AWARENESS) return { kind: 'query-awareness' }
    if (kind === AWARENESS)
      return { kind: 'awareness', states: decodeStates(decoding.readVarUint8Array(from)) }
    return kind === SYNC ? decodeStep(from) : null
  } catch {
    return null
  }
}

function decodeStep(from: decoding.Decoder): SyncMessage | null {
  const step = decoding.readVarUint(from)
  const bytes = decoding.readVarUint8Array(from)
  if (step === STEP_1) return { kind: 'step-1', stateVector: bytes }
  if (step === STEP_2) return { kind: 'step-2', update: bytes }
  return step === UPDATE ? { kind: 'update', update: bytes } : null
}

function withBytes(to: encoding.Encoder, step: number, bytes: Uint8Array): Uint8Array {
  encoding.writeVarUint(to, SYNC)
  encoding.writeVarUint(to, step)
  encoding.writeVarUint8Array(to, bytes)
  return encoding.toUint8Array(to)
}

function encodeStates(states: readonly AwarenessState[]): Uint8Array {
  const to = encoding.createEncoder()
  encoding.writeVarUint(to, states.length)
  for (const { id, clock, state } of states) {
    encoding.writeVarUint(to, id)
    encoding.writeVarUint(to, clock)
    encoding.writeVarString(to, JSON.stringify(state))
  }
  return encoding.toUint8Array(to)
}

function decodeStates(bytes: Uint8Array): AwarenessState[] {
  const from = decoding.createDecoder(bytes)
  const states: AwarenessState[] = []
  for (let left = decoding.readVarUint(from); left > 0; left--) {
    const id = decoding.readVarUint(from)
    const clock = decoding.readVarUint(from)
    const state: unknown = JSON.parse(decoding.readVarString(from))
    states.push({ id, clock, state })
  }
  return states
}
