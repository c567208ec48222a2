// Sixteen callers against one daemon that is killed at random moments and started again. With `shim`, the end of each log
// that was not yet synced is cut or garbled after each kill, as a power cut would.
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createClient, type ApiClient } from '../helpers/api.ts'
import type { Cleaner } from '../helpers/cleanup.ts'
import { spawnDaemon, startDaemon, type Daemon, type DaemonOptions } from '../helpers/daemon.ts'
import { makeFolder, makeRepo } from '../helpers/repo.ts'
import { mulberry } from '../helpers/mulberry.ts'
import {
  CrashModel,
  FILES,
  PARTS,
  PATTERNS,
  RESOURCES,
  type Attempt,
  type PoolScope,
} from './crash-model.ts'

export interface CrashOptions {
  readonly cycles: number
  readonly seed: number
  readonly shim: boolean
  readonly onCycle?: (cycle: number, report: CrashReport) => void
}

export interface CrashReport {
  kills: number
  /** Answers by what was answered, and `lost` for calls that were cut off. */
  readonly answers: Record<string, number>
  /** From spawn to ready, in milliseconds. */
  readonly restartsMs: number[]
  /** Bytes that were not synced at a kill and were cut off or garbled, one figure for each file that had some. */
  readonly cuts: number[]
  audited: number
  liveSeen: number
  logBytesMax: number
  readonly violations: readonly string[]
}

const CALLERS = 16
/** In one cycle. */
const ANSWERS_MAX = 600
const CYCLE_MS_MAX = 1_500
const SHIM = fileURLToPath(new URL('../helpers/sync-shim.mjs', import.meta.url))

export async function runCrashes(cleaner: Cleaner, options: CrashOptions): Promise<CrashReport> {
  const world = new World(cleaner, options)
  try {
    await world.run()
  } catch (error) {
    throw new Error(`the home is kept at ${world.keepHome()}`, { cause: error })
  }
  if (world.report.violations.length > 0)
    world.model.fail(`the home is kept at ${world.keepHome()}`)
  return world.report
}

class World {
  readonly model = new CrashModel()
  readonly random: () => number
  readonly report: CrashReport
  readonly repo = 'test/crash'
  readonly socket: string
  readonly #cleaner: Cleaner
  readonly #options: CrashOptions
  readonly #root: string
  readonly #home: string
  readonly #notes: string
  readonly #callers: Caller[]
  #answered = 0

