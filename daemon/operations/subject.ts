// What a question is about: a pattern, or `FILE:A::b`. A colon may belong to a file's name or to a class of characters, and
// a symbol may hold one; the caller's checkout tells which is meant.
import { statSync } from 'node:fs'
import path from 'node:path'
import { parsePattern, parseSymbol, SkeinError, splitSymbol } from '../../protocol/index.ts'
import type { Place } from '../callers.ts'
import { placePattern } from './scopes.ts'

export interface Subject {
  /** Canonical, from the root. */
  readonly pattern: string
  readonly symbol: string | null
}

/** @throws SkeinError INPUT_PATTERN */
export function readSubject(text: string, place: Place): Subject {
  const caseExact = place.config.case === 'exact'
  const pairs = isThere(text, place) ? [] : splitSymbol(text).filter(({ file }) => isPattern(file))
  const pair = pairs.find(({ file }) => isThere(file, place)) ?? pairs[0]
  const pattern = placePattern(pair?.file ?? text, place)
  return {
    pattern: parsePattern(pattern, { caseExact }).text,
    symbol: pair === undefined ? null : parseSymbol(pair.symbol),
  }
}

function isPattern(text: string): boolean {
  try {
    parsePattern(text, { caseExact: false })
    return true
  } catch (error) {
    if (error instanceof SkeinError) return false
    throw error
  }
}

function isThere(file: string, { checkout }: Place): boolean {
  if (checkout === null || file.includes('\0')) return false
  try {
    return statSync(path.resolve(checkout.root, file), { throwIfNoEntry: false }) !== undefined
  } catch {
    // A name that no disk takes is no file.
    return false
  }
}
