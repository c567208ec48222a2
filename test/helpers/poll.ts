// Waiting for a condition of another process: looked at again and again until a deadline that fails the test.
import { setTimeout as delay } from 'node:timers/promises'

/** @returns the first value that is neither null nor false. */
export async function until<Value>(
  what: string,
  look: () => Value | null | false | Promise<Value | null | false>,
  { withinMs = 10_000, everyMs = 10 } = {},
): Promise<Value> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const value = await look()
    if (value !== null && value !== false) return value
    if (performance.now() > deadline) {
      throw new Error(`not within ${String(withinMs)} ms: ${what}`)
    }
    await delay(everyMs)
  }
}
