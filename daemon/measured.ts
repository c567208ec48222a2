// Operations with a count and a time for each.
import { SkeinError } from '../protocol/index.ts'
import { withCall, type Operations } from './client/operations.ts'
import type { Recorder } from './ports.ts'
import { outcomeOf } from './tracing/traced.ts'

export function measured(operations: Operations, recorder: Recorder): Operations {
  return withCall(operations, async (name, input, context) => {
    const startedAt = performance.now()
    let outcome = 'INTERNAL'
    try {
      const result = await operations.call(name, input, context)
      outcome = outcomeOf(result)
      return result
    } catch (error) {
      if (error instanceof SkeinError) outcome = error.code
      throw error
    } finally {
      recorder.operation(name, context.door, outcome, (performance.now() - startedAt) / 1000)
    }
  })
}
