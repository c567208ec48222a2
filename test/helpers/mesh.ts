// A mesh of real daemons on one host: each with a home and a clone of one repository, invited and let in as people do it, and
// parted by proxies (lines.ts) or by network namespaces (namespaces.ts).
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { OperationName, OperationResult } from '../../protocol/index.ts'
import { createClient, type ApiClient } from './api.ts'
import { onCleanup, type Cleaner } from './cleanup.ts'
import { startDaemon, type Daemon, type DaemonOptions } from './daemon.ts'
import { Lines } from './lines.ts'
import { Namespaces } from './namespaces.ts'
import { until } from './poll.ts'
import type { Caller } from './recorder.ts'
import { git, makeFolder, makeRepo, writeIn } from './repo.ts'

export const REPO = 'team/proj'
/** Long enough to be asked for as a proof. */
const CONTENT = 'a line of a file that is long enough to prove that one has it, and different in '
export const FILES = Array.from({ length: 24 }, (_, at) => `src/file-${String(at)}.ts`)

export interface MeshOptions {
  readonly names?: readonly string[]
  /** 1 or 3; the first machines. */
  readonly voters?: number
  /** Proxies between all machines. */
  readonly lines?: boolean
  /** Namespaces instead. */
  readonly namespaces?: boolean
  readonly env?: Readonly<Record<string, string>>
  /** Of one machine, on top. */
  readonly envOf?: (name: string) => Readonly<Record<string, string>>
  /** Lines more of a machine's config.yml. */
  readonly configOf?: (name: string) => string
  /** Loaded into each daemon before its program. */
  readonly preload?: readonly string[]
}

/** What a machine's way to the others asks of its daemon. */
type Wires = Pick<DaemonOptions, 'env' | 'preload' | 'wrapper'>

/** One machine: a home, a clone, and the daemon that runs now. */
export class Machine {
  readonly name: string
  readonly home: string
  readonly cwd: string
  readonly #cleaner: Cleaner
  readonly #options: DaemonOptions
  #daemon: Daemon | null = null
  #client: ApiClient | null = null

  constructor(cleaner: Cleaner, name: string, cwd: string, options: DaemonOptions, configYml = '') {
    this.#cleaner = cleaner
    this.name = name
    this.home = path.join(makeFolder(cleaner, 'skein-home-'), 'h')
    this.cwd = cwd
    this.#options = { ...options, home: this.home }
    mkdirSync(this.home, { recursive: true })
    writeFileSync(
      path.join(this.home, 'config.yml'),
      `machine: ${name}\ntrust_scripts: true\nhttp_port: 0\n${configYml}`,
    )
  }

  get daemon(): Daemon {
    if (this.#daemon === null) throw new Error(`${this.name} does not run`)
    return this.#daemon
  }

  get socket(): string {
    return path.join(this.home, 'api.sock')
  }

  /** Of this machine, whichever daemon serves it. */
  get client(): ApiClient {
    this.#client ??= this.newClient()
    return this.#client
  }

  newClient(): ApiClient {
    const client = createClient({ socket: this.socket })
    onCleanup(this.#cleaner, () => {
      client.close()
    })
    return client
  }

  /** Somebody here, for the recorder. */
  caller(session: string): Caller {
    return { process: this.name, client: this.client, repo: REPO, session }
  }

  async start(): Promise<Daemon> {
    this.#daemon = await startDaemon(this.#cleaner, this.#options)
    return this.#daemon
  }

  /** Healthy is enough: alone, a voter of three is not ready. */
  async startAlone(): Promise<Daemon> {
    this.#daemon = await startDaemon(this.#cleaner, { ...this.#options, awaited: '/healthz' })
    return this.#daemon
  }

  async kill(): Promise<void> {
    await this.daemon.kill()
  }

  async stop(): Promise<void> {
    await this.daemon.stop()
  }

