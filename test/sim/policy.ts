// What policies mean, from outside: the rules that the committed records made, as sets of paths, and whether a grant keeps
// them. Shares no code with daemon/core/policy.
import type { ClaimMode, LedgerRecord, Party, Policy } from '../../protocol/index.ts'
import type { Command } from '../../daemon/core/claims/command.ts'
import type { PolicyCommand } from '../../daemon/core/policy/command.ts'
import { NO_POLICY } from '../../protocol/index.ts'
import { isSamePartyOutside } from './op.ts'
import type { Prng } from './prng.ts'
import { isInside, isNoFile, maskOf, PATTERNS } from './universe.ts'
import { check } from './violation.ts'

interface LetIn {
  readonly id: string
  readonly party: Party
  readonly areas: readonly string[]
  readonly patterns: readonly string[]
  untilMs: number
  /** A record was past its end: it may be forgotten, though a clock that stepped back would count it again. */
  hasPassed: boolean
}

interface Asked {
  readonly pattern: string
  readonly mode: ClaimMode
}

export class PolicySpec {
  #policy: Policy = NO_POLICY
  #promoted: readonly string[] = []
  readonly #letIn = new Map<string, LetIn>()
  /** Every policy that was ever in force, and from which index on. */
  readonly #ever: { readonly from: number; readonly policy: Policy }[] = []
  /** Every pattern that was ever shared. */
  readonly #everShared: string[] = []

  apply({ body, atMs, index }: LedgerRecord): void {
    for (const one of this.#letIn.values()) one.hasPassed ||= atMs >= one.untilMs
    switch (body.kind) {
      case 'owners':
        this.#policy = body.policy
        this.#ever.push({ from: index, policy: body.policy })
        this.#everShared.push(...body.policy.shared)
        return
      case 'promote':
        this.#promoted = [
          ...this.#promoted.filter((one) => !body.replaces.includes(one)),
          body.pattern,
        ]
        this.#everShared.push(body.pattern)
        return
      case 'demote':
        this.#promoted = this.#promoted.filter((one) => !body.patterns.includes(one))
        return
      case 'ask-approval': {
        const { id, party, areas, scopes } = body.approval
        const patterns = scopes.map(({ pattern }) => pattern)
        this.#letIn.set(id, { id, party, areas, patterns, untilMs: 0, hasPassed: false })
        return
      }
      case 'answer-approval': {
        const asked = this.#letIn.get(body.id)
        if (asked === undefined) return
        asked.untilMs = body.state === 'approved' ? atMs + body.seconds * 1000 : 0
        asked.hasPassed = false
        return
      }
      default:
    }
  }

  /** A grant keeps the policy of its moment: nothing protected, no area of others, nothing exclusive that is shared. */
  check(claim: Asked, party: Party, atMs: number, where: string): void {
    if (isNoFile(claim.pattern)) return
    const problem = this.problemOf(claim, party, atMs)
    check(problem === null, 'policy', `${where} grants '${claim.pattern}', which ${problem ?? ''}`)
    const isExclusive = claim.mode === 'exclusive' && this.isShared(claim.pattern)
    check(!isExclusive, 'policy', `${where} grants the shared '${claim.pattern}' exclusively`)
  }

  /** What keeps it out, or may: an approval that has passed once need not count any more. */
  mayKeepOut(asked: Pick<Asked, 'pattern'>, party: Party, atMs: number): boolean {
    const isNow = this.problemOf(asked, party, atMs) !== null
    return isNow || this.problemOf(asked, party, atMs, ({ hasPassed }) => !hasPassed) !== null
  }

