// Carries what became true in a ledger into its audit log, wakes who waits for it, and keeps the ledger's own log short.
import {
  comparePositions,
  LIMITS,
  makeId,
  SkeinError,
  type AuditEventInput,
  type ClaimId,
} from '../protocol/index.ts'
import type { SettledProvisional } from './core/engine-state.ts'
import { mayRewriteLog } from './core/log-upkeep.ts'
import type { AppliedChange } from './core/view.ts'
import type { HostMachine, LedgerFolder } from './host-machine.ts'
import type { Loop } from './loop.ts'
import type { AuditPort, LedgerStore } from './ports.ts'
import { eventsOf, ofSuperseded } from './record-events.ts'
import type { WaitingRoom } from './waiting.ts'

/** The log is written anew when it is this large and four times what it was after the last time. */
const REWRITE_BYTES_MIN = 1_048_576
const REWRITE_GROWTH = 4

/** Whoever reads or adds to the audit log finds everything in it that happened before. */
export function toldFirst(audit: AuditPort, keeper: Keeper): AuditPort {
  const after = <T>(act: () => T): T => {
    keeper.tell()
    return act()
  }
  return {
    append: (event) => after(() => audit.append(event)),
    sync: () => after(() => audit.sync()),
    last: () => after(() => audit.last()),
    scan: (filter, options) => after(() => audit.scan(filter, options)),
    seek: (mark, signal) => after(() => audit.seek(mark, signal)),
    batches: (from, signal) => after(() => audit.batches(from, signal)),
    lines: (from, signal) => after(() => audit.lines(from, signal)),
    verify: (options) => after(() => audit.verify(options)),
    trim: (retention) => audit.trim(retention),
    size: () => audit.size(),
    close: () => after(() => audit.close()),
  }
}

/** Carries what became true into the audit log, and keeps the ledger's log short. */
export class Keeper {
  loop: Loop | null = null
  readonly #machine: HostMachine
  readonly #place: LedgerFolder
  readonly #audit: AuditPort
  readonly #store: LedgerStore
  readonly #waiting: WaitingRoom
  #untoldChanges: AppliedChange[] = []
  /**
   * Where the audit log stood when the history began to be told again; null once it is told up to there. That may take
   * several steps: where others vote too, a machine learns only after its start how far the ledger is committed.
   */
  #heard: ReturnType<AuditPort['last']> = null
  #rewriteAt = REWRITE_BYTES_MIN
  #isRewriting = false
  /** Provisional claims whose loss a record has told of, the last ones. */
  readonly #toldLost = new Set<ClaimId>()

  constructor(
    machine: HostMachine,
    place: LedgerFolder,
    audit: AuditPort,
    store: LedgerStore,
    waiting: WaitingRoom,
  ) {
    this.#machine = machine
    this.#place = place
    this.#audit = audit
    this.#store = store
    this.#waiting = waiting
  }

  readonly onChanges = (changes: readonly AppliedChange[], rebased: boolean): void => {
    this.#noteLost(changes)
    this.#waiting.note(changes)
    if (rebased) {
      this.tell()
      this.#heard = this.#audit.last()
      this.#write(changes)
      return
    }
    this.#untoldChanges.push(...changes)
    if (this.#untoldChanges.length === changes.length && changes.length > 0) {
      setImmediate(() => {
        this.tell()
      })
    }
  }

  /**
   * The record that settled a provisional claim tells of it, unless it was compacted away before this machine came back: then its
   * holder hears from here that it lost.
   */
  readonly onSettled = (settled: readonly SettledProvisional[]): void => {
    const lost = settled.filter(
      (one) => one.kind === 'rejected' && !this.#toldLost.has(one.claim.id),
    )
    if (lost.length === 0 || this.loop === null) return
    this.tell()
    const { clock, random } = this.#machine
    const { term, index } = this.loop.view().state.applied
    for (const one of lost) {
      if (one.kind !== 'rejected') continue
      const atMs = clock.wall()
      const place = { repo: this.#place.name, term, index, at: new Date(atMs).toISOString() }
      this.#audit.append({ id: makeId('evt', atMs, random(16)), ...place, ...ofSuperseded(one) })
    }
  }

  /** Writes down what became true: after its callers were answered, and before anybody reads the log. */
  tell(): void {
    const changes = this.#untoldChanges
    if (changes.length === 0) return
    this.#untoldChanges = []
    this.#write(changes)
  }

  #write(changes: readonly AppliedChange[]): void {
    const events = eventsOf(this.#place.name, changes, this.#machine.machineOf)
    for (const event of this.#unheard(events)) this.#audit.append(event)
  }

  #noteLost(changes: readonly AppliedChange[]): void {
    for (const { change } of changes) {
      if (change.kind !== 'reconciled') continue
      for (const { claim } of change.rejected) this.#toldLost.add(claim.id)
    }
    while (this.#toldLost.size > LIMITS.provisionalsMax) {
      const [oldest] = this.#toldLost
      if (oldest !== undefined) this.#toldLost.delete(oldest)
    }
  }

  readonly onIdle = (logBytes: number): void => {
    if (this.#isRewriting || logBytes < this.#rewriteAt || this.loop === null) return
    if (!mayRewriteLog(this.loop.engine())) return
    this.#isRewriting = true
    this.tell()
    this.#audit.sync().then(
      () => {
        this.loop?.rewriteLog()
        this.#settleRewrite()
      },
      (error: unknown) => {
        this.#machine.onFailure(asFailure(error))
      },
    )
  }

  /** The new size is known once the rewrite has been handed to the store, which takes it at the next turn. */
  #settleRewrite(): void {
    setImmediate(() => {
      setImmediate(() => {
        this.#rewriteAt = Math.max(REWRITE_BYTES_MIN, REWRITE_GROWTH * this.#store.size())
        this.#isRewriting = false
      })
    })
  }

  /** Of a history told again, what the audit log has not heard. */
  #unheard(events: readonly AuditEventInput[]): readonly AuditEventInput[] {
    const heard = this.#heard
    if (heard === null) return events
    const at = events.findLastIndex((event) => event.id === heard.id)
    const news =
      at >= 0 ? events.slice(at + 1) : events.filter((event) => comparePositions(event, heard) > 0)
    if (at >= 0 || news.length > 0) this.#heard = null
    return news
  }
}

/** What a failing disk says, as an error with a code. */
export function asFailure(error: unknown): SkeinError {
  if (error instanceof SkeinError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new SkeinError('HOME_UNUSABLE', message, { cause: error })
}