  pause(): void {
    process.kill(this.daemon.pid, 'SIGSTOP')
    // A stopped process does not end by SIGTERM, and must not outlive the test.
    onCleanup(this.#cleaner, () => {
      this.resume()
    })
  }

  resume(): void {
    try {
      process.kill(this.daemon.pid, 'SIGCONT')
    } catch {
      // It has ended.
    }
  }

  must<Name extends OperationName>(name: Name, input: object = {}): Promise<OperationResult<Name>> {
    return this.client.must(name, input)
  }

  /** Exclusive claims on files, in this machine's clone. */
  claim(session: string, patterns: readonly string[], more: object = {}) {
    const scopes = patterns.map((pattern) => ({ kind: 'file', pattern }))
    const who = { cwd: this.cwd, session, agent: session }
    return this.client.call('claim', { ...who, scopes, ...more })
  }

  release(session: string, ids: readonly string[]) {
    return this.client.call('release', { cwd: this.cwd, session, agent: session, ids })
  }

  /** What this machine knows of a ledger; null while it does not serve it. */
  async ledger(name: string): Promise<OperationResult<'leader'>['ledgers'][number] | null> {
    try {
      const { ledgers } = await this.must('leader')
      return ledgers.find(({ ledger }) => ledger === name) ?? null
    } catch {
      return null
    }
  }

  /** Where it listens for the others. */
  port(): number {
    const text = readFileSync(path.join(this.home, 'listening.json'), 'utf8')
    const { port } = JSON.parse(text) as { port?: number }
    if (port === undefined) throw new Error(`${this.name} does not listen`)
    return port
  }

  /** Every event of the repository that its audit log holds. */
  async events(): Promise<OperationResult<'events'>['events']> {
    const all: OperationResult<'events'>['events'][number][] = []
    let since = '1970-01-01'
    for (;;) {
      const { events, more } = await this.must('events', { repo: REPO, limit: 1_000, since })
      all.push(...events)
      const last = events.at(-1)
      if (!more || last === undefined) return all
      since = last.id
    }
  }
}

export interface TestMesh {
  readonly machines: readonly Machine[]
  readonly lines: Lines | null
  readonly namespaces: Namespaces | null
  machine(name: string): Machine
  /** Who leads the repository's ledger, as one of these says. */
  leader(among?: readonly Machine[]): Promise<Machine>
}

/** Machines that run and know nothing of each other. */
export async function startMachines(
  cleaner: Cleaner,
  options: MeshOptions = {},
): Promise<TestMesh> {
  const { names = ['ada', 'bob', 'cyd'], env = {} } = options
  const lines = options.lines === true ? new Lines(cleaner) : null
  const namespaces = options.namespaces === true ? new Namespaces(cleaner) : null
  const origin = makeRepo(cleaner, { files: [], skeinYml: null })
  for (const file of FILES) writeIn(origin, file, `${CONTENT}${file}\n`)
  writeIn(origin, '.skein.yml', `repo: ${REPO}\n`)
  git(origin, 'add', '--all')
  git(origin, 'commit', '--quiet', '--message', 'files')
  const machines = names.map((name) => {
    const clone = path.join(makeFolder(cleaner, 'skein-clone-'), 'proj')
    git(origin, 'clone', '--quiet', origin, clone)
    const wires: Wires = lines?.optionsOf(name) ?? namespaces?.add(name) ?? {}
    const listen = { SKEIN_MESH_LISTEN: '127.0.0.1:0' }
    const preload = [...(options.preload ?? []), ...(wires.preload ?? [])]
    const own = options.envOf?.(name)
    const settings = { ...wires, preload, env: { ...listen, ...env, ...own, ...wires.env } }
    return new Machine(cleaner, name, clone, settings, options.configOf?.(name))
  })
  await Promise.all(machines.map((machine) => machine.start()))
  const machine = (name: string): Machine => {
    const found = machines.find((one) => one.name === name)
    if (found === undefined) throw new Error(`no machine ${name}`)
    return found
  }
  return {
    machines,
    lines,
    namespaces,
    machine,
    leader: (among = machines) =>
      until('the repository has a leader', async () => {
        for (const one of among) {
          const name = (await one.ledger(REPO))?.leader
          if (name != null && among.some((other) => other.name === name)) return machine(name)
        }
        return null
      }),
  }
}

/** Machines in one mesh, each with the repository's ledger, and as many voters as asked for. */
export async function startMesh(cleaner: Cleaner, options: MeshOptions = {}): Promise<TestMesh> {
  const mesh = await startMachines(cleaner, options)
  const [founder, ...others] = mesh.machines
  if (founder === undefined) throw new Error('a mesh of nobody')
  await enter(founder)
  for (const other of others) {
    const { token } = await founder.must('invite', { yes: true })
    await layLines(mesh, founder)
    await join(other, token)
    await layLines(mesh, other)
    await enter(other)
  }
  if ((options.voters ?? 1) === 3) await promote(mesh)
  return mesh
}

