// Callers on three real machines with one vote each, while leaders are killed or machines are parted; judged by what the
// callers were told and by every machine's audit log. A run is cut into stretches: each has a mesh of its own, and is judged
// as a whole.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ApiClient } from '../helpers/api.ts'
import { createCleaner, type Cleaner } from '../helpers/cleanup.ts'
import { mergeLogs } from '../helpers/history-facts.ts'
import { checkHistory, type Operation } from '../helpers/history.ts'
import {
  FILES,
  heal,
  isolate,
  mute,
  REPO,
  startMesh,
  type Machine,
  type TestMesh,
} from '../helpers/mesh.ts'
import { whyNoNamespaces } from '../helpers/namespaces.ts'
import { until } from '../helpers/poll.ts'
import { Recorder, type Caller } from '../helpers/recorder.ts'
import { mulberry } from '../helpers/mulberry.ts'

export interface MeshRunOptions {
  readonly what: 'kills' | 'partitions'
  readonly cycles: number
  readonly seed: number
  /** In each stretch; a history is judged at its end. */
  readonly cyclesPerStretch?: number
  /** How long a partition goes on at most once the rest has gone on. */
  readonly partedMsMax?: number
  /** Through proxies even where there could be namespaces. */
  readonly proxies?: boolean
  readonly onCycle?: (cycle: number, report: MeshReport) => void
}

export interface MeshReport {
  readonly way: string
  kills: number
  partitions: number
  operations: number
  /** Grants and releases that a caller was told of. */
  acknowledged: number
  /** Of them, what the ledger does not have. */
  lost: number
  doubleGrants: number
  /** Facts that one machine's audit log lacks, having been away when they were compacted. */
  untold: number
  /** Claims that somebody else stood against. */
  refused: number
  /** Claims that were noted without a majority. */
  provisional: number
  /** Answers without a majority, and the longest that one took. */
  minority: number
  minorityMsMax: number
  /** From the fault to the first grant that was asked for after it. */
  readonly failoverMs: number[]
  readonly shapes: Record<string, number>
  readonly violations: string[]
}

const CALLERS_PER_MACHINE = 2
/** Between two calls of one caller: three daemons and their callers share two cores with others. */
const PAUSE_MS = 40
/** So many callers take a provisional claim where there is no majority. */
const PROVISIONAL = 0.3
const STRETCH = 25
/** Long enough that some know that they are cut off, which takes 10 s. */
const PARTED_MS_MAX = 9_000
/** An exit 2 comes within 5 s; a machine under load may take a little to say so. */
const MINORITY_MS_MAX = 6_500
const FAILOVER_MS_MAX = 30_000

export async function runMesh(options: MeshRunOptions): Promise<MeshReport> {
  const way = options.what === 'kills' ? 'loopback' : wayOfParting(options.proxies === true)
  const counts = { kills: 0, partitions: 0, operations: 0, acknowledged: 0 }
  const findings = { lost: 0, doubleGrants: 0, untold: 0, minority: 0, minorityMsMax: 0 }
  const answers = { refused: 0, provisional: 0 }
  const report: MeshReport = {
    ...{ way, ...counts, ...findings, ...answers },
    ...{ failoverMs: [], shapes: {}, violations: [] },
  }
  const random = mulberry(options.seed)
  const stretch = options.cyclesPerStretch ?? STRETCH
  for (let done = 0; done < options.cycles && report.violations.length === 0; done += stretch) {
    const cleaner = createCleaner()
    const cycles = Math.min(stretch, options.cycles - done)
    try {
      await new Stretch(cleaner, options, report, random).run(done, cycles)
    } finally {
      await cleaner.run()
    }
  }
  return report
}

function wayOfParting(proxies: boolean): string {
  const why = proxies ? 'asked for' : whyNoNamespaces()
  return why === null ? 'network namespaces' : `proxies (${why})`
}

class Stretch {
  readonly #cleaner: Cleaner
  readonly #options: MeshRunOptions
  readonly #report: MeshReport
  readonly #random: () => number
  readonly #recorder = new Recorder()
  #isOver = false

  constructor(cleaner: Cleaner, options: MeshRunOptions, report: MeshReport, random: () => number) {
    this.#cleaner = cleaner
    this.#options = options
    this.#report = report
    this.#random = random
  }

