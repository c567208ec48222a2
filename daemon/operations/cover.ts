// Which claims cover the files of a commit or a push. The ledger is asked first: a round with the leader shows that this
// machine knows all that was granted before the question; then its own replica answers.
import {
  isSameParty,
  judgeable,
  matchesPath,
  type Area,
  type ClaimId,
  type LedgerClaim,
  type OperationInput,
  type OperationResult,
  type Party,
  claimJson,
  iso,
} from '../../protocol/index.ts'
import { clean, type Place } from '../callers.ts'
import type { CallContext } from '../client/operations.ts'
import { closedAreas, protectedBy } from '../core/policy/rules.ts'
import { coverOf, type Changed, type Cover, type Touched } from '../core/claims/cover.ts'
import { recordRefused } from '../push/record.ts'
import { asLedgerClaim } from '../core/provisional/note.ts'
import { ownProvisionals } from '../core/provisional/own.ts'
import { recordWritten } from '../guard/record.ts'
import type { LedgerHost } from '../ledger-host.ts'
import { followRenames } from '../refactor/follow.ts'
import { unfollowedLines } from '../refactor/unfollowed.ts'
import { hostOf } from '../repos.ts'
import { createSlices } from '../slices.ts'
import { submit } from '../submit.ts'
import { claimContext, type Handler, type Parts } from './context.ts'

type Result = OperationResult<'cover'>
type PathJson = Result['paths'][number]

/** Blobs and grammars of one question; what is not told until then counts as unknown. */
const LOOK_MS_MAX = 5_000

export const cover: Handler<OperationInput<'cover'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const host = hostOf(place.repo)
  const party = await parts.callers.party(input, context, place)
  await parts.policy.look(place.repo, place.checkout)
  // Its answer is of no interest: that there is one means that the leader led after the question came.
  await submit(host, { kind: 'verify', party, ids: [], fences: {} })
  const notes = await letFollow(parts, place, host, party, input.paths)
  const judge = judgeOf(parts, place, host, party)
  const over = AbortSignal.any([context.signal, AbortSignal.timeout(LOOK_MS_MAX)])
  const bypass = clean(input.bypass ?? '')
  const found: { readonly path: string; readonly cover: Covered }[] = []
  const slices = createSlices()
  const wallMs = parts.clock.wall()
  for (const path of input.paths) {
    if (slices.isOver()) await slices.pause()
    const rule = protectedBy(host.loop.view(), path)
    if (rule !== null && bypass === '') {
      found.push({ path, cover: { kind: 'protected', claims: [], rule } })
      continue
    }
    if (rule !== null)
      recordWritten(parts, place.repo, party, { ...BYPASSED, path, reason: bypass })
    const edits = input.edits?.[path]
    let covered: Covered = judge({ path, touched: null })
    if (covered.kind === 'by-symbols' && edits !== undefined)
      covered = judge({ path, touched: await touchedBy(parts, place, { path, edits }, over) })
    const areas = covered.kind === 'free' ? closedAreas(host.loop.view(), party, path, wallMs) : []
    if (areas.length > 0 && bypass === '') covered = { kind: 'unapproved', claims: [], areas }
    else if (areas.length > 0)
      recordWritten(parts, place.repo, party, { ...BYPASSED, path, reason: bypass })
    found.push({ path, cover: covered })
  }
  const result: Result = { ...resultOf(parts, place, host, found), notes: [...notes] }
  if (input.push !== undefined) recordRefused(parts, place.repo, party, input.push, result)
  return result
}

/** Edits that no hook saw may have renamed what the party holds; a commit is the last moment to notice. @returns what was not done */
async function letFollow(
  parts: Parts,
  { checkout, isOwn }: Place,
  host: LedgerHost,
  party: Party,
  paths: readonly string[],
): Promise<readonly string[]> {
  if (checkout === null || !isOwn) return []
  const files = paths.map((file) => ({ file, bytes: null }))
  return unfollowedLines(await followRenames(parts, host, checkout, party, files))
}