/** The machine hears nobody and nobody hears it; nothing tells either side. */
export async function isolate(mesh: TestMesh, machine: Machine): Promise<void> {
  mesh.namespaces?.pull(machine.name)
  await mesh.lines?.isolate(
    machine.name,
    mesh.machines.map(({ name }) => name),
  )
}

/** What the one says does not reach the other; the way back stays. */
export function mute({ lines, namespaces }: TestMesh, from: Machine, to: Machine): void {
  namespaces?.mute(from.name, to.name)
  lines?.mute(from.name, to.name)
}

export async function heal({ lines, namespaces }: TestMesh): Promise<void> {
  namespaces?.heal()
  await lines?.heal()
}

export async function layLines({ lines, machines }: TestMesh, to: Machine): Promise<void> {
  if (lines === null) return
  const port = await until(`${to.name} listens`, () => {
    try {
      return to.port()
    } catch {
      return null
    }
  })
  await lines.lay(
    to.name,
    port,
    machines.filter((one) => one !== to).map(({ name }) => name),
  )
}

/** Takes the machine into a mesh, and returns when it knows itself there. */
export async function join(machine: Machine, token: string): Promise<void> {
  const { mesh } = await machine.must('join', { token, yes: true })
  await until(
    `${machine.name} has arrived in its new mesh`,
    async () => {
      try {
        const status = await machine.must('status')
        return status.mesh.id === mesh && status.mesh.members > 1 && status.ready
      } catch {
        return null
      }
    },
    { withinMs: 20_000, everyMs: 20 },
  )
}

/** The machines of the mesh, as this one knows them. */
export async function namesOf(machine: Machine): Promise<string[]> {
  return (await machine.must('members')).map(({ machine: name }) => name).sort()
}

/** It has left or was removed, and has begun a mesh of its own. */
export async function untilAlone(machine: Machine): Promise<void> {
  await until(`${machine.name} is alone`, async () => {
    const { result } = await machine.client.call('status', {}).catch(() => ({ result: null }))
    return result?.ready === true && result.mesh.members === 1
  })
}

/** First use of the clone: founds the ledger, or proves the contents and gets it. */
export async function enter(machine: Machine): Promise<void> {
  const scopes = [{ kind: 'file', pattern: 'README.md' }]
  await until(`${machine.name} has the repository`, async () => {
    const { error } = await machine.client.call('check', { cwd: machine.cwd, scopes })
    if (error === null) return true
    if (error.code === 'PEER_UNREACHABLE' || error.code === 'NO_QUORUM') return null
    throw new Error(JSON.stringify(error))
  })
}

/** Three voters in the mesh's ledger and in the repository's. */
export async function promote(mesh: TestMesh): Promise<void> {
  const [founder, second, third] = mesh.machines
  if (founder === undefined || second === undefined || third === undefined)
    throw new Error('three voters need three machines')
  for (const { name } of [second, third])
    await founder.must('member/promote', { machine: name, yes: true })
  for (const machine of [founder, second, third]) {
    for (const ledger of ['mesh', REPO]) await untilVoters(machine, ledger, 3)
    await untilOnline(machine, mesh.machines.length)
  }
}

/** Where a machine listens is told through the mesh ledger: right after a join only whoever invited it is connected. */
export async function untilOnline(machine: Machine, count: number): Promise<void> {
  await until(
    `${machine.name} is connected to all`,
    async () => {
      const members = await machine.must('members')
      return members.filter(({ online }) => online).length === count
    },
    { withinMs: 20_000, everyMs: 20 },
  )
}

export async function untilVoters(machine: Machine, name: string, voters: number): Promise<void> {
  await until(
    `${machine.name} sees ${String(voters)} voters of ${name}`,
    async () => {
      const ledger = await machine.ledger(name)
      return ledger?.voters.length === voters && ledger.leader !== null && ledger.attached
    },
    { withinMs: 20_000, everyMs: 20 },
  )
}
