// The operation that looks ahead: which lines of work of the caller's clone would stop each other, under whose claims.
import {
  escapePath,
  matchesPath,
  parsePattern,
  SkeinError,
  type LedgerClaim,
  type OperationInput,
  type OperationResult,
  shellQuote,
} from '../../protocol/index.ts'
import type { Place } from '../callers.ts'
import { forecast as lookAhead, type Collision, type Line } from '../forecast/forecast.ts'
import type { MergeConflict } from '../git-merge.ts'
import { hostOf } from '../repos.ts'
import { asOf, type Handler } from './context.ts'

type Told = OperationResult<'forecast'>['collisions'][number]

const SINCE_MS = 30 * 86_400_000
/** A command with more words than this is not typed. */
const FILES_NAMED = 5

export const forecast: Handler<OperationInput<'forecast'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const { checkout, config } = place
  if (checkout === null) {
    throw new SkeinError('REPO_UNKNOWN', 'A forecast is of one clone: say in which you are.', {
      hint: 'Call it inside a checkout, or pass `cwd` over the socket.',
    })
  }
  const trunk = await parts.history.trunk(checkout, config.default_branch)
  if (trunk === null) {
    throw new SkeinError('NOT_FOUND', 'It is not known which branch work lands on here.', {
      hint: 'Write default_branch into .skein.yml.',
    })
  }
  const { lines, collisions, method, skipped } = await lookAhead(parts.merges, {
    root: checkout.root,
    trunk: trunk.remote ?? `refs/heads/${trunk.branch}`,
    of: input.of ?? null,
    remoteSinceMs: parts.clock.wall() - (input.since_s ?? SINCE_MS / 1000) * 1000,
    signal: context.signal,
  })
  const claims = [...hostOf(place.repo).loop.view().state.claims.values()]
  const result: OperationResult<'forecast'> = {
    trunk: (trunk.remote ?? trunk.branch).replace(/^refs\/remotes\//, ''),
    method,
    lines: lines.map(({ name, kind, worktree, isDirty, files }) => ({
      ...{ name, kind, worktree, dirty: isDirty },
      files: files.length,
    })),
    collisions: collisions.map((collision) => tell(collision, claims, place)),
    skipped,
    as_of: asOf(place.repo),
  }
  return result
}

function tell({ a, b, files }: Collision, claims: readonly LedgerClaim[], place: Place): Told {
  const found = claims.flatMap((claim) => {
    const covered = filesUnder(claim, files, place)
    return covered.length === 0 ? [] : [{ claim, covered }]
  })
  return {
    a: a.name,
    b: b.name,
    files: [...files],
    claims: found.map(({ claim, covered }) => ({
      claim: claim.id,
      agent: claim.agent,
      session: claim.session,
      branch: claim.branch,
      pattern: claim.pattern,
      symbols: [...claim.symbols],
      files: [...covered],
    })),
    options: optionsFor(
      { a, b, files },
      found.map(({ claim }) => claim),
    ),
  }
}

function filesUnder(
  { kind, pattern }: LedgerClaim,
  files: readonly MergeConflict[],
  { config }: Place,
): readonly string[] {
  if (kind === 'resource' || kind === 'task') return []
  const parsed = parsePattern(pattern, { caseExact: config.case === 'exact' })
  return files.map(({ path }) => path).filter((path) => matchesPath(parsed, path))
}

/** What would keep the two apart, each as it can be typed. */
function optionsFor({ a, b, files }: Collision, claims: readonly LedgerClaim[]): Told['options'] {
  const names = files.slice(0, FILES_NAMED).map(({ path }) => escapePath(path))
  const holder = [a, b].find((line) => claims.some(({ branch }) => branch === line.name))
  const [first, second] = inOrder(a, b, holder)
  const canRebase = second.kind === 'branch' && !second.isDirty
  return [
    claims.length === 0
      ? {
          action: 'claim',
          why: 'nobody holds these files: whoever goes on with them asks first',
          command: typed(['skein', 'claim', ...names]),
        }
      : {
          action: 'wait',
          why:
            holder === undefined
              ? 'they are claimed: go on when they are free'
              : `${first.name} holds them: ${second.name} goes on when they are free`,
          command: typed(['skein', 'claim', ...names, '--wait', '10m']),
        },
    ...(canRebase ? [rebaseOption(first, second)] : []),
  ]
}

/** Who lands first: the holder, else what is not ours to change. */
function inOrder(a: Line, b: Line, holder: Line | undefined): readonly [Line, Line] {
  const first = holder ?? [a, b].find(({ kind }) => kind === 'remote') ?? a
  return first === a ? [a, b] : [b, a]
}

function rebaseOption(first: Line, second: Line): Told['options'][number] {
  const where = second.worktree === null ? [] : ['-C', second.worktree]
  const what = second.worktree === null ? [first.name, second.name] : [first.name]
  return {
    action: 'rebase',
    why: `stop once and now: ${second.name} goes on top of ${first.name}, and lands after it`,
    command: typed(['git', ...where, 'rebase', ...what]),
  }
}

function typed(words: readonly string[]): string {
  return words.map(shellQuote).join(' ')
}