/** No claim was in the way. */
const BYPASSED = { kind: 'guard.bypassed', holder: null } as const

type Covered =
  | Cover
  | { readonly kind: 'unsettled'; readonly claims: readonly LedgerClaim[] }
  | { readonly kind: 'protected'; readonly claims: readonly never[]; readonly rule: string }
  | {
      readonly kind: 'unapproved'
      readonly claims: readonly never[]
      readonly areas: readonly Area[]
    }

/** A provisional claim covers nothing until it is settled, and says that its holder meant to. */
function judgeOf(
  parts: Parts,
  place: Place,
  { loop }: LedgerHost,
  party: Party,
): (changed: Changed) => Covered {
  const view = loop.view()
  const givenUp: ReadonlySet<ClaimId> = parts.releasing.of(place.repo.id)
  const noted = ownProvisionals(loop.engine())
    .map(asLedgerClaim)
    .filter((claim) => isSameParty(party, claim))
    .map((claim) => ({ claim, scope: judgeable(claim, view) }))
  return (changed) => {
    const covered = coverOf(view, party, changed, givenUp)
    if (covered.kind !== 'free') return covered
    const claims = noted.flatMap(({ claim, scope }) =>
      'compiled' in scope && matchesPath(scope.compiled, changed.path) ? [claim] : [],
    )
    return claims.length === 0 ? covered : { kind: 'unsettled', claims }
  }
}

async function touchedBy(
  parts: Parts,
  place: Place,
  changed: {
    readonly path: string
    readonly edits: readonly { readonly before: string | null; readonly after: string | null }[]
  },
  signal: CallContext['signal'],
): Promise<Touched | 'unknown'> {
  const root = place.checkout?.root
  const isOver = (): boolean => signal.aborted
  if (root === undefined || isOver()) return 'unknown'
  try {
    const versions = await parts.edits.versions(root, changed.edits, signal)
    if (versions === null) return 'unknown'
    const answer = await parts.symbols.touchedIn(changed.path, versions, signal)
    if (answer.kind === 'unsupported') return 'unknown'
    return answer.hasErrors && answer.isOutside ? 'unknown' : answer
  } catch (error) {
    if (isOver()) return 'unknown'
    throw error
  }
}

function ruleOf(covered: Covered): Pick<PathJson, 'rule' | 'owners'> {
  if (covered.kind === 'protected') return { rule: covered.rule }
  if (covered.kind !== 'unapproved') return { rule: null }
  return {
    rule: covered.areas.map(({ name }) => name).join("', '"),
    owners: [...new Set(covered.areas.flatMap(({ owners }) => owners))],
  }
}

function resultOf(
  parts: Parts,
  place: Place,
  { loop, genesis }: LedgerHost,
  found: readonly { readonly path: string; readonly cover: Covered }[],
): Omit<Result, 'notes'> {
  const told = claimContext(parts, place)
  const named = new Map<ClaimId, Result['claims'][number]>()
  const paths = found.map(({ path, cover: covered }): PathJson => {
    const claims = covered.kind === 'free' ? [] : covered.claims
    for (const claim of claims) {
      const state = covered.kind === 'unsettled' ? 'provisional' : 'active'
      if (!named.has(claim.id)) named.set(claim.id, claimJson(told, claim, state))
    }
    return {
      path,
      verdict: covered.kind,
      claims: claims.map(({ id }) => id),
      symbols: covered.kind === 'other' ? covered.symbols : [],
      ...ruleOf(covered),
    }
  })
  const { applied } = loop.view().state
  return {
    safe: paths.every(({ verdict }) => verdict === 'own' || verdict === 'free'),
    position: { generation: genesis.generation, term: applied.term, index: applied.index },
    paths,
    claims: [...named.values()],
    release_on_landing: place.config.release_on_landing,
    as_of: iso(parts.clock.wall()),
  }
}
