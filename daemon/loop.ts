// One ledger's loop: everything that happens becomes an input in one bounded inbox, drained by one function; nothing else
// calls the core. Effects are carried out in the order of the contract: persist, send, apply, reply.
import { setTimeout as delay } from 'node:timers/promises'
import {
  LIMITS,
  SkeinError,
  type CarriedClaim,
  type ClaimId,
  type EndReason,
  type PeerId,
  type RequestId,
  type SessionId,
} from '../protocol/index.ts'
import { decidesAlone, mayElect, noQuorum, soundOut } from './absence.ts'
import type { ClaimCommand, Command, Outcome } from './core/claims/command.ts'
import {
  createEngine,
  isLeading,
  stepEngine,
  type Engine,
  type EngineInput,
  type EngineReady,
} from './core/engine.ts'
import { isDetached } from './core/attachment.ts'
import { mayRest } from './core/quiet.ts'
import { failureError } from './failure.ts'
import type { LedgerMembers } from './core/engine-state.ts'
import type { PeerMessage } from './core/messages.ts'
import { nextRequestId } from './core/provisional/ask.ts'
import { isCarrying } from './core/provisional/own.ts'
import type { View } from './core/view.ts'
import type { LoopOptions, StoreWire } from './loop-options.ts'
import type { Frame, LedgerStore } from './ports.ts'

export interface Loop {
  /**
   * Decides a command. Answers once the decision is durable on a majority.
   * @throws SkeinError BUSY, NO_QUORUM (nothing was granted), or what broke the log.
   */
  submit(command: Command): Promise<Outcome>
  /** Notes a claim for which there is no quorum; answers once it is in this machine's log. */
  note(command: ClaimCommand): Promise<Outcome>
  /** Provisional claims of this machine are over. */
  endProvisional(ids: readonly ClaimId[], reason: EndReason): void
  /** Hands in claims of another ledger, to be settled in this one; answers once they are in this machine's log. */
  carry(claims: readonly CarriedClaim[]): Promise<void>
  /** What is committed, as this machine knows it. */
  view(): View
  engine(): Engine
  /** Tells the leader that these sessions of this machine live. */
  renewSessions(sessions: readonly SessionId[]): void
  /** Resolves when this machine leads and serves; where it does not decide alone, when it knows something of the ledger, or soon. */
  ready(): Promise<void>
  /** What another machine says about this ledger. */
  receive(from: PeerId, message: PeerMessage): void
  /** A connection to another machine came about, or broke. */
  noteLink(peer: PeerId, isUp: boolean): void
  /** Who may vote in this ledger, and who has a copy of it. */
  setMembers(members: LedgerMembers): void
  /** Somebody else had better lead: this machine is about to stop. False when there is nobody to ask. */
  handOver(): boolean
  /** Ends the log's growth: writes it anew once the audit log holds everything in it. Resolves when asked for. */
  rewriteLog(): void
  stop(): Promise<void>
}

interface Pending {
  readonly deadline: number
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: Error) => void
  abandoned: boolean
}

/** An answer that has not come by then makes this machine ask who is there. */
const PATIENCE_MS = 1_000
/** How long a copy is waited for that has nothing yet. */
const KNOWN_MS = 3_000
/** After a request was given up, how long the disk may take to say so. */
const ABANDON_MS = 1_000

export function startLoop(options: LoopOptions, store: LedgerStore, wire: StoreWire): Loop {
  return new LedgerLoop(options, store, wire)
}

class LedgerLoop implements Loop {
  readonly #options: LoopOptions
  readonly #store: LedgerStore
  readonly #engine: Engine
  readonly #pending = new Map<RequestId, Pending>()
  readonly #stopTicks: () => void
  #election: NodeJS.Timeout | null = null
  readonly #ready = Promise.withResolvers<true>()
  readonly #known = Promise.withResolvers<true>()
  #inbox: EngineInput[] = []
  #isScheduled = false
  #isDraining = false
  #isStopping = false
  #failure: SkeinError | null = null

