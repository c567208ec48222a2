// How many tracked files a claim covers, in the caller's own checkout: too wide a claim is refused, one that covers
// nothing yet is told so. Long lists are read in slices, so that nobody else waits.
import {
  DEFAULTS,
  foldText,
  matchesPath,
  parsePattern,
  SkeinError,
  type Pattern,
  type Scope,
} from '../protocol/index.ts'
import type { RepoConfig } from './config.ts'
import { createSlices, type Slices } from './slices.ts'

/** What a look costs depends on the pattern: microseconds, or a millisecond. */
const LOOKS_BETWEEN_CLOCKS = 8

/**
 * @returns warnings about patterns that cover no tracked file.
 * @throws SkeinError INPUT_TOO_WIDE
 */
export async function requireBounded(
  scopes: readonly Scope[],
  tracked: readonly string[],
  config: RepoConfig,
): Promise<string[]> {
  const most = filesMax(tracked.length, config)
  const slices = createSlices()
  const warnings: string[] = []
  let total = 0
  for (const scope of scopes) {
    if (scope.kind === 'task' || scope.kind === 'resource') continue
    const pattern = parsePattern(scope.pattern, { caseExact: config.case === 'exact' })
    const count = await countCovered(pattern, tracked, most, slices)
    total += count
    if (count > most || total > most) throw tooWide(scope.pattern, tracked.length, most)
    if (count === 0) warnings.push(`'${scope.pattern}' covers no tracked file yet`)
  }
  return warnings
}

/** How many tracked files one claim may cover. */
export function filesMax(tracked: number, config: RepoConfig): number {
  const { files, ratio } = config.limits
  if (tracked <= DEFAULTS.claimRatioFilesMin) return files
  return Math.min(files, Math.floor(tracked * ratio))
}

/** Counts up to one more than `most`. */
async function countCovered(
  pattern: Pattern,
  tracked: readonly string[],
  most: number,
  slices: Slices,
): Promise<number> {
  if (pattern.path !== null) return countUnder(pattern, pattern.path, tracked)
  let count = 0
  for (let at = 0; at < tracked.length; at++) {
    if (at % LOOKS_BETWEEN_CLOCKS === 0 && slices.isOver()) await slices.pause()
    if (matchesPath(pattern, tracked[at] ?? '')) count++
    if (count > most) return count
  }
  return count
}

/** What lies under a path is one run of the sorted list, beside the path itself. */
function countUnder({ caseExact }: Pattern, path: string, tracked: readonly string[]): number {
  const sorted = sortedFor(tracked, caseExact)
  const wanted = caseExact ? path : foldText(path)
  const file = sorted[lowerBound(sorted, wanted)] === wanted ? 1 : 0
  return file + lowerBound(sorted, `${wanted}0`) - lowerBound(sorted, `${wanted}/`)
}

/** Each list of a checkout's files lives as long as the index that it was read from. */
const sortedLists = new WeakMap<readonly string[], Map<boolean, readonly string[]>>()

function sortedFor(tracked: readonly string[], caseExact: boolean): readonly string[] {
  const lists = sortedLists.get(tracked) ?? new Map<boolean, readonly string[]>()
  sortedLists.set(tracked, lists)
  const known = lists.get(caseExact)
  if (known !== undefined) return known
  const sorted = tracked.map((path) => (caseExact ? path.normalize('NFC') : foldText(path))).sort()
  lists.set(caseExact, sorted)
  return sorted
}

function lowerBound(sorted: readonly string[], wanted: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? '') < wanted) low = middle + 1
    else high = middle
  }
  return low
}

function tooWide(pattern: string, tracked: number, most: number): SkeinError {
  return new SkeinError(
    'INPUT_TOO_WIDE',
    `'${pattern}' covers more than ${String(most)} of the ${String(tracked)} tracked files that one claim may cover`,
    {
      hint: 'Claim a smaller pattern, or raise `limits` in .skein.yml.',
      data: { pattern, tracked, most },
    },
  )
}
