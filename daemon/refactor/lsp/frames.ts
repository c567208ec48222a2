// The frames of the language server protocol: `Content-Length: N`, an empty line, N bytes of JSON. Bounded, because who
// writes them runs the code of a repository.

/** References of a name that is used everywhere: some hundred bytes each. */
const FRAME_BYTES_MAX = 32 * 1_048_576
const HEADER_BYTES_MAX = 4_096
const END = '\r\n\r\n'

export function encodeFrame(message: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(message))
  return Buffer.concat([Buffer.from(`Content-Length: ${String(body.length)}${END}`), body])
}

/** Takes bytes as they come. */
export class FrameReader {
  #parts: Buffer[] = []
  #size = 0
  /** Bytes of the frame that is under way, its header counted; null before the header is whole. */
  #wanted: { readonly start: number; readonly end: number } | null = null

  /** The messages that are whole now. @throws Error for what is no frame, or a too large one */
  push(bytes: Buffer): readonly unknown[] {
    this.#parts.push(bytes)
    this.#size += bytes.length
    const found: unknown[] = []
    for (;;) {
      if (this.#wanted === null && !this.#readHeader()) return found
      if (this.#wanted === null || this.#size < this.#wanted.end) return found
      const all = this.#joined()
      const { start, end } = this.#wanted
      found.push(JSON.parse(all.toString('utf8', start, end)))
      this.#parts = [all.subarray(end)]
      this.#size -= end
      this.#wanted = null
    }
  }

  #readHeader(): boolean {
    const all = this.#joined()
    const end = all.indexOf(END)
    if (end < 0) {
      if (all.length > HEADER_BYTES_MAX) throw new Error('a header without an end')
      return false
    }
    const [, length] =
      /^content-length: *(\d{1,9})\r?$/im.exec(all.toString('latin1', 0, end)) ?? []
    if (length === undefined || Number(length) > FRAME_BYTES_MAX) {
      throw new Error('a frame without a length, or a too large one')
    }
    const start = end + END.length
    this.#wanted = { start, end: start + Number(length) }
    return true
  }

  #joined(): Buffer {
    const [only] = this.#parts
    const all = this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts)
    this.#parts = [all]
    return all
  }
}