  constructor(options: LoopOptions, store: LedgerStore, wire: StoreWire) {
    this.#options = options
    this.#store = store
    this.#engine = createEngine({ ...options.engine, boot: options.clock.boot })
    wire.onDurable = (position) => {
      this.#inbox.push({ kind: 'durable', position })
      this.#drain()
    }
    wire.onFailure = (error) => {
      this.#fail(error)
    }
    this.#stopTicks = options.ticker.every(() => {
      if (this.#pending.size === 0 && mayRest(this.#engine, options.clock.monotonic())) return
      this.#expirePending()
      this.#drain()
      this.#probe()
    })
    this.#ready.promise.catch(() => undefined)
    this.#drain()
  }

  submit(command: Command): Promise<Outcome> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (this.#engine.newer !== null) return Promise.reject(failureError(this.#engine.newer))
    if (this.#pending.size >= LIMITS.inboxMax) {
      const message = `${String(this.#pending.size)} requests wait already`
      return Promise.reject(new SkeinError('BUSY', message))
    }
    if (isDetached(this.#engine) && !mayElect(this.#engine, this.#options.absent))
      return Promise.reject(this.#noQuorum('no majority of the voters can be reached'))
    return this.#ask((rid, entropy) => ({ kind: 'request', request: { rid, command, entropy } }))
  }

  note(command: ClaimCommand): Promise<Outcome> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    return this.#ask((rid, entropy) => ({
      kind: 'provisional',
      request: { rid, command, entropy },
    }))
  }

  endProvisional(ids: readonly ClaimId[], reason: EndReason): void {
    this.#take({ kind: 'end-provisional', ids, reason })
  }

  async carry(claims: readonly CarriedClaim[]): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    await this.#ask((rid) => ({ kind: 'carry', rid, claims }))
  }

  #ask(inputOf: (rid: RequestId, entropy: Uint8Array) => EngineInput): Promise<Outcome> {
    const rid = nextRequestId(this.#engine)
    return new Promise<Outcome>((resolve, reject) => {
      const deadline = this.#options.clock.monotonic() + this.#options.callTimeoutMs
      this.#pending.set(rid, { deadline, resolve, reject, abandoned: false })
      this.#take(inputOf(rid, this.#options.entropy()))
    })
  }

  view(): View {
    return this.#engine.committed
  }

  engine(): Engine {
    return this.#engine
  }

  renewSessions(sessions: readonly SessionId[]): void {
    this.#take({ kind: 'alive', sessions })
  }

  async ready(): Promise<void> {
    if (decidesAlone(this.#engine)) {
      await this.#ready.promise
      return
    }
    // It holds the process: a machine that goes into another mesh has nothing else open meanwhile.
    const waiting = new AbortController()
    const patience = delay(KNOWN_MS, undefined, { signal: waiting.signal }).catch(() => undefined)
    await Promise.race([this.#known.promise, patience])
    waiting.abort()
  }

  receive(from: PeerId, message: PeerMessage): void {
    if (this.#isStopping) return
    this.#inbox.push({ kind: 'receive', from, message })
    if (this.#inbox.length > 1) return
    // What one read of a socket brings is taken in one step.
    queueMicrotask(() => {
      this.#drain()
    })
  }

  noteLink(peer: PeerId, isUp: boolean): void {
    this.#take({ kind: isUp ? 'reachable' : 'unreachable', peer })
  }

  setMembers(members: LedgerMembers): void {
    this.#take({ kind: 'members', members })
  }

  handOver(): boolean {
    if (decidesAlone(this.#engine)) return false
    this.#inbox.push({ kind: 'hand-over' })
    this.#drain()
    return mayElect(this.#engine, this.#options.absent)
  }

  rewriteLog(): void {
    this.#take({ kind: 'rewrite-log' })
  }

  async stop(): Promise<void> {
    this.#stopTicks()
    this.#drain()
    this.#isStopping = true
    if (this.#election !== null) clearTimeout(this.#election)
    await this.#store.close()
    this.#failure ??= new SkeinError('DAEMON_DOWN', 'the daemon is stopping')
    this.#rejectAll(this.#failure)
  }

  /** Requests of one turn of the event loop are decided together and share one sync. */
  #take(input: EngineInput): void {
    this.#inbox.push(input)
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#drain()
    })
  }

  #drain(): void {
    if (this.#isDraining || this.#failure !== null) return
    this.#isDraining = true
    try {
      const { clock } = this.#options
      const now = Math.max(1, clock.monotonic())
      const inputs: EngineInput[] = [
        { kind: 'tick', now, uptimeMs: clock.uptime(), wallMs: clock.wall() },
        ...this.#inbox.splice(0),
      ]
      this.#carryOut(stepEngine(this.#engine, inputs))
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)))
    } finally {
      this.#isDraining = false
    }
  }

  #carryOut(ready: EngineReady): void {
    // What comes up while the log closes is not written any more, and so never told.
    for (const order of this.#isStopping ? [] : ready.persist) {
      if (order.kind === 'append') this.#store.append(order.frames)
      else this.#store.replace(order.frames)
    }
    for (const { to, message } of ready.send) this.#options.send(to, message)
    if (ready.changes.length > 0 || ready.rebased)
      this.#options.onChanges(ready.changes, ready.rebased)
    if (ready.settled.length > 0) this.#options.onSettled(ready.settled)
    for (const { rid, outcome } of ready.replies) this.#reply(rid, outcome)
    for (const rid of ready.abandoned) this.#rejectAbandoned(rid)
    // What was held in the ledger before stands before anything new can be asked for.
    // What cannot be read to its end is served as far as it can.
    const isRead = this.#engine.newer === null
    if (!isRead || (isLeading(this.#engine) && !isCarrying(this.#engine))) this.#ready.resolve(true)
    if (this.view().state.genesisHash !== '') this.#known.resolve(true)
    this.#options.onStep?.(framesIn(ready), this.view().state.applied)
    this.#options.onIdle(this.#store.size())
    this.#awaitElection()
  }

  /** Whose turn it is to stand is a matter of less than a tick. */
  #awaitElection(): void {
    const { role, electionAt, now } = this.#engine.consensus
    const inMs = electionAt - now
    if (
      role.kind === 'leader' ||
      inMs <= 0 ||
      inMs >= this.#options.ticker.tickMs ||
      this.#election !== null
    )
      return
    this.#election = setTimeout(() => {
      this.#election = null
      this.#drain()
    }, inMs).unref()
  }

  #reply(rid: RequestId, outcome: Outcome): void {
    const pending = this.#pending.get(rid)
    if (pending === undefined || pending.abandoned) return
    this.#pending.delete(rid)
    pending.resolve(outcome)
    if (outcome.kind === 'refused' || outcome.kind === 'failed') return
    const { clock, callTimeoutMs, onCommit } = this.#options
    onCommit?.((clock.monotonic() - pending.deadline + callTimeoutMs) / 1000)
  }

  /** Callers that waited their time out: gives the request up durably before saying so. */
  #expirePending(): void {
    const now = this.#options.clock.monotonic()
    for (const [rid, pending] of this.#pending) {
      if (pending.deadline > now) return
      if (pending.abandoned) {
        if (pending.deadline + ABANDON_MS > now) continue
        this.#pending.delete(rid)
        pending.reject(new SkeinError('UNCERTAIN', 'the log did not answer in time'))
        continue
      }
      pending.abandoned = true
      this.#inbox.push({ kind: 'abandon', rid })
    }
  }

  /** Whoever vanished without a word is found out before a caller has to be told who is missing. */
  #probe(): void {
    const { clock, callTimeoutMs, probe } = this.#options
    const [oldest] = this.#pending.values()
    const dueAt = (oldest?.deadline ?? Infinity) - callTimeoutMs + PATIENCE_MS
    soundOut(this.#engine, dueAt <= clock.monotonic(), probe)
  }

  #rejectAbandoned(rid: RequestId): void {
    const pending = this.#pending.get(rid)
    this.#pending.delete(rid)
    const seconds = String(this.#options.callTimeoutMs / 1000)
    pending?.reject(this.#noQuorum(`no majority of the voters answered within ${seconds} s`))
  }

  /** With who is missing, and since when. */
  #noQuorum(what: string): SkeinError {
    return noQuorum(what, this.#engine, this.#options.absent)
  }

  #fail(error: Error): void {
    if (this.#failure !== null) return
    this.#failure =
      error instanceof SkeinError
        ? error
        : new SkeinError('INTERNAL', `the ledger stopped: ${error.message}`, { cause: error })
    this.#stopTicks()
    this.#ready.reject(this.#failure)
    this.#rejectAll(this.#failure)
    this.#options.onFailure(this.#failure)
  }

  #rejectAll(error: SkeinError): void {
    for (const pending of this.#pending.values()) pending.reject(error)
    this.#pending.clear()
  }
}

/** What was added to the log; one that was written anew holds nothing that is new. */
function framesIn({ persist }: EngineReady): readonly Frame[] {
  return persist.flatMap((order) => (order.kind === 'append' ? order.frames : []))
}
