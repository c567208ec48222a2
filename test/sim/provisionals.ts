// What sessions were told to have provisionally, and what has become of it: judged from outside by what was told, by the
// records that settle, and by the paths of the universe.
import type { ClaimId, ProvisionalClaim, Scope } from '../../protocol/index.ts'
import type { Conflict, Outcome } from '../../daemon/core/claims/command.ts'
import type { EngineReady } from '../../daemon/core/engine.ts'
import { knownProvisionals } from '../../daemon/core/provisional/note.ts'
import type { Machine } from './machine.ts'
import { isSamePartyOutside, type Op } from './op.ts'
import type { Spec } from './spec.ts'
import { maskOf } from './universe.ts'
import { check } from './violation.ts'
import type { World } from './world.ts'

interface Noted {
  readonly claim: ProvisionalClaim
  readonly home: number
  /** `ending`: given up, but a crash may undo that; `ended`: for good. */
  state: 'held' | 'ending' | 'ended' | 'promoted' | 'rejected'
}

export class Provisionals {
  readonly #world: World
  readonly #noted = new Map<ClaimId, Noted>()

  constructor(world: World) {
    this.#world = world
  }

  /** Of a session, as far as it was told. */
  heldBy(session: string): ClaimId[] {
    return [...this.#noted.values()].flatMap(({ claim, state }) =>
      state === 'held' && claim.party.session === session ? [claim.id] : [],
    )
  }

  /** By its holder, or with its call. */
  isGivenUp(id: ClaimId): boolean {
    const noted = this.#noted.get(id)
    return noted?.state === 'ending' || noted?.state === 'ended'
  }

  /** Takes note of an answer; null when it is right, else what is wrong with it. */
  onReply(machine: Machine, op: Op, outcome: Outcome): string | null {
    const { spec } = this.#world.checker
    if (op.command.kind !== 'claim') return `a provisional ${op.command.kind}`
    if (outcome.kind === 'refused') {
      const wrong = outcome.conflicts.find((conflict) => !isInTheWay(spec, op, conflict))
      if (outcome.conflicts.length === 0) return 'refused by nothing'
      return wrong === undefined ? null : `${wrong.claim.id} is not in the way`
    }
    // By what its log holds, committed or not: it was said somewhere.
    const isRuled = this.#world.plan.hasPolicies
    if (outcome.kind === 'failed' && outcome.failure.code.startsWith('POLICY_') && isRuled)
      return null
    if (outcome.kind !== 'provisional') return `told ${outcome.kind}`
    const { scopes } = op.command
    if (outcome.claims.length !== scopes.length) return 'not for each scope'
    for (const [at, claim] of outcome.claims.entries()) {
      const scope = scopes[at]
      const { pattern, mode } = claim.scope
      const isAsked = scope?.mode === mode || (mode === 'shared' && isRuled)
      if (scope?.pattern !== pattern || !isAsked) return 'noted for another scope'
      if (claim.party.session !== op.command.party.session) return 'noted for another session'
      const wrong = this.#wrongWith(machine, claim)
      if (wrong !== null) return wrong
      const isNew = !this.#noted.has(claim.id)
      // Told too late: its call is being given up, and so is the claim.
      const state = op.state === 'pending' ? 'held' : 'ending'
      if (isNew) this.#noted.set(claim.id, { claim, home: machine.number, state })
    }
    return null
  }

  /** Its machine says what became of it: what the records say. */
  onSettled(machine: Machine, settled: EngineReady['settled']): void {
    const { spec } = this.#world.checker
    for (const { kind, claim } of settled) {
      const said = spec.settled.get(claim.id)
      // What was promoted and ended so long ago that the ledger has forgotten it is lost all the same.
      const isForgotten = said === 'promoted' && !spec.live.has(claim.id)
      check(
        said === kind || said === 'ended' || isForgotten,
        'provisional settled',
        `${claim.id} is told to be ${kind}, and is ${String(said)}`,
      )
      const noted = this.#noted.get(claim.id)
      if (noted?.home !== machine.number || noted.state !== 'held') continue
      noted.state = kind
      if (kind === 'promoted') this.#world.clients.onPromoted(noted.claim)
    }
  }

