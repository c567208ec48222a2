// From bytes to text. Bytes that are no text of their encoding become U+FFFD, one place wide, and hurt nothing else.

/** Git's rule: a zero byte this early means no text. */
const ZERO_LOOKED_FOR = 8_000

/** The text without its byte order mark; null for binary files. */
export function decode(bytes: Uint8Array): string | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  if (bytes.subarray(0, ZERO_LOOKED_FOR).includes(0)) return null
  return new TextDecoder('utf-8').decode(bytes)
}
