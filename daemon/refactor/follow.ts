// Claims follow their declarations to new names. Asked after an edit, and before a commit is judged: does a file still
// declare what the party's claims on it name? If not, and the version before shows what it has become, the ledger is asked
// to let the claim name that, too.
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import {
  escapePath,
  isSameParty,
  judgeable,
  parsePattern,
  SkeinError,
  type LedgerClaim,
  type Party,
  type Renaming,
} from '../../protocol/index.ts'
import type { Conflict, Outcome } from '../core/claims/command.ts'
import type { View } from '../core/view.ts'
import type { Checkout } from '../git.ts'
import type { Committed } from '../git-committed.ts'
import type { LedgerHost } from '../ledger-host.ts'
import type { DeclaredSymbol, SymbolIndex } from '../ports-symbols.ts'
import { submit } from '../submit.ts'
import { findRenames } from './renames.ts'

export interface FollowParts {
  readonly symbols: Pick<SymbolIndex, 'outlineOf'>
  readonly committed: Committed
}

export interface FileBefore {
  /** From the root. */
  readonly file: string
  /** As it was before; null: as in the last commit. */
  readonly bytes: Uint8Array<ArrayBuffer> | null
}

export type Followed = {
  readonly claim: LedgerClaim
  readonly renamed: readonly Renaming[]
} & (
  | { readonly kind: 'followed' }
  /** Others hold the new name, or waited for it first. */
  | { readonly kind: 'refused'; readonly conflicts: readonly Conflict[] }
  | { readonly kind: 'failed'; readonly error: SkeinError }
  /** No majority has answered in time; it may still do it. */
  | { readonly kind: 'late' }
)

export interface Following {
  readonly followed: readonly Followed[]
  /** Files with claimed declarations that nobody has looked at: there was no time, or were too many. */
  readonly unlooked: readonly string[]
}

/** A look at a file and its last commit takes milliseconds; more of them than this allows are not worth the edit's time. */
const LOOK_MS_MAX = 3_000
/** All are asked together, and a majority answers in a moment. */
const ASK_MS_MAX = 2_000
const FILE_BYTES_MAX = 1_048_576
/** More is no rename by hand. */
const FILES_MAX = 200

/** Bounded as a whole, however many files and renames there are. */

export async function followRenames(
  parts: FollowParts,
  host: LedgerHost,
  checkout: Checkout,
  party: Party,
  files: readonly FileBefore[],
): Promise<Following> {
  const signal = AbortSignal.timeout(LOOK_MS_MAX)
  const claimsOn = symbolClaimsByFile(host.loop.view(), party)
  const concerned = files.filter(({ file }) => claimsOn.has(file))
  const unlooked = concerned.slice(FILES_MAX).map(({ file }) => file)
  const asked: Asked[] = []
  for (const before of concerned.slice(0, FILES_MAX)) {
    const claims = claimsOn.get(before.file) ?? []
    const renamesOf = signal.aborted
      ? null
      : await lookAt(parts, checkout, before, claims, signal).catch(lateOrBusy)
    if (renamesOf === null) {
      unlooked.push(before.file)
      continue
    }
    for (const claim of claims) {
      const renamed = renamesOf(claim)
      if (renamed.length > 0) asked.push({ claim, renamed })
    }
  }
  return { followed: await followAll(host, party, asked), unlooked }
}

function symbolClaimsByFile(view: View, party: Party): ReadonlyMap<string, readonly LedgerClaim[]> {
  const found = new Map<string, LedgerClaim[]>()
  for (const claim of view.state.claims.values()) {
    if (claim.kind !== 'symbol' || !isSameParty(party, claim)) continue
    const { path: file } = parsePattern(claim.pattern, view)
    if (file !== null) found.set(file, [...(found.get(file) ?? []), claim])
  }
  return found
}

