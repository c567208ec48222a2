/** For our own mistakes only: throws, and the daemon ends with exit 70 and says so. */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new AssertionError(what)
}

/** The last arm of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`)
}

/** A broken invariant of skein itself; never made for bad input or for the world's failures. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError'
}
