// May these files be changed? The daemon says so, who asks the leader; without one, what this clone remembers and the tokens
// that the remote has. Verdicts are data; words.ts makes sentences of them.
import { LIMITS, SkeinError, type OperationResult } from '../../protocol/index.ts'
import { remotePlaceOf } from '../git-address.ts'
import type { Asking } from './asking.ts'
import type { Changes, Edit } from './changes.ts'

/** A change that may not go on, and because of whom. */
export interface Blocked {
  /** `ended`: a claim of one's own, of which nobody can say that it lives. */
  readonly why: 'held' | 'unsettled' | 'ended' | 'protected' | 'unapproved'
  readonly path: string
  readonly symbols: readonly string[]
  /** Null for what the policy keeps shut: by this pattern, or this area of these owners. */
  readonly claim: BlockingClaim | null
  readonly rule?: string
  readonly owners?: readonly string[]
}

export interface BlockingClaim {
  readonly id: string
  readonly agent: string
  readonly machine: string
  readonly fence: number | null
  /** ISO 8601; null where it is not known. */
  readonly until: string | null
}

export interface Verdict {
  readonly blocked: readonly Blocked[]
  /** The claims of one's own that cover the rest. */
  readonly own: readonly OwnClaim[]
  readonly releaseOnLanding: boolean
  /** For the person: what was not looked at or done before this was judged. */
  readonly notes: readonly string[]
}

export interface OwnClaim {
  readonly id: string
  readonly fence: number
}

type Answer = OperationResult<'cover'>

/** Below what one body may have, with all that is around the names. */
const ASKED_BYTES_MAX = 400_000

export interface PushedTo {
  readonly url: string
  readonly refs: readonly string[]
}

/**
 * @param pushed null: nothing is pushed, so that a refusal is none of a push.
 * @throws SkeinError as the daemon answers it, or DAEMON_DOWN.
 */
export async function judgeByLeader(
  asking: Asking,
  changes: Changes,
  pushed: PushedTo | null,
): Promise<Verdict> {
  const blocked: Blocked[] = []
  const own = new Map<string, OwnClaim>()
  const notes = new Set<string>()
  let releaseOnLanding = true
  const note = (answer: Answer): string[] => {
    const claims = new Map(answer.claims.map((claim) => [claim.id, claim]))
    releaseOnLanding = answer.release_on_landing
    for (const line of answer.notes ?? []) notes.add(line)
    return answer.paths.flatMap(
      ({ path, verdict, claims: ids, symbols, rule, owners }): string[] => {
        if (verdict === 'by-symbols') return [path]
        if (verdict === 'protected' || verdict === 'unapproved') {
          const by = { rule: rule ?? path, owners: owners ?? [] }
          blocked.push({ why: verdict, path, symbols, claim: null, ...by })
        }
        for (const id of ids) {
          const claim = claims.get(id)
          if (claim === undefined) continue
          if (verdict === 'own' && claim.fence !== null) own.set(id, { id, fence: claim.fence })
          if (verdict !== 'other' && verdict !== 'unsettled') continue
          const { agent, machine, fence, expires_at: until } = claim
          const why = verdict === 'other' ? 'held' : 'unsettled'
          blocked.push({ why, path, symbols, claim: { id, agent, machine, fence, until } })
        }
        return []
      },
    )
  }
  const open: string[] = []
  for (const paths of portions([...changes.paths], () => 0))
    open.push(...note(await asking.ask('cover', { paths, ...asking.bypass })))
  const found = open.length === 0 ? new Map<string, Edit[]>() : await changes.editsOf(open)
  // A call takes so many edits of a file: one with more is asked about several times, and each time may refuse it.
  for (let from = 0, asked: readonly string[] = open; asked.length > 0;) {
    const upto = from + LIMITS.editsMax
    const some = (path: string): readonly Edit[] => (found.get(path) ?? []).slice(from, upto)
    for (const paths of portions(asked, (path) => 130 * some(path).length)) {
      const edits = Object.fromEntries(paths.map((path) => [path, some(path)]))
      const left = note(await asking.ask('cover', { paths, edits, ...asking.bypass }))
      if (left.length > 0) throw new SkeinError('INTERNAL', `${left[0] ?? ''} was not judged`)
    }
    asked = asked.filter((path) => (found.get(path) ?? []).length > upto)
    from = upto
  }
  if (pushed !== null) await tellRefused(asking, pushed, blocked, found)
  return { blocked, own: [...own.values()], releaseOnLanding, notes: [...notes] }
}

/** The daemon judges these once more and records the refusal; who pushes has its answer anyway. */
async function tellRefused(
  asking: Asking,
  { url, refs }: PushedTo,
  blocked: readonly Blocked[],
  found: ReadonlyMap<string, readonly Edit[]>,
): Promise<void> {
  const held = blocked.flatMap(({ why, path }) => (why === 'held' ? [path] : []))
  const [paths] = portions([...new Set(held)], (path) => 130 * editsTold(path, found).length)
  if (paths === undefined) return
  const edits = Object.fromEntries(paths.map((path) => [path, editsTold(path, found)]))
  const place = remotePlaceOf(url)
  const remote = place === null ? null : `${place.host}/${place.repo}`
  try {
    await asking.ask('cover', { paths, edits, push: { remote, refs: refs.slice(0, REFS_TOLD) } })
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error
  }
}

function editsTold(path: string, found: ReadonlyMap<string, readonly Edit[]>): readonly Edit[] {
  return (found.get(path) ?? []).slice(0, LIMITS.editsMax)
}

const REFS_TOLD = 100

function portions(paths: readonly string[], more: (path: string) => number): readonly string[][] {
  const found: string[][] = []
  let bytes = Infinity
  for (const path of paths) {
    const size = Buffer.byteLength(path) + 8 + more(path)
    const last = found.at(-1)
    if (last === undefined || bytes + size > ASKED_BYTES_MAX || last.length >= PATHS_AT_ONCE) {
      found.push([path])
      bytes = size
      continue
    }
    last.push(path)
    bytes += size
  }
  return found
}

const PATHS_AT_ONCE = LIMITS.pathsCoveredMax
