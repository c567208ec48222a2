// The small world of the model: few sessions, few patterns, and for each pattern the paths that it means, written down by
// hand. Nothing here is computed by the code under test.
import type { ClaimMode, Urgency } from '../../protocol/index.ts'

export const FEW = ['ann', 'bob', 'pair-1', 'pair-2'] as const
export const SESSIONS = [...FEW, 'cat', 'dan', 'eve', 'fay', 'gus', 'hal'] as const
export type SessionName = (typeof SESSIONS)[number]

/** The two sessions of `pair` were given one agent name: they are one party. */
export function agentOf(session: SessionName): string | undefined {
  return session.startsWith('pair') ? 'pair' : undefined
}

export function isSameParty(a: SessionName, b: SessionName): boolean {
  return a === b || (agentOf(a) !== undefined && agentOf(a) === agentOf(b))
}

const PATHS_OF = {
  a: ['a'],
  b: ['b'],
  '{a,b}': ['a', 'b'],
  d: ['d', 'd/x', 'd/y', 'd/more'],
  'd/x': ['d/x'],
  'd/y': ['d/y'],
  'd/**': ['d/x', 'd/y', 'd/more'],
  '**': ['a', 'b', 'd', 'd/x', 'd/y', 'd/more', 'else'],
} as const
export type PatternName = keyof typeof PATHS_OF
export const PATTERNS = Object.keys(PATHS_OF) as PatternName[]

export function isOverlap(a: PatternName, b: PatternName): boolean {
  const paths: readonly string[] = PATHS_OF[b]
  return PATHS_OF[a].some((path) => paths.includes(path))
}

export function isInside(outer: PatternName, inner: PatternName): boolean {
  const paths: readonly string[] = PATHS_OF[outer]
  return PATHS_OF[inner].every((path) => paths.includes(path))
}

export interface Want {
  readonly pattern: PatternName
  readonly mode: ClaimMode
}

export function isConflict(a: Want, b: Want): boolean {
  return (a.mode === 'exclusive' || b.mode === 'exclusive') && isOverlap(a.pattern, b.pattern)
}

export const URGENCY_LEVELS: Readonly<Record<Urgency, number>> = {
  low: 0,
  normal: 1,
  high: 2,
  blocking: 3,
}
