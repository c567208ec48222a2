// Small pieces of text: made safe for a terminal, put together for a shell, counted.
import { shellQuote } from '../../../protocol/index.ts'
import { widthOf } from './width.ts'

/** Control characters and marks of writing direction make texts lie; a line break in a name would forge a line. */
const DISTURBING = /[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069\u200e\u200f\u061c\ufeff]/gu

/** A text by somebody else, as one line that cannot move the cursor, colour, or turn what stands beside it. */
export function clean(text: string): string {
  return text.replace(/[\t\r\n\u2028\u2029]+/g, ' ').replace(DISTURBING, '')
}

/** Every text in a value made clean, once and for all: faces print what they get. */
export function cleanAll(value: unknown): unknown {
  if (typeof value === 'string') return clean(value)
  if (Array.isArray(value)) return value.map(cleanAll)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [clean(key), cleanAll(field)]),
  )
}

export function commandLine(words: readonly string[]): string {
  return ['skein', ...words].map(shellQuote).join(' ')
}

/** `1 claim`, `3 claims`. */
export function count(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? '' : 's'}`
}

export function padding(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text)))
}
