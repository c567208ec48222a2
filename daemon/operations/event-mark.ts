// Where a reader of events stands: behind an event, at a moment, or in several logs at once, as a text that it hands back.
import { z } from 'zod'

export type Mark = { readonly id: string } | { readonly at: string }

/** What was seen of several repositories, as a text that a caller hands back. */
export function writeSeen(first: Mark | null, seen: ReadonlyMap<string, string>): string {
  const json = JSON.stringify({ first, seen: Object.fromEntries(seen) })
  return PREFIX + Buffer.from(json).toString('base64url')
}

/** Null for any other text. */
export function readSeen(
  text: string,
): { readonly first: Mark | null; readonly seen: ReadonlyMap<string, string> } | null {
  if (!text.startsWith(PREFIX)) return null
  try {
    const json: unknown = JSON.parse(
      Buffer.from(text.slice(PREFIX.length), 'base64url').toString('utf8'),
    )
    const { first, seen } = SEEN.parse(json)
    return { first, seen: new Map(Object.entries(seen)) }
  } catch {
    return null
  }
}

const PREFIX = 'seen_'
const SEEN = z.object({
  first: z.union([z.object({ id: z.string() }), z.object({ at: z.string() })]).nullable(),
  seen: z.record(z.string(), z.string()),
})