  /** A session gives one up, or its daemon ends it. */
  end(machine: Machine, id: ClaimId): void {
    const noted = this.#noted.get(id)
    if (noted === undefined) return
    noted.state = 'ending'
    const reason = this.#world.prng.pick(['released', 'ttl', 'idle'] as const)
    this.#world.note('end provisional', machine.number, id)
    this.#world.give(machine, [{ kind: 'end-provisional', ids: [id], reason }])
    this.#watchEnd(machine, noted)
  }

  /** Does any machine have something that is not settled yet? */
  isSettled(): boolean {
    return this.#world.members().every(({ engine }) => engine?.ownProvisionals.size === 0)
  }

  checkSettled(): void {
    const { checker } = this.#world
    const { spec } = checker
    const members = this.#world.members()
    for (const { claim, state } of this.#noted.values()) {
      // Nobody settles what a removed machine noted.
      if (members.every(({ name }) => name !== claim.party.peer)) continue
      const settled = spec.settled.get(claim.id)
      check(
        state === 'ending' || state === 'ended' || settled === 'promoted' || settled === 'rejected',
        'provisional settled',
        `${claim.id} is told to be held, and no record says what became of it`,
      )
      check(
        state !== 'ended' || !spec.live.has(claim.id),
        'provisional settled',
        `${claim.id} was given up and lives`,
      )
    }
    for (const { engine, number } of members) {
      const known = engine === null ? [] : knownProvisionals(engine)
      check(
        known.length === 0,
        'provisional settled',
        `machine ${String(number)} still knows ${known.map(({ id }) => id).join(', ')}`,
      )
    }
  }

  /** What it was judged against does not overlap it, nor does what its machine had noted before. */
  #wrongWith(machine: Machine, claim: ProvisionalClaim): string | null {
    if ('fence' in claim) return 'told with a fence'
    const { checker } = this.#world
    const { spec, path } = checker
    const { base, party, scope } = claim
    if (base !== null && path[base.index]?.term === base.term) {
      const met = [...spec.claims.values()].find(
        ({ id }) => spec.isLiveAt(id, base.index) && spec.conflicts(party, scope, id, base.index),
      )
      if (met !== undefined) return `${claim.id} overlaps ${met.id}, confirmed before it`
    }
    const earlier = [...this.#noted.values()].find(
      (other) =>
        other.state === 'held' &&
        other.home === machine.number &&
        other.claim.id !== claim.id &&
        !isSamePartyOutside(other.claim.party, party) &&
        overlap(other.claim.scope, scope),
    )
    return earlier === undefined
      ? null
      : `${claim.id} overlaps ${earlier.claim.id}, noted before it`
  }

  /** It is over for good once the log says so. */
  #watchEnd(machine: Machine, noted: Noted): void {
    this.#world.planFor(machine, 40, () => {
      const { engine } = machine
      const own = engine?.ownProvisionals.get(noted.claim.id)
      const isTaken = own === undefined || own.ended !== null
      if (engine === null || !isTaken || engine.own.size > 0) {
        this.#watchEnd(machine, noted)
        return
      }
      const { position } = engine.consensus
      this.#watchDurable(machine, noted, position)
    })
  }

  #watchDurable(machine: Machine, noted: Noted, position: number): void {
    this.#world.planFor(machine, 40, () => {
      if ((machine.engine?.consensus.durable ?? 0) >= position) noted.state = 'ended'
      else this.#watchDurable(machine, noted, position)
    })
  }
}

function isInTheWay(spec: Spec, op: Op, { scope, claim, provisional }: Conflict): boolean {
  if (!('party' in op.command) || isSamePartyOutside(claim, op.command.party)) return false
  if (!overlap(scope, claim)) return false
  const known = spec.claims.get(claim.id)
  // Of a machine that has just started without quorum, it may be a grant that came to nothing.
  return provisional === true ? claim.fence === 0 : known === undefined || claim.fence > 0
}

function overlap(a: Pick<Scope, 'pattern' | 'mode'>, b: Pick<Scope, 'pattern' | 'mode'>): boolean {
  if (a.mode === 'shared' && b.mode === 'shared') return false
  return (maskOf(a.pattern) & maskOf(b.pattern)) !== 0
}
