// What was started, to be stopped in the reverse order.
import { SkeinError } from '../protocol/index.ts'

/** Undoes what was started, last first; goes on when one part fails to stop. */
export class Teardown {
  readonly #steps: (() => void | Promise<void>)[] = []

  add(step: () => void | Promise<void>): void {
    this.#steps.push(step)
  }

  async unwind(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step()
      } catch (error) {
        if (!(error instanceof SkeinError)) throw error
      }
    }
  }
}
