// What stands in the message of kept work: for people, and as one line of JSON for us. Refs can be fetched from anywhere, so what is
// read is decoded and bounded.
import { z } from 'zod'
import { DEFAULTS, LIMITS } from '../../protocol/index.ts'
import type { KeptRef } from '../git-kept.ts'

const name = z.string().max(4_096)

const noteSchema = z.object({
  repo: name,
  agent: name,
  session: name,
  machine: name,
  branch: name.nullable(),
  /** Why it was kept: how its claims ended, or what was taken away. */
  reason: name,
  claims: z
    .array(z.object({ id: name, pattern: name, fence: z.number().nullable() }))
    .max(LIMITS.idsMax),
  /** Under more than these it was claimed. */
  claims_more: z.number().default(0),
  checkout: name,
  skipped: z.array(z.object({ path: name, why: name })).max(100),
  /** More than these were skipped. */
  skipped_more: z.number(),
  /** Commits that only a detached HEAD had. */
  commits: z.number(),
  files: z.number(),
  bytes: z.number(),
})

export type KeptNote = Readonly<z.infer<typeof noteSchema>>

/** A kept work, as far as its commit tells of it. */
export interface KeptWork extends KeptRef {
  /** Null: somebody else made this commit. */
  readonly note: KeptNote | null
}

/** The claims of a session, as far as a note takes them. */
export function claimsNoted(
  claims: readonly KeptNote['claims'][number][],
): Pick<KeptNote, 'claims' | 'claims_more'> {
  const told = claims.slice(0, LIMITS.idsMax)
  return {
    claims: told.map(({ id, pattern, fence }) => ({ id, pattern, fence })),
    claims_more: claims.length - told.length,
  }
}

const LINE = 'Skein-Kept: '

export function messageOf(id: string, note: KeptNote): string {
  const { agent, reason, claims, files, skipped, skipped_more: more, branch, commits } = note
  const patterns = claims.map(({ pattern }) => pattern).slice(0, PATTERNS_TOLD)
  const untold = claims.length + note.claims_more - patterns.length
  const others = untold === 0 ? '' : `, and ${String(untold)} more`
  const lines = [
    `Work of ${agent}, kept (${reason})`,
    '',
    `${String(files)} files, HEAD on ${branch ?? 'no branch'}.`,
    ...(patterns.length === 0 ? [] : [`Claimed were: ${patterns.join(', ')}${others}`]),
    ...(commits === 0 ? [] : [`Below it: ${String(commits)} commits that no branch had.`]),
    ...skipped.map(({ path, why }) => `Not in it: ${JSON.stringify(path)}, ${why}.`),
    ...(more === 0 ? [] : [`Not in it: ${String(more)} more files.`]),
    `To get it back: skein wip restore ${id}`,
    '',
    LINE + JSON.stringify(note),
  ]
  return `${lines.join('\n')}\n`
}

const PATTERNS_TOLD = 20

export function readKept(ref: KeptRef): KeptWork {
  const line = ref.message.split('\n').findLast((each) => each.startsWith(LINE))
  return { ...ref, note: line === undefined ? null : decode(line.slice(LINE.length)) }
}

function decode(text: string): KeptNote | null {
  try {
    return noteSchema.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}

/** What is kept for how long: bounds of one clone. */
export interface WipRetention {
  readonly ageMsMax: number
  readonly bytesMax: number
  readonly countMax: number
}

/** Which of these are over: too old, else the oldest ones beyond the bounds. */
export function collectable(
  all: readonly KeptWork[],
  { ageMsMax, bytesMax, countMax }: WipRetention,
  nowMs: number,
): readonly { readonly work: KeptWork; readonly why: 'age' | 'room' }[] {
  let count = 0
  let bytes = 0
  const newestFirst = all.toSorted((a, b) => b.keptAtMs - a.keptAtMs || (a.id < b.id ? 1 : -1))
  return newestFirst.flatMap((work): ReturnType<typeof collectable> => {
    if (nowMs - work.keptAtMs > ageMsMax) return [{ work, why: 'age' }]
    count += 1
    bytes += work.note?.bytes ?? 0
    // The newest stays, however large it is.
    return count > countMax || (count > 1 && bytes > bytesMax) ? [{ work, why: 'room' }] : []
  })
}

/** What this machine's configuration says of it. */
export function retentionOf(retention: {
  readonly wip: number
  readonly wip_mib: number
}): WipRetention {
  return {
    ageMsMax: retention.wip * 1000,
    bytesMax: retention.wip_mib * 1_048_576,
    countMax: DEFAULTS.wipCountMax,
  }
}
