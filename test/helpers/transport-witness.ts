// Sees what a transport tells, in order, and waits for it.
import type { TransportEvents } from '../../daemon/ports.ts'
import type { PeerId } from '../../protocol/index.ts'

export type Seen =
  | { readonly kind: 'up'; readonly peer: PeerId }
  | { readonly kind: 'down'; readonly peer: PeerId; readonly how: 'refused' | 'reset' | 'silent' }
  | { readonly kind: 'message'; readonly peer: PeerId; readonly message: Uint8Array }

export class Witness {
  readonly seen: Seen[] = []
  /** Called with each message, after it was noted. */
  onMessage: (from: PeerId, message: Uint8Array) => void = () => undefined
  answer: (from: PeerId, question: Uint8Array) => Promise<Uint8Array | null> = () =>
    Promise.resolve(null)
  /** Large runs count, and keep nothing. */
  keepsMessages = true
  messages = 0
  readonly #waiting = new Set<() => void>()

  readonly events: TransportEvents = {
    onUp: (peer) => {
      this.#note({ kind: 'up', peer })
    },
    onDown: (peer, how) => {
      this.#note({ kind: 'down', peer, how })
    },
    onMessage: (peer, message) => {
      this.messages++
      if (this.keepsMessages) this.seen.push({ kind: 'message', peer, message })
      this.onMessage(peer, message)
      this.#wake()
    },
    onQuestion: (from, question) => this.answer(from, question),
  }

  /** Resolves once it holds; looked at whenever something was told. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
      look()
    })
  }

  /** Ups and downs of a peer, as words. */
  story(peer: PeerId): string[] {
    return this.seen.flatMap((seen) => {
      if (seen.peer !== peer || seen.kind === 'message') return []
      return [seen.kind === 'up' ? 'up' : seen.how]
    })
  }

  texts(peer: PeerId): string[] {
    return this.seen.flatMap((seen) =>
      seen.kind === 'message' && seen.peer === peer ? [Buffer.from(seen.message).toString()] : [],
    )
  }

  /** Until this peer's last word is the one given, for the nth time. */
  last(peer: PeerId, word: string, times = 1): Promise<void> {
    return this.until(() => {
      const story = this.story(peer)
      return story.at(-1) === word && story.filter((said) => said === word).length >= times
    })
  }

  #note(seen: Seen): void {
    this.seen.push(seen)
    this.#wake()
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look()
  }
}
