// One engine on a plain document with a disk that syncs at once: the queue's tests speak to it as a daemon does.
import {
  asClaimId,
  asPeerId,
  asQueueId,
  asSessionId,
  createArrayDocument,
  encodeRecord,
  formatRequestId,
  type ClaimMode,
  type LedgerClaim,
  type Party,
  type QueueEntry,
  type Scope,
  type Urgency,
} from '../../../protocol/index.ts'
import type { Command, Outcome, WaitLimits } from '../../../daemon/core/claims/command.ts'
import { DEFAULT_TIMING } from '../../../daemon/core/consensus/types.ts'
import type { Engine, EngineInput } from '../../../daemon/core/engine-state.ts'
import { createEngine, stepEngine } from '../../../daemon/core/engine.ts'
import type { Frame } from '../../../daemon/core/frame.ts'

const PEER = asPeerId('peer-1')

export interface Ask {
  readonly wait?: number
  readonly urgency?: Urgency
  readonly mode?: ClaimMode
  readonly agent?: string
  readonly claimsPerAgent?: number
  readonly waitLimits?: WaitLimits
  readonly narrowable?: boolean
  readonly key?: string
}

/** A ledger whose time only moves when it is told to. */
export class QueueLedger {
  engine: Engine
  readonly frames: Frame[] = []
  now = 1
  #sequence = 0
  #chance = 0

  constructor() {
    const body = {
      kind: 'genesis',
      ledger: 'repo',
      mesh: 'm',
      name: 'r',
      founder: PEER,
      voters: [PEER],
      version: 1,
    } as const
    const genesis = encodeRecord({ generation: 1, term: 0, index: 0, parent: null, atMs: 0, body })
    const bytes = createArrayDocument().append(0, [genesis.bytes])
    this.frames.push({ kind: 'update', bytes })
    this.#genesis = { term: 0, index: 0, hash: genesis.hash, generation: 1 }
    this.engine = this.#open()
  }

  readonly #genesis: { term: number; index: number; hash: string; generation: number }

  /** The daemon dies, starts again, and is asked to write its log anew before it leads. */
  restartRewriting(): void {
    this.engine = this.#open([{ kind: 'rewrite-log' }])
  }

  /** The daemon dies and starts again on what its disk holds. */
  restart(): void {
    this.engine = this.#open()
  }

  claim(session: string, patterns: string | readonly string[], ask: Ask = {}): Outcome {
    const mode = ask.mode ?? 'exclusive'
    const scopes = [patterns]
      .flat()
      .map((pattern): Scope => ({ kind: 'file', pattern, symbols: [], mode }))
    return this.claimScopes(session, scopes, ask)
  }

  claimScopes(session: string, scopes: readonly Scope[], ask: Ask = {}): Outcome {
    return this.run({
      kind: 'claim',
      party: party(session, ask.agent),
      scopes,
      terms: {
        description: '',
        narrowable: ask.narrowable ?? true,
        ttlSeconds: null,
        ttlDefaultSeconds: 14_400,
        ttlSharedSeconds: 7_200,
        claimsPerAgent: ask.claimsPerAgent ?? 0,
      },
      stamp: { wallMs: this.now, boot: 'b', uptimeMs: this.now },
      key: ask.key === undefined ? null : { key: ask.key, digest: '' },
      urgency: ask.urgency ?? 'normal',
      waitSeconds: ask.wait ?? 0,
      ...(ask.waitLimits === undefined ? {} : { waitLimits: ask.waitLimits }),
    })
  }

  /** Claims and expects the grant. */
  hold(session: string, patterns: string | readonly string[], ask: Ask = {}): LedgerClaim {
    const outcome = this.claim(session, patterns, ask)
    if (outcome.kind !== 'granted')
      throw new Error(`${session} was not granted but ${outcome.kind}`)
    const [first] = outcome.claims
    if (first === undefined) throw new Error('a grant without claims')
    return first.claim
  }

  /** Claims and expects a place in the queue. */
  queue(session: string, patterns: string | readonly string[], ask: Ask = {}): QueueEntry {
    const outcome = this.claim(session, patterns, { wait: 600, ...ask })
    if (outcome.kind !== 'queued') throw new Error(`${session} was not queued but ${outcome.kind}`)
    return outcome.entry
  }

  release(session: string, id: string): Outcome {
    const target = { by: 'ids', ids: [asClaimId(id)] } as const
    return this.run({ kind: 'release', party: party(session), target, force: null })
  }

  cancel(session: string, id: string): Outcome {
    return this.run({ kind: 'cancel', party: party(session), ids: [asQueueId(id)] })
  }

  /** Sessions with live claims on exactly this pattern. */
  holders(pattern?: string): string[] {
    return [...this.engine.committed.state.claims.values()]
      .filter((claim) => pattern === undefined || claim.pattern === pattern)
      .map(({ session }) => session)
  }

  waiters(): string[] {
    return [...this.engine.committed.state.queue.values()].map(({ party: { session } }) => session)
  }

  /** Has the log written anew, as it is when it has grown. */
  rewriteLog(): void {
    this.#settle([{ kind: 'rewrite-log' }])
  }

  /** A daemon's word that these sessions live. */
  alive(sessions: readonly string[]): void {
    this.#settle([{ kind: 'alive', sessions: sessions.map(asSessionId) }])
  }

  pass(ms: number): void {
    this.now += ms
    this.#settle([])
  }

  run(command: Command): Outcome {
    const rid = formatRequestId({
      peer: PEER,
      incarnation: this.engine.incarnation,
      sequence: this.#sequence++,
    })
    const entropy = new Uint8Array(16).map((_, at) => (this.#chance >> (8 * (at % 4))) & 0xff)
    this.#chance += 7
    const replies = this.#settle([{ kind: 'request', request: { rid, command, entropy } }])
    const reply = replies.find((found) => found.rid === rid)
    if (reply === undefined) throw new Error('no reply')
    return reply.outcome
  }

  #open(first: readonly EngineInput[] = []): Engine {
    this.#sequence = 0
    this.engine = createEngine({
      self: PEER,
      createDocument: createArrayDocument,
      signer: { sign: () => 's', verify: () => true },
      random: () => 0.5,
      timing: DEFAULT_TIMING,
      frames: this.frames,
      genesis: this.#genesis,
      caseExact: false,
      leaseMs: 1_800_000,
      checkpointRecords: 1_000,
    })
    this.now += 10
    this.#settle(first)
    return this.engine
  }

  #settle(inputs: readonly EngineInput[]): { rid: string; outcome: Outcome }[] {
    const replies: { rid: string; outcome: Outcome }[] = []
    let next: readonly EngineInput[] = inputs
    for (let round = 0; round < 12; round++) {
      const tick = {
        kind: 'tick',
        now: this.now,
        uptimeMs: this.now,
        wallMs: 1e12 + this.now,
      } as const
      const ready = stepEngine(this.engine, [tick, ...next])
      for (const order of ready.persist) {
        if (order.kind === 'replace') this.frames.length = 0
        this.frames.push(...order.frames)
      }
      replies.push(...ready.replies)
      next = [{ kind: 'durable', position: this.engine.consensus.position }]
      if (ready.persist.length === 0 && round > 0) break
    }
    return replies
  }
}

export function party(session: string, agent?: string): Party {
  return {
    agent: agent ?? session,
    agentGiven: agent !== undefined,
    session: asSessionId(session),
    peer: PEER,
    machine: 'm',
    branch: null,
  }
}
