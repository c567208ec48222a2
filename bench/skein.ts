// A daemon under test: its own home, a real git repository enrolled in it, started and stopped as its users do.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { plainEnvironment, type Ground, type Spawned } from './ground.ts'
import type { Target } from './load/caller.ts'
import { parseHttp, post } from './load/skein-caller.ts'

export interface Checkout {
  readonly root: string
  /** Tracked files, from the root. */
  readonly files: readonly string[]
}

export interface Program {
  readonly file: string
  /** Flags of node, for profiles. */
  readonly nodeFlags: readonly string[]
}

/** One machine of several. */
export interface Member {
  readonly machine: string
  /** More lines of its config.yml. */
  readonly config?: string
}

const READY_MS_MAX = 20_000
const FOLDERS = 64
const FILES_IN_FOLDER = 64

/** By default a repository of 4,096 files. */
export function makeCheckout(
  ground: Ground,
  { repo = 'bench/repo', folders = FOLDERS } = {},
): Checkout {
  const root = ground.folder('repo')
  const files: string[] = []
  for (let folder = 0; folder < folders; folder++) {
    const name = `src/area-${String(folder % 8)}/part-${String(folder)}`
    mkdirSync(path.join(root, name), { recursive: true })
    for (let file = 0; file < FILES_IN_FOLDER; file++) files.push(`${name}/file-${String(file)}.ts`)
  }
  // Long and different enough to be shown as proof of having the repository.
  for (const file of files)
    writeFileSync(path.join(root, file), `export const name = '${repo} ${file.repeat(2)}'\n`)
  writeFileSync(path.join(root, '.skein.yml'), `repo: ${repo}\n`)
  const person = ['-c', 'user.name=bench', '-c', 'user.email=bench@localhost']
  for (const args of [
    ['init', '-q', '-b', 'main'],
    ['add', '.'],
    ['commit', '-q', '-m', 'files'],
  ]) {
    execFileSync('git', [...person, ...args], {
      cwd: root,
      env: plainEnvironment(),
      stdio: 'ignore',
    })
  }
  return { root, files }
}

/** The same repository on another machine. */
export function cloneCheckout(ground: Ground, { root, files }: Checkout): Checkout {
  const clone = path.join(ground.folder('clone'), 'repo')
  execFileSync('git', ['clone', '-q', root, clone], { env: plainEnvironment(), stdio: 'ignore' })
  return { root: clone, files }
}

export class Daemon {
  readonly home: string
  readonly checkout: Checkout
  readonly #ground: Ground
  readonly #program: Program
  #process: Spawned | null = null

  constructor(ground: Ground, program: Program, checkout: Checkout, member?: Member) {
    this.#ground = ground
    this.#program = program
    this.checkout = checkout
    this.home = ground.folder('home')
    if (member === undefined) return
    const { machine, config = '' } = member
    writeFileSync(
      path.join(this.home, 'config.yml'),
      `machine: ${machine}\ntrust_scripts: true\nlisten: ["127.0.0.1:0"]\n${config}\n`,
    )
  }

  get pid(): number {
    return this.#process?.pid ?? 0
  }

  get socket(): string {
    return path.join(this.home, 'api.sock')
  }

  get target(): Target {
    return { system: 'skein', socket: this.socket, checkout: this.checkout.root }
  }

  get environment(): NodeJS.ProcessEnv {
    return plainEnvironment({ SKEIN_HOME: this.home, SKEIN_HTTP_PORT: '0', SKEIN_NO_START: '1' })
  }

  /** Starts it and resolves with the milliseconds from spawn to the first 200 of /readyz. */
  async start(): Promise<number> {
    const startedAt = performance.now()
    const { file, nodeFlags } = this.#program
    const args = [...nodeFlags, file, 'up']
    const spawned = this.#ground.spawn(process.execPath, args, this.environment)
    spawned.child.stdout?.resume()
    this.#process = spawned
    while (!(await isReady(this.socket))) {
      if (spawned.child.exitCode !== null || performance.now() - startedAt > READY_MS_MAX) {
        throw new Error(`the daemon did not start: ${spawned.said()}`)
      }
      await this.#ground.sleep(1)
    }
    return performance.now() - startedAt
  }

  /** The loopback port and its token. */
  async port(): Promise<{ readonly number: number; readonly token: string }> {
    const head = 'POST /v1/status HTTP/1.1\r\nhost: skein\r\nconnection: close\r\n'
    const answer = await askOnce(this.socket, `${head}content-length: 2\r\n\r\n{}`)
    const number = Number(/"http":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(answer)?.[1])
    return { number, token: readFileSync(path.join(this.home, 'token'), 'utf8').trim() }
  }

  async enrol(): Promise<void> {
    await this.call('enrol', { cwd: this.checkout.root })
  }

  /** @throws Error with the answer, unless it is 200. */
  async call(operation: string, input: object): Promise<Readonly<Record<string, unknown>>> {
    const text = JSON.stringify(input)
    const head = 'host: skein\r\nconnection: close\r\n'
    const answer = parseHttp(
      Buffer.from(await askOnce(this.socket, post(`/v1/${operation}`, head, text))),
    )?.answer
    if (answer?.status !== 200)
      throw new Error(`${operation} failed: ${answer?.body ?? 'no answer'}`)
    return JSON.parse(answer.body) as Readonly<Record<string, unknown>>
  }

  /** Resolves once it answers that it is ready: at once, or after it has gone into another mesh. */
  async becomeReady(): Promise<void> {
    const deadline = performance.now() + READY_MS_MAX
    while (!(await isReady(this.socket))) {
      if (performance.now() > deadline) throw new Error('the daemon does not become ready')
      await this.#ground.sleep(10)
    }
  }

  /** The process stands still, its connections stay; and goes on. */
  freeze(isFrozen: boolean): void {
    this.#process?.child.kill(isFrozen ? 'SIGSTOP' : 'SIGCONT')
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#process !== null) await this.#ground.stop(this.#process, signal)
    this.#process = null
  }

  /** Resident memory now and at its highest, in MiB. */
  memory(): { readonly now: number; readonly peak: number } {
    const status = readFileSync(`/proc/${String(this.pid)}/status`, 'utf8')
    const mebibytes = (field: string): number =>
      Number(new RegExp(`^${field}:\\s*(\\d+) kB`, 'm').exec(status)?.[1]) / 1024
    return { now: mebibytes('VmRSS'), peak: mebibytes('VmHWM') }
  }
}

async function isReady(socket: string): Promise<boolean> {
  const answer = await askOnce(
    socket,
    'GET /readyz HTTP/1.1\r\nhost: skein\r\nconnection: close\r\n\r\n',
  ).catch(() => '')
  return answer.startsWith('HTTP/1.1 200')
}

function askOnce(file: string, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(file)
    let text = ''
    socket.on('data', (chunk) => (text += chunk.toString()))
    socket.once('error', reject)
    socket.once('close', () => {
      resolve(text)
    })
    socket.write(question)
  })
}