/** The party's claims on declarations of this very file. */
export function symbolClaims(view: View, party: Party, file: string): readonly LedgerClaim[] {
  const asked = judgeable(
    { kind: 'file', pattern: escapePath(file), symbols: [], mode: 'exclusive' },
    view,
  )
  return [...view.index.candidates(asked)].flatMap((id) => {
    const claim = view.state.claims.get(id)
    if (claim?.kind !== 'symbol' || !isSameParty(party, claim)) return []
    return parsePattern(claim.pattern, view).path === file ? [claim] : []
  })
}

/** The file as it is now; null where nothing can be told of it. */
export async function readNow(
  { root }: Checkout,
  file: string,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const place = path.join(root, file)
  try {
    const found = await stat(place)
    if (!found.isFile() || found.size > FILE_BYTES_MAX) return null
    return Uint8Array.from(await readFile(place))
  } catch {
    return null
  }
}

type RenamesOf = (claim: LedgerClaim) => readonly Renaming[]

const NONE: RenamesOf = () => []

/** Then it is looked at again with the next edit, and before the commit. */
function lateOrBusy(error: unknown): null {
  const isLate = error instanceof DOMException && error.name === 'TimeoutError'
  if (isLate || error instanceof SkeinError) return null
  throw error
}

async function lookAt(
  { symbols, committed }: FollowParts,
  checkout: Checkout,
  { file, bytes }: FileBefore,
  claims: readonly LedgerClaim[],
  signal: AbortSignal,
): Promise<RenamesOf> {
  const outline = async (
    version: Uint8Array<ArrayBuffer>,
  ): Promise<readonly DeclaredSymbol[] | null> => {
    // The bytes are moved to the parser.
    const answer = await symbols.outlineOf(file, version.slice(), signal)
    return answer.kind === 'outline' && !answer.hasErrors ? answer.symbols : null
  }
  const present = await readNow(checkout, file)
  const declared = present === null ? null : await outline(present)
  if (present === null || declared === null) return NONE
  const wanted = new Set(claims.flatMap((claim) => claim.symbols))
  const known = declared.map(({ path: symbol }) => `${symbol}::`)
  const gone = [...wanted].filter((symbol) => !known.some((one) => one.startsWith(`${symbol}::`)))
  if (gone.length === 0) return NONE
  const past = bytes ?? (await committed.fileAtHead(checkout, file, signal))
  const declaredBefore = past === null ? null : await outline(past)
  if (past === null || declaredBefore === null) return NONE
  const all = findRenames(
    { symbols: declaredBefore, text: textOf(past) },
    { symbols: declared, text: textOf(present) },
    gone,
  )
  return (claim) =>
    all.filter(({ from, to }) => claim.symbols.includes(from) && !claim.symbols.includes(to))
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

interface Asked {
  readonly claim: LedgerClaim
  readonly renamed: readonly Renaming[]
}

/** In one turn, so that one record's round decides them, in this order. What one asks is no other's business: all are one party's. */
async function followAll(
  host: LedgerHost,
  party: Party,
  all: readonly Asked[],
): Promise<readonly Followed[]> {
  if (all.length === 0) return []
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, ASK_MS_MAX, 'late')
  })
  try {
    return await Promise.all(
      all.map(async (asked): Promise<Followed> => {
        const answer = await Promise.race([follow(host, party, asked), late])
        return answer === 'late' ? { kind: 'late', ...asked } : answer
      }),
    )
  } finally {
    clearTimeout(timer)
  }
}

async function follow(host: LedgerHost, party: Party, asked: Asked): Promise<Followed> {
  const { claim, renamed } = asked
  try {
    const outcome: Outcome = await submit(host, { kind: 'rename', party, id: claim.id, renamed })
    if (outcome.kind !== 'refused') return { kind: 'followed', ...asked }
    return { kind: 'refused', conflicts: outcome.conflicts, ...asked }
  } catch (error) {
    if (error instanceof SkeinError) return { kind: 'failed', error, ...asked }
    throw error
  }
}
