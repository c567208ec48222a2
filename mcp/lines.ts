// Bytes to lines, for the stdio framing of MCP: one JSON-RPC message a line. Bounded: a line above the limit is dropped while
// it arrives. Shared by the server and the bridge, so it imports nothing.

export interface LineSplitter {
  /** The lines that this chunk completes, without their line feeds; null stands for one that was too long and is lost. */
  push(chunk: Buffer): readonly (Buffer | null)[]
  /** Is the line that is still arriving above the limit already? */
  isOverlong(): boolean
}

const LINE_FEED = 0x0a

export function makeLineSplitter(bytesMax: number): LineSplitter {
  // Pieces are joined once, when the line is whole: joining at each chunk would be quadratic.
  let pieces: Buffer[] = []
  let bytes = 0

  function keep(piece: Buffer): void {
    bytes += piece.length
    if (bytes > bytesMax) pieces = []
    else if (piece.length > 0) pieces.push(piece)
  }

  function take(): Buffer | null {
    const line = bytes > bytesMax ? null : joinPieces(pieces)
    pieces = []
    bytes = 0
    return line
  }

  return {
    push(chunk) {
      const lines: (Buffer | null)[] = []
      let from = 0
      for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, from)) {
        keep(chunk.subarray(from, end))
        lines.push(take())
        from = end + 1
      }
      keep(chunk.subarray(from))
      return lines
    },
    isOverlong: () => bytes > bytesMax,
  }
}

function joinPieces(pieces: readonly Buffer[]): Buffer {
  const [only] = pieces
  return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces)
}
