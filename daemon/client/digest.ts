// A digest for names that are made of longer texts. What makes it is loaded when it is first asked for: it costs a process 8 ms, and a
// hook, which brings its session along, never asks.

/** SHA-256 in hexadecimal. */
export function digestOf(text: string): string {
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(text).digest('hex')
}
