// What was started, to be stopped in the reverse order.
import { SkeinError } from '../protocol/index.ts'
import type { Log } from './log.ts'

/** Undoes what was started, last first; goes on when one part fails to stop. */
export class Teardown {
  readonly #steps: (() => void | Promise<void>)[] = []
  #log: Pick<Log, 'error'> | null = null

  add(step: () => void | Promise<void>): void {
    this.#steps.push(step)
  }

  /** Where failures are told that nobody has foreseen. Before that there is no place for them. */
  logTo<Told extends Pick<Log, 'error'>>(log: Told): Told {
    this.#log = log
    return log
  }

  /** It never fails: what is not stopped would keep the home locked and the doors open. */
  async unwind(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step()
      } catch (error) {
        if (error instanceof SkeinError) continue
        const facts = {
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        }
        this.#log?.error(facts, 'a part of the daemon could not be stopped: this is a bug')
      }
    }
  }
}