  problemOf(
    { pattern }: Pick<Asked, 'pattern'>,
    party: Party,
    atMs: number,
    counts: (one: LetIn) => boolean = () => true,
  ): string | null {
    const mask = maskOf(pattern)
    const meets = (other: string): boolean => (maskOf(other) & mask) !== 0
    if (this.#policy.protected.some(meets)) return 'is protected'
    const shut = this.#policy.areas.find(({ name, paths, owners, severity }) => {
      if (severity !== 'hard' || !paths.some(meets) || owners.includes(party.agent)) return false
      return ![...this.#letIn.values()].some(
        (one) =>
          counts(one) &&
          atMs < one.untilMs &&
          one.areas.includes(name) &&
          isSamePartyOutside(one.party, party) &&
          one.patterns.some((outer) => isInside(pattern, outer)),
      )
    })
    return shut === undefined ? null : `is in ${shut.name}`
  }

  isShared(pattern: string): boolean {
    if (isNoFile(pattern)) return false
    return [...this.#policy.shared, ...this.#promoted].some((outer) => isInside(pattern, outer))
  }

  /** What a claim of this scope would be granted as now. */
  modeNow({ pattern, mode }: Asked): ClaimMode {
    return this.isShared(pattern) ? 'shared' : mode
  }

  /** Did a policy of these indexes keep out such a claim? Who was let in, and until when, is the leader's clock's to say. */
  mayHaveForbidden(command: Command, code: string, from: number, to: number): boolean {
    if (command.kind !== 'claim') return false
    const mask = command.scopes.reduce((bits, { pattern }) => bits | maskOf(pattern), 0)
    const meets = (other: string): boolean => (maskOf(other) & mask) !== 0
    return this.#ever.some(({ from: since, policy }, at) => {
      const until = this.#ever[at + 1]?.from ?? Infinity
      if (since > to || until <= from) return false
      if (code === 'POLICY_PROTECTED') return policy.protected.some(meets)
      return policy.areas.some(
        ({ severity, owners, paths }) =>
          severity === 'hard' && !owners.includes(command.party.agent) && paths.some(meets),
      )
    })
  }

  /** What was made shared stays so while it waits, or is provisional. */
  mayBeShared({ pattern }: Asked): boolean {
    const mask = maskOf(pattern)
    return this.#everShared.some((outer) => (mask & ~maskOf(outer)) === 0)
  }

  promoted(): readonly string[] {
    return this.#promoted
  }

  /** Requests that nobody has answered, or that were. */
  asked(): readonly string[] {
    return [...this.#letIn.keys()]
  }
}

/** A word of a person, or of a default branch. */
export function drawPolicyCommand(
  prng: Prng,
  party: Party,
  spec: Pick<PolicySpec, 'asked' | 'promoted'>,
): PolicyCommand {
  const [asked, promoted] = [spec.asked(), spec.promoted()]
  const pattern = prng.pick(PATTERNS)
  const kind = prng.weighted([
    ['set', 3],
    ['answer', asked.length > 0 ? 6 : 0],
    ['promote', 2],
    ['demote', promoted.length > 0 ? 3 : 1],
  ] as const)
  switch (kind) {
    case 'set':
      return {
        kind: 'set-policy',
        policy: drawPolicy(prng),
        source: { kind: 'hand', by: party.agent, atMs: 0 },
      }
    case 'answer': {
      const state = prng.chance(0.8) ? ('approved' as const) : ('denied' as const)
      const id = prng.pick(asked) as never
      return { kind: 'answer-approval', party, id, state, note: '', seconds: prng.pick([2, 600]) }
    }
    case 'promote':
      return { kind: 'promote', party, pattern, isPinned: prng.chance(0.5) }
    case 'demote':
      return { kind: 'demote', party, pattern: promoted.length > 0 ? prng.pick(promoted) : pattern }
  }
}

function drawPolicy(prng: Prng): Policy {
  const some = (chance: number): readonly string[] =>
    prng.chance(chance) ? [prng.pick(PATTERNS)] : []
  const hard = some(0.6)
  return {
    areas: hard.map((path) => ({
      ...{ kind: 'area', name: `area of ${path}`, paths: [path], severity: 'hard' },
      owners: prng.pick([[], ['agent0'], ['agent0', 'agent1']]),
    })),
    shared: some(0.5),
    protected: some(0.3),
    hotspots: { ...NO_POLICY.hotspots, promoteAt: prng.pick([0, 2, 5]), subtreeAt: 2 },
  }
}

/** Answers that a command about policies may get. */
export function isPolicyCommand(command: Command): command is PolicyCommand {
  return ['set-policy', 'answer-approval', 'promote', 'demote'].includes(command.kind)
}
