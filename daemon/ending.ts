// How a daemon comes to its end, and what callers hear while it does.
import { OPERATIONS, SkeinError } from '../protocol/index.ts'
import { withCall, type Operations } from './client/operations.ts'

/** It ends to start again: in another mesh. */
export const AGAIN = 'again'

/** How a daemon comes to its end: it is stopped, or its disk fails, which is kept for those who still ask. */
export function createEnding(): {
  readonly exit: Promise<number | typeof AGAIN>
  readonly failure: () => SkeinError | null
  readonly fail: (error: SkeinError) => void
  readonly stop: () => void
  readonly startAgain: () => void
} {
  const ended = Promise.withResolvers<number | typeof AGAIN>()
  let failure: SkeinError | null = null
  return {
    exit: ended.promise,
    failure: () => failure,
    fail(error) {
      failure ??= error
      ended.resolve(error.exit)
    },
    stop() {
      ended.resolve(0)
    },
    startAgain() {
      ended.resolve(AGAIN)
    },
  }
}

/** After the disk failed every call is answered by what happened. */
export function untilFailure(operations: Operations, failure: () => SkeinError | null): Operations {
  return withCall(operations, (name, input, context) => {
    const failed = failure()
    return failed === null ? operations.call(name, input, context) : Promise.reject(failed)
  })
}

/** On the way into another mesh nothing is begun here any more. */
export function untilDeparture(operations: Operations, isDeparting: () => boolean): Operations {
  return withCall(operations, (name, input, context) => {
    if (!isDeparting() || !Object.hasOwn(OPERATIONS, name) || !OPERATIONS[name].writes)
      return operations.call(name, input, context)
    const message = 'this machine is on its way into another mesh'
    return Promise.reject(new SkeinError('MESH_BUSY_JOINING', message))
  })
}
