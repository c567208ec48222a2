// Comments of a forge, once for each marker: it is looked for first, and again after a post of which nobody knows whether it arrived.
import { SkeinError } from '../../protocol/index.ts'
import type { Commented } from '../ports-tracker.ts'
import type { ForgeClient } from './client.ts'
import type { Dialect } from './dialect.ts'
import { commentSchema } from './schemas.ts'
import { linkOf } from './text.ts'

/** Forges take 65,536. */
const BODY_CHARACTERS_MAX = 60_000

export interface CommentPlace {
  readonly client: ForgeClient
  readonly dialect: Dialect
  /** Of the issue or the pull request: they have one count. */
  readonly number: number
}

export async function commentOnce(
  place: CommentPlace,
  marker: string,
  body: string,
  signal: AbortSignal,
): Promise<Commented> {
  const before = await findComment(place, marker, signal)
  if (before !== null) return { ...before, already: true }
  const where = `issues/${String(place.number)}/comments`
  const text = `${marker}\n${body.slice(0, BODY_CHARACTERS_MAX)}`
  const written = await place.client.write('POST', where, { body: text }, signal)
  if (written.kind === 'refused') throw written.error
  if (written.kind === 'done') {
    const { html_url: url } = place.client.read(where, written.body, commentSchema)
    return { url: linkOf(url), already: false }
  }
  const after = await findComment(place, marker, signal)
  // Whoever tries again looks first: a post that is still on its way is not made twice by hurry.
  if (after === null) throw written.error
  return { ...after, already: false }
}

/** The comment that begins with the marker, by somebody who may write there: others could keep ours from being posted. */
async function findComment(
  { client, dialect, number }: CommentPlace,
  marker: string,
  signal: AbortSignal,
): Promise<{ readonly url: string | null } | null> {
  const where = `issues/${String(number)}/comments`
  const { items, isPartial } = await client.list(where, commentSchema, dialect.comments, signal)
  for (const comment of items) {
    if (comment.body?.trimStart().startsWith(marker) !== true) continue
    if (await dialect.isTrusted(client, comment, signal)) return { url: linkOf(comment.html_url) }
  }
  if (!isPartial) return null
  throw new SkeinError(
    'TRACKER_UNSUPPORTED',
    `#${String(number)} of ${client.project} has more comments than are looked through (${String(items.length)}): whether it was told already cannot be known.`,
    { hint: 'Close it, and go on in a new issue.', data: { project: client.project, number } },
  )
}
