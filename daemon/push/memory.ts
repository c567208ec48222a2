// The judgement of a push that no daemon answers. The remote decides: what is covered by a claim that was one's own, as far as this
// clone remembers, goes under that claim's token, which the remote has or has not; what another's token covers is held.
import { matchesPath, parsePattern } from '../../protocol/index.ts'
import { tokenRef, type Facts, type FencedScope, type Token } from '../fence/token.ts'
import { parseToken } from '../fence/token.ts'
import type { Listing, Remote } from '../fence/remote.ts'
import type { Changes } from './changes.ts'
import type { Blocked, OwnClaim, Verdict } from './judge.ts'

export interface Memory {
  /** Null: this clone has never heard of its ledger. */
  readonly facts: Facts | null
  readonly session: string
  readonly agent: string | null
}

export interface TokensRead {
  /** The one that they are of. */
  readonly listing: Listing
  readonly tokens: readonly Token[]
}

const TRIES_MAX = 10

/**
 * All tokens of a remote with what they stand for. A token that is moved between the listing and the reading is gone from the
 * remote with its text: to pass it over would be to take its files for nobody's, so the remote is listed again.
 * Null: they could not be read at one time.
 */
export async function readTokens(
  remote: Pick<Remote, 'list' | 'texts'>,
  listed: Listing,
): Promise<TokensRead | null> {
  let listing = listed
  for (let tries = 1; tries <= TRIES_MAX; tries++) {
    const wanted = new Map([...listing.tokens].map(([fence, id]) => [tokenRef(fence), id]))
    const texts = await remote.texts(wanted)
    const found = [...listing.tokens.values()].map((id) => texts.get(id))
    if (found.every((text) => text !== undefined)) {
      // What is there and is no token's text is not ours, and stands for nothing.
      return { listing, tokens: found.flatMap((text) => parseToken(text) ?? []) }
    }
    listing = await remote.list()
  }
  return null
}

export function judgeByMemory(
  changes: Pick<Changes, 'paths'>,
  { facts, session, agent }: Memory,
  tokens: readonly Token[],
): Verdict {
  const isOwn = (claim: FencedScope): boolean =>
    (claim.machine === facts?.machine && claim.session === session) || claim.agent === agent
  const options = { caseExact: facts?.case_exact ?? false }
  const compiled = ({ fence, claims }: Pick<Token, 'fence' | 'claims'>): Compiled[] =>
    claims.map((claim) => ({ fence, claim, pattern: parsePattern(claim.pattern, options) }))
  const onRemote = tokens.flatMap(compiled)
  const live = new Set(tokens.map(({ fence }) => fence))
  const known = [...(facts?.tokens ?? []).flatMap(compiled), ...onRemote]
  const mine = known.filter(({ claim }) => isOwn(claim))
  const noted = (facts?.provisional ?? [])
    .filter(isOwn)
    .flatMap((claim) => compiled({ fence: 0, claims: [claim] }))
  const others = onRemote.filter(({ claim }) => !isOwn(claim) && claim.mode === 'exclusive')
  const blocked: Blocked[] = []
  const own = new Map<string, OwnClaim>()
  for (const path of changes.paths) {
    const covers = ({ pattern }: Compiled): boolean => matchesPath(pattern, path)
    const covering = mine.filter(covers)
    const ended = covering.find(({ fence }) => !live.has(fence))
    // Two live tokens on one file stand beside each other by the ledger's own word.
    const held = covering.length === 0 ? others.find(covers) : undefined
    const unsettled = covering.length === 0 ? noted.find(covers) : undefined
    if (ended !== undefined) blocked.push(blockedBy('ended', path, ended))
    else if (held !== undefined) blocked.push(blockedBy('held', path, held))
    else if (unsettled !== undefined) blocked.push(blockedBy('unsettled', path, unsettled))
    for (const { claim, fence } of covering) own.set(claim.id, { id: claim.id, fence })
  }
  return { blocked, own: [...own.values()], releaseOnLanding: false, notes: [] }
}

interface Compiled {
  readonly fence: number
  readonly claim: FencedScope
  readonly pattern: ReturnType<typeof parsePattern>
}

function blockedBy(why: Blocked['why'], path: string, { claim, fence }: Compiled): Blocked {
  const { id, agent, machine, symbols } = claim
  const told = { id, agent, machine, fence: fence === 0 ? null : fence, until: null }
  return { why, path, symbols, claim: told }
}
