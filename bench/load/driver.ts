// The bench's side of the callers' process.
import type { Ground, Spawned } from '../ground.ts'
import type { Order, Outcome } from './order.ts'

export class Driver {
  readonly #ground: Ground
  readonly #process: Spawned

  constructor(ground: Ground) {
    this.#ground = ground
    this.#process = ground.fork(new URL('./process.ts', import.meta.url))
  }

  run(order: Order): Promise<Outcome> {
    const { child, said } = this.#process
    return new Promise((resolve, reject) => {
      const ended = (): void => {
        reject(new Error(`the callers' process ended: ${said()}`))
      }
      child.once('exit', ended)
      child.once('message', (message: { outcome?: Outcome; error?: string }) => {
        child.off('exit', ended)
        if (message.outcome === undefined) reject(new Error(message.error))
        else resolve(message.outcome)
      })
      child.send(order)
    })
  }

  stop(): Promise<void> {
    return this.#ground.stop(this.#process)
  }
}
