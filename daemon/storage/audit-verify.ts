// Walks a whole audit log and says whether each line is what its hash says and follows the line before it. A chain without
// a secret shows a changed, removed or swapped line to whoever keeps a later hash; it does not stop a forger who rewrites
// everything after it. Other machines hold the same events.
import { statSync } from 'node:fs'
import { FIRST_PREV, SkeinError } from '../../protocol/index.ts'
import { decodeLine, hashesOf } from './audit-line.ts'
import { readForward } from './audit-read.ts'
import type { Segment } from './audit-segments.ts'

/** The first place at which the chain does not hold. */
export interface AuditBreak {
  readonly kind: 'not-an-event' | 'changed' | 'does-not-follow' | 'ends-early'
  /** Number of the segment, and of the line in it from 1. */
  readonly segment: number
  readonly line: number
  /** Of the event on that line, where it can still be read. */
  readonly id: string | null
  /**
   * `changed`: the hash that the line's bytes have, and the one it states. `does-not-follow`: the hash of the line before,
   * and the one that this line names. `ends-early`: the hash of the newest event, and of the last one found.
   */
  readonly expected: string | null
  readonly found: string | null
}

export interface AuditVerdict {
  readonly events: number
  readonly segments: number
  /** The first event that is left, when the oldest segments have been removed; null for a log from its beginning. */
  readonly startsAt: { readonly segment: number; readonly id: string; readonly prev: string } | null
  readonly broken: AuditBreak | null
}

/** @param newestHash of the last event that must be found, if there is one. */
export async function verifySegments(
  segments: readonly Segment[],
  newestHash: string | null,
  signal?: AbortSignal,
): Promise<AuditVerdict> {
  const walk = new Walk(segments[0]?.number ?? 1)
  for (const segment of segments) {
    walk.enter(segment.number)
    for await (const lines of readForward(segment.file, { signal })) {
      for (const line of lines) walk.take(line, newestHash)
      if (walk.broken !== null) return walk.verdict(segments.length)
    }
  }
  if (newestHash !== null) walk.end(newestHash)
  return walk.verdict(segments.length)
}

/** Of one file, wherever it was copied to. @throws SkeinError NOT_FOUND when it is not there. */
export async function verifyFile(
  file: string,
): Promise<{ events: number; last: string | null; problem: string | null }> {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat?.isFile() !== true) {
    const what = stat === undefined ? 'there is no file' : 'that is no file:'
    throw new SkeinError('NOT_FOUND', `${what} ${file}`, {
      hint: 'skein audit export > audit.ndjson && skein audit verify audit.ndjson',
    })
  }
  // An export may begin anywhere: its first link cannot be checked, as after retention.
  const walk = new Walk(null)
  walk.enter(0)
  for await (const lines of readForward(file)) for (const line of lines) walk.take(line, null)
  const { broken, events } = walk.verdict(1)
  if (broken !== null)
    return { events, last: walk.last, problem: `${broken.kind} in line ${String(broken.line)}` }
  // A log has at least its leader's election: nothing at all proves nothing.
  return { events, last: walk.last, problem: events === 0 ? 'it holds no event' : null }
}

class Walk {
  broken: AuditBreak | null = null
  readonly #firstSegment: number | null
  #segment = 0
  #line = 0
  #events = 0
  #startsAt: AuditVerdict['startsAt'] = null
  #previous: string | null = null
  #hasNewest = false

  constructor(firstSegment: number | null) {
    this.#firstSegment = firstSegment
    if (firstSegment === 1) this.#previous = FIRST_PREV
  }

  /** Hash of the last line that held. */
  get last(): string | null {
    return this.#events === 0 ? null : this.#previous
  }

  enter(segment: number): void {
    this.#segment = segment
    this.#line = 0
  }

  take(line: Buffer, newestHash: string | null): void {
    if (this.broken !== null) return
    this.#line += 1
    const event = decodeLine(line.toString('utf8'))
    const hashes = hashesOf(line)
    const id = event?.id ?? null
    if (hashes === null || event === null) {
      this.#break('not-an-event', id, null, null)
      return
    }
    // What remains after retention begins in the middle of the chain: its first link cannot be checked.
    if (this.#previous === null) {
      this.#startsAt = { segment: this.#firstSegment ?? 1, id: event.id, prev: event.prev }
      this.#previous = event.prev
    }
    if (hashes.actual !== hashes.stated) this.#break('changed', id, hashes.actual, hashes.stated)
    else if (event.prev !== this.#previous)
      this.#break('does-not-follow', id, this.#previous, event.prev)
    else this.#count(hashes.stated, newestHash)
  }

  /** All is walked: the newest event must have been among it. */
  end(newestHash: string): void {
    if (!this.#hasNewest) this.#break('ends-early', null, newestHash, this.#previous)
  }

  verdict(segments: number): AuditVerdict {
    return { events: this.#events, segments, startsAt: this.#startsAt, broken: this.broken }
  }

  #count(hash: string, newestHash: string | null): void {
    this.#events += 1
    this.#previous = hash
    if (hash === newestHash) this.#hasNewest = true
  }

  #break(
    kind: AuditBreak['kind'],
    id: string | null,
    expected: string | null,
    found: string | null,
  ): void {
    this.broken = { kind, segment: this.#segment, line: this.#line, id, expected, found }
  }
}
