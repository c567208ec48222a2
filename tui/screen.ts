// The screen. It is given whole pictures; only the lines that changed go out, each to its own place, as few bytes as a slow line
// wants, and none before the terminal took the last ones. Ink, which believes it to be the terminal, writes nothing on it.
import { EventEmitter } from 'node:events'

/** Faster is not seen, and each picture costs a slow line some hundred bytes. */
const PICTURE_MS = 40

interface Tty {
  readonly columns: number
  readonly rows: number
  readonly writableNeedDrain: boolean
  write(text: string): unknown
  once(event: 'drain', listener: () => void): unknown
}

export class Screen extends EventEmitter {
  readonly isTTY = true
  readonly #tty: Tty
  #shown: readonly string[] = []
  #next: readonly string[] | null = null
  #timer: ReturnType<typeof setTimeout> | null = null
  #drawnAt = -Infinity
  #isClosed = false

  constructor(tty: Tty) {
    super()
    this.#tty = tty
  }

  get columns(): number {
    return this.#tty.columns
  }

  get rows(): number {
    return this.#tty.rows
  }

  /** @param picture the whole one. */
  draw = (picture: readonly string[]): void => {
    this.#next = picture
    this.#drawSoon()
  }

  write(): boolean {
    return true
  }

  /** Nothing of what is on the screen is relied on any more. */
  forget(): void {
    this.#shown = []
    this.#tty.write('\u001b[2J')
  }

  /** What comes later is not drawn. */
  close(): void {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  #drawSoon(): void {
    if (this.#timer !== null || this.#isClosed) return
    const waitMs = Math.max(0, PICTURE_MS - (performance.now() - this.#drawnAt))
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#draw()
    }, waitMs)
  }

  #draw(): void {
    if (this.#next === null || this.#isClosed) return
    if (this.#tty.writableNeedDrain) {
      this.#tty.once('drain', () => {
        this.#drawSoon()
      })
      return
    }
    const lines = this.#next.slice(0, this.rows)
    this.#next = null
    this.#drawnAt = performance.now()
    const text = changesOf(this.#shown, lines)
    this.#shown = lines
    if (text !== '') this.#tty.write(text)
  }
}

/** CUP and EL (ECMA-48). A line is cleared first: behind one that fills its width the cursor stands on its last cell. */
export function changesOf(before: readonly string[], after: readonly string[]): string {
  let text = ''
  for (let i = 0; i < Math.max(before.length, after.length); i++) {
    const line = after[i] ?? ''
    if (line !== (before[i] ?? '')) text += `\u001b[${String(i + 1)};1H\u001b[2K${line}`
  }
  return text
}