  async run(from: number, cycles: number): Promise<void> {
    const { what, onCycle } = this.#options
    const isParted = what === 'partitions'
    const namespaces = isParted && this.#report.way === 'network namespaces'
    const lines = isParted && !namespaces
    const mesh = await startMesh(this.#cleaner, { voters: 3, namespaces, lines })
    const runs = mesh.machines.flatMap((machine) =>
      Array.from({ length: CALLERS_PER_MACHINE }, (_, at) => this.#work(machine, at)),
    )
    try {
      for (let cycle = 1; cycle <= cycles; cycle++) {
        await this.#someGrants(mesh)
        if (isParted) await this.#part(mesh)
        else await this.#killLeader(mesh)
        const operations = this.#report.operations + this.#recorder.operations.length
        onCycle?.(from + cycle, { ...this.#report, operations })
      }
    } finally {
      this.#isOver = true
      await Promise.all(runs)
    }
    await this.#judge(mesh)
  }

  async #killLeader(mesh: TestMesh): Promise<void> {
    const leader = await mesh.leader()
    const at = performance.now()
    const [first] = await Promise.all([this.#decisionAfter(at, [leader]), leader.kill()])
    this.#report.kills++
    this.#report.failoverMs.push((first.returnMs ?? Infinity) - at)
    await leader.start()
    await this.#untilWhole(mesh)
  }

  /** Parts the machines in one of five ways, waits until the rest goes on, and heals. */
  async #part(mesh: TestMesh): Promise<void> {
    const leader = await mesh.leader()
    const [one, other] = this.#shuffled(mesh.machines.filter((machine) => machine !== leader))
    if (one === undefined || other === undefined) throw new Error('three machines')
    const shape = this.#pick(['leader', 'follower', 'one-way', 'pair', 'all'])
    const at = performance.now()
    const alone: Machine[] = []
    let partedAt = at
    switch (shape) {
      case 'leader':
        await isolate(mesh, leader)
        alone.push(leader)
        partedAt = performance.now()
        await this.#noteFailover(at, [leader])
        break
      case 'follower':
        await isolate(mesh, one)
        alone.push(one)
        partedAt = performance.now()
        await this.#decisionAfter(at, [one])
        break
      case 'one-way':
        mute(mesh, leader, one)
        await this.#decisionAfter(at, [one])
        break
      case 'pair':
        mute(mesh, leader, one)
        mute(mesh, one, leader)
        await this.#decisionAfter(at, [one])
        break
      default:
        for (const machine of mesh.machines) await isolate(mesh, machine)
        alone.push(...mesh.machines)
        partedAt = performance.now()
    }
    this.#report.shapes[shape] = (this.#report.shapes[shape] ?? 0) + 1
    this.#report.partitions++
    await delay(this.#random() * (this.#options.partedMsMax ?? PARTED_MS_MAX))
    this.#requireNothingGranted(alone, partedAt)
    await heal(mesh)
    await this.#untilWhole(mesh)
  }

  /** Whoever reaches nobody says exit 2, or notes a provisional claim. */
  #requireNothingGranted(alone: readonly Machine[], sinceMs: number): void {
    const names = alone.map(({ name }) => name)
    for (const { process, session, callMs, outcome } of this.#recorder.operations)
      if (outcome.kind === 'granted' && callMs >= sinceMs && names.includes(process))
        this.#report.violations.push(
          `${process} granted something to ${session} without a majority`,
        )
  }

  /** Some answers, so that a fault comes in the middle of whatever is under way. */
  async #someGrants(mesh: TestMesh): Promise<void> {
    const { operations } = this.#recorder
    const enough = operations.length + 20 + Math.floor(this.#random() * 60)
    await until('the callers go on', () => operations.length >= enough, { withinMs: 60_000 })
    await this.#untilWhole(mesh)
  }

  async #untilWhole({ machines }: TestMesh): Promise<void> {
    for (const machine of machines)
      await until(
        `${machine.name} follows`,
        async () => {
          const ledger = await machine.ledger(REPO)
          return ledger?.attached === true && ledger.leader !== null && ledger.voters.length === 3
        },
        { withinMs: 60_000, everyMs: 50 },
      )
  }

  async #noteFailover(at: number, without: readonly Machine[]): Promise<void> {
    const first = await this.#decisionAfter(at, without)
    this.#report.failoverMs.push((first.returnMs ?? Infinity) - at)
  }

  /**
   * The first decision that a machine with a majority asked for after this moment. A refusal is one, too: it is told only after a
   * majority has confirmed the leader, and whoever was parted or killed may hold everything.
   */
  #decisionAfter(at: number, without: readonly Machine[]): Promise<Operation> {
    const names = without.map(({ name }) => name)
    const { operations } = this.#recorder
    // They are written down in the order of their answers.
    let next = operations.length
    return until(
      `a decision without ${names.join()}`,
      () => {
        for (let found = operations[next]; found !== undefined; found = operations[++next]) {
          const { outcome, callMs, process } = found
          const isDecided =
            outcome.kind === 'granted' || (outcome.kind === 'refused' && outcome.isGivenUp !== true)
          if (isDecided && callMs >= at && !names.includes(process)) return found
        }
        return null
      },
      { withinMs: FAILOVER_MS_MAX, everyMs: 5 },
    )
  }

  /** One agent after another at one place: takes a file or the folder, confirms, gives back; asks what it has when unsure. */
  async #work(machine: Machine, at: number): Promise<void> {
    const client = this.#counted(machine.newClient())
    for (let life = 0; this.#goesOn(); life++) {
      const session = `${machine.name}-${String(at)}-${String(life)}`
      const caller = { process: machine.name, client, repo: REPO, session }
      for (let round = 0; round < 50 && this.#goesOn(); round++) {
        await delay(this.#random() * 2 * PAUSE_MS)
        await this.#takeAndGive(caller)
      }
      await this.#giveBackAll(caller)
    }
  }

  #goesOn(): boolean {
    return !this.#isOver
  }

