// What is there on this machine to build and test with: each program of a small table is looked for and asked for its version, within
// a bound. One that is not there, or fails, is told so; of one that does not answer in time nobody knows.
import { execFile } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import path from 'node:path'
import { clean } from '../callers.ts'

export type Probe =
  | { readonly kind: 'there' }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'unknown' }

/** Capabilities by name: any of the programs will do. */
const PROGRAMS: Readonly<
  Record<string, readonly (readonly [program: string, argument: string])[]>
> = {
  node: [['node', '--version']],
  python: [
    ['python3', '--version'],
    ['python', '--version'],
  ],
  rust: [['cargo', '--version']],
  cargo: [['cargo', '--version']],
  go: [['go', 'version']],
  java: [['java', '-version']],
  docker: [['docker', '--version']],
  make: [['make', '--version']],
  cmake: [['cmake', '--version']],
  gcc: [['gcc', '--version']],
  clang: [['clang', '--version']],
  dotnet: [['dotnet', '--version']],
  ruby: [['ruby', '--version']],
  php: [['php', '--version']],
}
export const PROBED = Object.keys(PROGRAMS)

/** Whoever plans waits for it. */
const ANSWER_MS_MAX = 2_000
/** Programs are installed and removed by hand, seldom. */
const KNOWN_MS = 5 * 60_000
const AT_ONCE = 4

export interface Probes {
  all(): Promise<ReadonlyMap<string, Probe>>
  /** Can it be started by this name? A relative path is of the worktree, and not known here. */
  isProgram(command: string): boolean
}

export interface ProbesOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly now: () => number
}

export function createProbes({ env, now }: ProbesOptions): Probes {
  let known: { readonly at: number; readonly probes: Promise<ReadonlyMap<string, Probe>> } | null =
    null
  return {
    all() {
      if (known === null || now() - known.at > KNOWN_MS)
        known = { at: now(), probes: probeAll(env) }
      return known.probes
    },
    isProgram(command) {
      if (path.isAbsolute(command)) return isExecutable(command)
      return command.includes('/') || find(command, env) !== null
    },
  }
}

async function probeAll(env: ProbesOptions['env']): Promise<ReadonlyMap<string, Probe>> {
  const found = new Map<string, Probe>()
  for (let at = 0; at < PROBED.length; at += AT_ONCE) {
    const some = PROBED.slice(at, at + AT_ONCE)
    const probes = await Promise.all(some.map((name) => probe(name, env)))
    some.forEach((name, place) => found.set(name, probes[place] ?? { kind: 'unknown' }))
  }
  return found
}

async function probe(name: string, env: ProbesOptions['env']): Promise<Probe> {
  const programs = PROGRAMS[name] ?? []
  let last: Probe = {
    kind: 'failed',
    why: `no ${programs.map(([program]) => program).join(', no ')}`,
  }
  for (const [program, argument] of programs) {
    const file = find(program, env)
    if (file === null) continue
    last = await ask(file, argument, env)
    if (last.kind !== 'failed') return last
  }
  return last
}

function ask(file: string, argument: string, env: ProbesOptions['env']): Promise<Probe> {
  return new Promise((resolve) => {
    const bounds = {
      env: { ...env },
      timeout: ANSWER_MS_MAX,
      killSignal: 'SIGKILL',
      maxBuffer: 65_536,
    } as const
    const child = execFile(file, [argument], bounds, (error) => {
      if (error === null) resolve({ kind: 'there' })
      else if (error.killed === true) resolve({ kind: 'unknown' })
      else {
        const [line = ''] = error.message.split('\n').slice(0, 1)
        resolve({ kind: 'failed', why: clean(line).slice(0, 200) })
      }
    })
    child.stdin?.end()
  })
}

function find(program: string, env: ProbesOptions['env']): string | null {
  const folders = (env['PATH'] ?? '').split(path.delimiter).filter((each) => path.isAbsolute(each))
  const files = folders.map((folder) => path.join(folder, program))
  return files.find(isExecutable) ?? null
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
