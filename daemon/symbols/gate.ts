// Lets a few through at once, in order; the rest wait, and too many are turned away.
import { SkeinError } from '../../protocol/index.ts'

export class Gate {
  private readonly waiting: (() => void)[] = []
  private readonly limits: { readonly insideMax: number; readonly waitingMax: number }
  private inside = 0

  constructor(limits: { readonly insideMax: number; readonly waitingMax: number }) {
    this.limits = limits
  }

  /** @throws SkeinError BUSY */
  async pass<T>(act: () => Promise<T>): Promise<T> {
    await this.enter()
    try {
      return await act()
    } finally {
      this.leave()
    }
  }

  private async enter(): Promise<void> {
    if (this.inside < this.limits.insideMax) {
      this.inside++
      return
    }
    if (this.waiting.length >= this.limits.waitingMax) {
      throw new SkeinError('BUSY', 'Too many files wait to be parsed.')
    }
    await new Promise<void>((resolve) => this.waiting.push(resolve))
  }

  /** The place goes to the next, so that nobody slips in between. */
  private leave(): void {
    const next = this.waiting.shift()
    if (next === undefined) this.inside--
    else next()
  }
}