  async #takeAndGive(caller: Caller): Promise<void> {
    const recorder = this.#recorder
    const patterns = this.#random() < 0.1 ? ['src/**'] : [this.#pick(FILES)]
    const provisional = this.#random() < PROVISIONAL
    const claims = await recorder.claim(caller, patterns, { provisional })
    for (const claim of claims) {
      if (this.#random() < 0.3) await recorder.verify(caller, claim)
      const { kind } = await recorder.release(caller, claim)
      if (kind === 'unknown') await this.#giveBackAll(caller)
    }
    if (claims.length === 0 && recorder.operations.at(-1)?.outcome.kind === 'unknown')
      await this.#giveBackAll(caller)
  }

  /** What a lost answer may have granted, and what a lost release has left. */
  async #giveBackAll(caller: Caller): Promise<void> {
    const { client, session } = caller
    for (let tries = 0; tries < 100; tries++) {
      try {
        const { result } = await client.call('claims', { repo: REPO })
        const own =
          result?.claims.filter(
            (claim) => claim.session === session && claim.state !== 'releasing',
          ) ?? []
        for (const { id, state } of own) {
          // The ledger may never hear of a provisional one.
          if (state === 'provisional')
            await client.call('release', { repo: REPO, session, ids: [id] })
          else await this.#recorder.release(caller, id)
        }
        if (result !== null && own.length === 0) return
      } catch {
        // Its daemon is away.
      }
      if (this.#isOver && tries > 20) return
      await delay(200)
    }
  }

  #counted(client: ApiClient): ApiClient {
    return {
      ...client,
      call: async (name, input, headers) => {
        const at = performance.now()
        const answer = await client.call(name, input, headers)
        if (answer.error?.code === 'NO_QUORUM') {
          const ms = performance.now() - at
          this.#report.minority++
          this.#report.minorityMsMax = Math.max(this.#report.minorityMsMax, ms)
          if (ms > MINORITY_MS_MAX)
            this.#report.violations.push(`${name} said NO_QUORUM after ${ms.toFixed(0)} ms`)
        } else if (statusOf(answer.result) === 'provisional') this.#report.provisional++
        else if (statusOf(answer.result) === 'refused') this.#report.refused++
        else if (answer.error !== null && !EXPECTED.has(answer.error.code))
          this.#report.violations.push(`${name} failed: ${JSON.stringify(answer.error)}`)
        return answer
      },
    }
  }

  async #judge(mesh: TestMesh): Promise<void> {
    await this.#untilWhole(mesh)
    await untilLevel(mesh)
    const logs: Record<string, Awaited<ReturnType<Machine['events']>>> = {}
    for (const machine of mesh.machines) {
      logs[machine.name] = await machine.events()
      const { ok } = await machine.must('audit/verify', { repo: REPO })
      if (!ok) this.#report.violations.push(`the audit chain of ${machine.name} is broken`)
    }
    const { operations } = this.#recorder
    const told = checkHistory({ operations, ledger: mergeLogs(logs) })
    // Who was away while a checkpoint replaced records gets the checkpoint, and never hears of them one by one.
    const found = told.filter((text) => !GAP.test(text))
    const report = this.#report
    report.untold += told.length - found.length
    report.operations += operations.length
    report.acknowledged += operations.filter(isAcknowledged).length
    report.lost += found.filter((text) => LOST.test(text)).length
    report.doubleGrants += found.filter((text) => DOUBLE.test(text)).length
    report.violations.push(...found)
    if (found.length > 0)
      report.violations.push(`the history is kept at ${keep({ operations, logs })}`)
  }

  #pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.#random() * items.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }

  #shuffled<Item>(items: readonly Item[]): Item[] {
    return this.#random() < 0.5 ? [...items] : items.toReversed()
  }
}

/** What a caller may be told while machines come and go. */
const EXPECTED: ReadonlySet<string> = new Set([
  'NO_QUORUM',
  'UNCERTAIN',
  'DAEMON_DOWN',
  'CLAIM_ENDED',
  'CLAIM_UNKNOWN',
])
const LOST = /lost|acknowledged, and not|granted in part|does not know|and still live/
const GAP = / never tells /
const DOUBLE = /two holders|while live|one fence for two|granted twice/

function isAcknowledged({ action, outcome }: Operation): boolean {
  return outcome.kind === 'granted' || (action.kind === 'release' && outcome.kind === 'done')
}

/** Of a claim. */
function statusOf(result: unknown): unknown {
  return typeof result === 'object' && result !== null && 'status' in result ? result.status : null
}

/** For whoever looks for the reason. */
function keep(history: object): string {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'skein-kept-')), 'history.json')
  writeFileSync(file, JSON.stringify(history))
  return file
}

/** All copies are as far as each other. */
async function untilLevel({ machines }: TestMesh): Promise<void> {
  await until(
    'all have the same records',
    async () => {
      const found = await Promise.all(machines.map((machine) => machine.ledger(REPO)))
      return new Set(found.map((ledger) => ledger?.commit_index ?? -1)).size === 1
    },
    { withinMs: 30_000, everyMs: 50 },
  )
}
