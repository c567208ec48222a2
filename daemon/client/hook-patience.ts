// How long a hook may stay where its session waits for what another holds: as long as its wiring allows, less where the user or
// the repository says so. For a hook's process, and for one that comes over HTTP.
import type { OperationResult } from '../../protocol/index.ts'

export interface Patience {
  /** What becomes of an edit of what another holds. */
  readonly contested: 'place' | 'defer' | 'refuse'
  /** What SKEIN_WAIT says; null: the repository says. */
  readonly wantedSeconds: number | null
  /** A harness ends a hook that takes longer, and lets its tool run: 0 where the wiring does not say how long it has. */
  readonly secondsMax: number
  /** A word of SKEIN_WAIT that says nothing. */
  readonly odd: string | null
}

/** @param word of SKEIN_WAIT. @param parseDuration seconds in a text; null where it is none. */
export function readPatience(
  word: string | undefined,
  secondsMax: number,
  parseDuration: (text: string) => number | null,
): Patience {
  const text = word?.trim() ?? ''
  const none = { contested: 'place', wantedSeconds: null, secondsMax, odd: null } as const
  if (text === '') return none
  if (text === 'defer' || text === 'refuse') return { ...none, contested: text }
  const seconds = text === '0' ? 0 : parseDuration(text)
  return seconds === null ? { ...none, odd: text } : { ...none, wantedSeconds: seconds }
}

/** 0 where there is nothing to stay for. */
export function staySeconds(
  { wait }: Pick<OperationResult<'guard'>, 'wait'>,
  { wantedSeconds, secondsMax }: Patience,
): number {
  return wait === null ? 0 : Math.min(wantedSeconds ?? wait.in_place_s, secondsMax)
}
