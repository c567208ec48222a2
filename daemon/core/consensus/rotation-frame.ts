// What the log says of the document: from this frame on, updates are those of a document that was begun anew.
import type { Frame } from '../frame.ts'
import type { Consensus } from './types.ts'

export function framesOfRotation({ rotation }: Consensus): readonly Frame[] {
  return rotation === 0 ? [] : [{ kind: 'meta', value: { rotation } }]
}

/** Null: the frame says nothing about it. */
export function rotationIn(frame: Frame): number | null {
  const rotation = frame.kind === 'meta' ? frame.value['rotation'] : undefined
  return typeof rotation === 'number' ? rotation : null
}
