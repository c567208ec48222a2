// Fuzzes one door of a real daemon for a time or a count, with a bystander who must be served, and measures growth.
import { readDaemonLog, startDaemon, type Daemon } from '../helpers/daemon.ts'
import { makeRepo, writeIn } from '../helpers/repo.ts'
import type { Cleaner } from '../helpers/cleanup.ts'
import { Prng } from '../sim/prng.ts'
import { DOORS, type DoorName } from './doors.ts'

export interface FuzzOptions {
  readonly door: DoorName
  readonly seed: number
  /** Ends with whichever comes first. */
  readonly inputsMax: number
  readonly msMax: number
}

export interface FuzzReport {
  readonly inputs: number
  /** How often each outcome came. */
  readonly told: ReadonlyMap<string, number>
  readonly faults: readonly string[]
  /** Resident memory after the first tenth and at the end, in MiB. */
  readonly memory: readonly [number, number]
}

const REPO = 'test/fuzz'
/** Inputs under way at once. */
const AT_ONCE = 4
const FAULTS_MAX = 20
/** After the warm-up: caches that fill up, and a heap that is not collected each second. */
const GROWTH_MIB_MAX = 96

export async function fuzz(cleaner: Cleaner, options: FuzzOptions): Promise<FuzzReport> {
  const cwd = makeRepo(cleaner, { skeinYml: `repo: ${REPO}\nlimits: {files: 10000, ratio: 1}\n` })
  writeIn(cwd, 'src/a.ts', 'export class A {\n  b() {}\n}\n')
  const daemon = await startDaemon(cleaner)
  await daemon.client.must('check', { cwd, scopes: [{ kind: 'file', pattern: 'a' }] })
  const door = await DOORS[options.door]({ daemon, cwd, repo: REPO })
  const told = new Map<string, number>()
  const faults: string[] = []
  const deadline = performance.now() + options.msMax
  const prng = new Prng(options.seed)
  let inputs = 0
  let warm = 0
  const isOver = (): boolean =>
    inputs >= options.inputsMax || performance.now() > deadline || faults.length >= FAULTS_MAX
  const work = async (own: Prng): Promise<void> => {
    while (!isOver()) {
      inputs += 1
      if (inputs % 500 === 0) await requireServed(daemon, cwd, faults)
      const isWarm =
        inputs >= options.inputsMax / 4 || performance.now() > deadline - 0.9 * options.msMax
      if (warm === 0 && isWarm) warm = await memoryOf(daemon)
      const outcome = await door.next(own)
      told.set(outcome.told, (told.get(outcome.told) ?? 0) + 1)
      if (outcome.fault !== null) faults.push(outcome.fault)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, () => work(prng.fork())))
  door.close()
  await requireServed(daemon, cwd, faults)
  const end = await memoryOf(daemon)
  if (warm > 0 && end - warm > GROWTH_MIB_MAX)
    faults.push(`grew from ${warm.toFixed(0)} to ${end.toFixed(0)} MiB`)
  if (/this is a bug/.test(readDaemonLog(daemon.home))) faults.push('the log tells of a bug')
  const { code } = await daemon.stop()
  if (code !== 0) faults.push(`the daemon ended with ${String(code)}: ${daemon.stderr()}`)
  return { inputs, told, faults, memory: [warm, end] }
}

async function requireServed(daemon: Daemon, cwd: string, faults: string[]): Promise<void> {
  try {
    const scopes = [{ kind: 'file', pattern: 'bystander.ts' }]
    await daemon.client.must('check', { cwd, session: 'bystander', scopes })
  } catch (error) {
    faults.push(`a bystander was not served: ${String(error)}`)
  }
}

async function memoryOf(daemon: Daemon): Promise<number> {
  const { text } = await daemon.client.must('metrics', {})
  const line = text.split('\n').find((each) => each.startsWith('process_resident_memory_bytes '))
  return Number(line?.split(' ')[1]) / 1_048_576
}