  constructor(cleaner: Cleaner, options: CrashOptions) {
    this.#cleaner = cleaner
    this.#options = options
    this.random = mulberry(options.seed)
    const { violations } = this.model
    const figures = { kills: 0, audited: 0, liveSeen: 0, logBytesMax: 0 }
    this.report = { ...figures, answers: {}, restartsMs: [], cuts: [], violations }
    this.#root = makeRepo(cleaner, { files: FILES, skeinYml: `repo: ${this.repo}\n` })
    const folder = makeFolder(cleaner, 'skein-crash-')
    this.#home = path.join(folder, 'h')
    this.#notes = path.join(folder, 'notes')
    this.socket = path.join(this.#home, 'api.sock')
    this.#callers = Array.from({ length: CALLERS }, (_, at) => new Caller(this, sessionName(at)))
  }

  async run(): Promise<void> {
    let daemon = await startDaemon(this.#cleaner, this.#daemonOptions())
    await this.#audit(daemon)
    for (let cycle = 1; cycle <= this.#options.cycles; cycle++) {
      const runs = this.#callers.map((caller) => caller.run())
      await this.#killMoment()
      await daemon.kill()
      this.report.kills++
      await Promise.all(runs)
      this.#loseUnsynced()
      while (this.random() < 0.15) await this.#killWhileStarting()
      daemon = await startDaemon(this.#cleaner, this.#daemonOptions())
      this.report.restartsMs.push(daemon.readyMs)
      await this.#audit(daemon)
      this.#options.onCycle?.(cycle, this.report)
      if (this.model.violations.length > 0) break
    }
    const { code } = await daemon.stop()
    if (code !== 0) this.model.fail(`the daemon stopped with ${String(code)}: ${daemon.stderr()}`)
  }

  /** For whoever looks for the reason. */
  keepHome(): string {
    const kept = path.join(mkdtempSync(path.join(tmpdir(), 'skein-kept-')), 'h')
    renameSync(this.#home, kept)
    return kept
  }

  count(answer: string): void {
    this.#answered++
    this.report.answers[answer] = (this.report.answers[answer] ?? 0) + 1
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.random() * items.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }

  /** After some answers, none to hundreds, and a moment more: in the middle of whatever is under way then. */
  async #killMoment(): Promise<void> {
    const enough = Math.floor(this.random() * this.random() * ANSWERS_MAX)
    const moment = performance.now() + CYCLE_MS_MAX
    this.#answered = 0
    while (this.#answered < enough && performance.now() < moment) await delay(1)
    await delay(this.random() * 10)
  }

  #daemonOptions(): DaemonOptions {
    const base = { home: this.#home }
    if (!this.#options.shim) return base
    return { ...base, preload: [SHIM], env: { SKEIN_TEST_SYNC_NOTES: this.#notes } }
  }

  async #killWhileStarting(): Promise<void> {
    const started = spawnDaemon(this.#cleaner, this.#daemonOptions())
    await delay(this.random() * 400)
    started.child.kill('SIGKILL')
    await started.exit
    this.report.kills++
    this.#loseUnsynced()
  }

  async #audit(daemon: Daemon): Promise<void> {
    const { repo, model } = this
    // Enrols at first; later it reads the tracked files, so that the callers do not all begin with a git of their own.
    const scopes = [{ kind: 'file', pattern: 'README.md' }]
    await daemon.client.must('check', { cwd: this.#root, scopes })
    const { claims, as_of: at } = await daemon.client.must('claims', { repo, limit: 10_000 })
    this.report.liveSeen += claims.length
    model.compare(claims, at)
    for (const { session } of this.#callers) {
      const live = model.liveOf(session).filter(({ id }) => !model.mayHaveEnded(id))
      const ids = live.map(({ id }) => id)
      if (ids.length === 0) continue
      const fences = Object.fromEntries(live.map(({ id, fence }) => [id, fence]))
      const { ok } = await daemon.client.must('verify', { repo, session, ids, fences })
      if (!ok && !ids.some((id) => model.mayHaveEnded(id)))
        model.fail(`verify denies what ${session} holds`)
    }
    const chain = await daemon.client.must('audit/verify', { repo })
    if (!chain.ok) model.fail(`the audit chain is broken: ${chain.problem ?? ''}`)
    this.report.audited = chain.events
  }

  /** Cuts every log at a random point at or after its last synced byte. */
  #loseUnsynced(): void {
    if (!this.#options.shim) return
    for (const file of filesUnder(this.#home, ['ledger', 'audit'])) {
      const fd = openSync(file, 'r+')
      const { ino, size } = fstatSync(fd)
      this.report.logBytesMax = Math.max(this.report.logBytesMax, size)
      const synced = Math.min(size, syncedBytes(path.join(this.#notes, String(ino))))
      if (synced < size) {
        const end = synced + Math.floor(this.random() * (size - synced + 1))
        ftruncateSync(fd, end)
        // A page that never reached the disk reads as zeros; in the ledger's log as anything.
        const isLedger = !file.endsWith('.ndjson')
        if (this.random() < 0.5) {
          const from = synced + Math.floor(this.random() * (end - synced))
          const hole = Buffer.alloc(Math.min(end - from, 1 + Math.floor(this.random() * 600)))
          if (isLedger) hole.forEach((_, i) => (hole[i] = Math.floor(this.random() * 256)))
          if (hole.length > 0) writeSync(fd, hole, 0, hole.length, from)
        }
        this.report.cuts.push(size - synced)
      }
      closeSync(fd)
    }
  }
}

function filesUnder(home: string, folders: readonly string[]): string[] {
  return folders.flatMap((folder) => {
    const root = path.join(home, folder)
    if (!existsSync(root)) return []
    return readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /^(log|\d+\.ndjson)$/.test(entry.name))
      .map((entry) => path.join(entry.parentPath, entry.name))
  })
}

function syncedBytes(note: string): number {
  return existsSync(note) ? Number(readFileSync(note, 'utf8')) : 0
}

/** One agent: a call at a time, until the daemon is gone. */
class Caller {
  readonly session: string
  readonly #world: World
  #calls = 0
  #retry: Attempt | null = null
  /** Acknowledged keys with the ids that they gave. */
  readonly #keyed: { readonly attempt: Attempt; readonly ids: readonly string[] }[] = []

  constructor(world: World, session: string) {
    this.#world = world
    this.session = session
  }

  /** Resolves when a call is cut off. */
  async run(): Promise<void> {
    const client = createClient({ socket: this.#world.socket }, { connections: 1 })
    try {
      const retry = this.#retry
      this.#retry = null
      if (retry !== null) await this.#claim(client, retry)
      for (;;) await this.#act(client)
    } catch (error) {
      if (!(error instanceof CutOff)) throw error
      this.#world.count('lost')
    } finally {
      client.close()
    }
  }

  #act(client: ApiClient): Promise<void> {
    const { model, random } = this.#world
    const live = model.liveOf(this.session)
    const dice = random()
    if (live.length === 0 || dice < 0.35) return this.#claim(client, this.#newAttempt())
    if (dice < 0.6 || live.length > 5) return this.#release(client)
    if (dice < 0.7) return this.#renew(client)
    if (dice < 0.82) return this.#narrow(client)
    if (dice < 0.9) return this.#verify(client)
    if (dice < 0.93) return this.#replay(client)
    return this.#check(client)
  }

  #newAttempt(): Attempt {
    const { random, model } = this.#world
    const scopes = Array.from({ length: 1 + Math.floor(random() * 3) }, () => this.#scope())
    const distinct = [...new Map(scopes.map((scope) => [scope.pattern, scope])).values()]
    const key = random() < 0.15 ? `${this.session}-${String(this.#calls++)}` : null
    const ttlSeconds = random() < 0.04 ? 1 : null
    return model.attempt(this.session, distinct, key, ttlSeconds)
  }

  #scope(): PoolScope {
    const world = this.#world
    const { random } = world
    const mode = random() < 0.2 ? 'shared' : 'exclusive'
    if (random() < 0.1) return { kind: 'resource', pattern: world.pick(RESOURCES), mode }
    return { kind: 'file', pattern: world.pick(PATTERNS), mode }
  }

  async #claim(client: ApiClient, attempt: Attempt): Promise<void> {
    const { model } = this.#world
    const { scopes, key, ttlSeconds } = attempt
    const input = {
      ...this.#identity(),
      scopes,
      ...(key === null ? {} : { idempotency_key: key }),
      ...(ttlSeconds === null ? {} : { ttl_s: ttlSeconds }),
    }
    const answer = await this.#call(
      client,
      'claim',
      input,
      () => {
        model.doubtClaim(attempt)
        if (key !== null) this.#retry = attempt
      },
      attempt.adopted,
    )
    if (answer?.status === 'granted') {
      this.#world.count('granted')
      // A retry may come after its claims' own time has ended them.
      const isOver = attempt.ttlSeconds !== null && attempt.adopted.length > 0
      if (!isOver) model.granted(attempt, answer.claims)
      if (key !== null && ttlSeconds === null)
        this.#keyed.push({ attempt, ids: answer.claims.map(({ id }) => id) })
    } else if (answer !== null) {
      this.#world.count('refused')
      // With a key it is told from the ledger, which names no claim that it has forgotten since.
      if (answer.conflicts.length === 0 && key === null)
        model.fail(`a refusal without a conflict: ${JSON.stringify(input)}`)
      if (attempt.adopted.length > 0) model.fail('a retry was refused what it holds')
    }
  }

  async #replay(client: ApiClient): Promise<void> {
    if (this.#keyed.length === 0) return
    const { attempt, ids } = this.#world.pick(this.#keyed.slice(-8))
    const { scopes, key } = attempt
    const input = { ...this.#identity(), scopes, idempotency_key: key }
    const { model } = this.#world
    const gone = ids.filter((id) => model.known.get(id)?.status !== 'live')
    const answer = await this.#call(client, 'claim', input, () => undefined, gone)
    this.#world.count('replayed')
    if (answer === null) return
    const given = answer.claims.map(({ id }) => id)
    if (
      answer.status !== 'granted' ||
      gone.length === ids.length ||
      given.some((id) => !ids.includes(id))
    )
      this.#world.model.fail(`the key ${key ?? ''} gave ${ids.join()} and now ${given.join()}`)
  }

  async #release(client: ApiClient): Promise<void> {
    const world = this.#world
    const { model, random } = world
    const live = model.liveOf(this.session)
    // The other half of a pair would lose what it counts on.
    const isAll = random() < 0.3 && !this.session.startsWith('pair-')
    const ids = isAll ? live.map(({ id }) => id) : [world.pick(live).id]
    model.releasing(ids)
    const input = { ...this.#identity(), ...(isAll ? { mine: true } : { ids }) }
    const answer = await this.#call(client, 'release', input, () => {
      model.doubtRelease(ids)
    })
    if (answer === null) return
    this.#world.count('released')
    model.released(ids, [...answer.released.map(({ id }) => id), ...answer.already])
  }

  async #renew(client: ApiClient): Promise<void> {
    const { model } = this.#world
    const { id } = this.#world.pick(model.liveOf(this.session))
    const input = { ...this.#identity(), ids: [id] }
    const answer = await this.#call(client, 'renew', input, () => undefined, [id])
    if (answer === null) return
    this.#world.count('renewed')
    model.renewed(id, answer.claims)
  }

  async #narrow(client: ApiClient): Promise<void> {
    const { model, random } = this.#world
    const wide = model
      .liveOf(this.session)
      .find(({ patterns, mayEndAt }) => mayEndAt === Infinity && PARTS[patterns[0] ?? ''])
    if (wide === undefined) return
    const parts = PARTS[wide.patterns[0] ?? ''] ?? []
    const patterns = parts.slice(0, 1 + Math.floor(random() * parts.length))
    const input = { ...this.#identity(), id: wide.id, patterns }
    const answer = await this.#call(client, 'narrow', input, () => {
      model.doubtNarrow(wide.id, patterns)
    })
    if (answer === null) return
    this.#world.count('narrowed')
    model.narrowed(wide.id, patterns, answer.claims)
  }

  async #verify(client: ApiClient): Promise<void> {
    const { model } = this.#world
    const live = model.liveOf(this.session).filter(({ mayEndAt }) => mayEndAt === Infinity)
    if (live.length === 0) return
    const ids = live.map(({ id }) => id)
    const fences = Object.fromEntries(live.map(({ id, fence }) => [id, fence]))
    const input = { ...this.#identity(), ids, fences }
    const answer = await this.#call(client, 'verify', input, () => undefined)
    if (answer === null) return
    this.#world.count('verified')
    if (!answer.ok) model.fail(`verify denies ${ids.join()} of ${this.session}`)
  }

  async #check(client: ApiClient): Promise<void> {
    const input = { ...this.#identity(), scopes: [this.#scope()] }
    await this.#call(client, 'check', input, () => undefined)
    this.#world.count('checked')
  }

  /** Null for a failure that a claim's own time explains. */
  async #call<Name extends Parameters<ApiClient['call']>[0]>(
    client: ApiClient,
    name: Name,
    input: unknown,
    onDoubt: () => void,
    mayEnd: readonly string[] = [],
  ): Promise<NonNullable<Awaited<ReturnType<typeof client.call<Name>>>['result']> | null> {
    let answer
    try {
      answer = await client.call(name, input)
    } catch {
      onDoubt()
      throw new CutOff()
    }
    if (answer.result !== null) return answer.result
    const { model } = this.#world
    const isExplained =
      answer.error?.code === 'CLAIM_ENDED' && mayEnd.some((id) => model.mayHaveEnded(id))
    if (!isExplained) model.fail(`${name} failed: ${JSON.stringify(answer.error)}`)
    return null
  }

  #identity(): { repo: string; session: string; agent?: string } {
    const { session } = this
    const base = { repo: this.#world.repo, session }
    return session.startsWith('pair-') ? { ...base, agent: session.slice(0, -2) } : base
  }
}

class CutOff extends Error {}

function sessionName(at: number): string {
  return at < 4 ? `pair-${String(at >> 1)}-${at % 2 === 0 ? 'a' : 'b'}` : `alone-${String(at)}`
}

/** `min 101 / p50 180 / p99 250 / max 300`. */
export function distribution(values: readonly number[]): string {
  if (values.length === 0) return 'none'
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(0)
  return `min ${at(0)} / p50 ${at(0.5)} / p90 ${at(0.9)} / p99 ${at(0.99)} / max ${at(1)}`
}
