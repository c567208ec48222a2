// A bare repository, a daemon, and clones of several sessions whose plain `git push` is fenced, as `skein init` leaves them.
import { execFileSync, spawn } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { onCleanup, type Cleaner } from './cleanup.ts'
import { PROGRAM, startDaemon, type Daemon } from './daemon.ts'
import { serveGit, type Served, type Transport } from './git-servers.ts'
import { makeFolder, writeIn } from './repo.ts'

export interface FencedOptions {
  readonly transport?: Transport
  readonly skeinYml?: string
  readonly files?: Readonly<Record<string, string>>
  /** Lines more of the daemon's config.yml. */
  readonly configYml?: string
}

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const FILES = {
  'README.md': 'a\n',
  'src/auth/login.ts': 'one\n',
  'src/auth/token.ts': 'one\n',
  'src/app.ts': 'one\n',
}

/** A folder with both programs under the names by which shells and git look for them. */
export function makePrograms(cleaner: Cleaner): string {
  const folder = makeFolder(cleaner, 'skein-bin-')
  const beside = path.join(path.dirname(PROGRAM), 'git-remote-skein.js')
  for (const [name, script] of [
    ['skein', PROGRAM],
    ['git-remote-skein', beside],
  ] as const) {
    const file = path.join(folder, name)
    writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${script}' "$@"\n`)
    chmodSync(file, 0o755)
  }
  return folder
}

export class FencedWorld {
  readonly bare: string
  readonly daemon: Daemon
  readonly served: Served
  readonly env: Readonly<Record<string, string>>
  readonly #cleaner: Cleaner

  private constructor(cleaner: Cleaner, bare: string, daemon: Daemon, served: Served) {
    this.#cleaner = cleaner
    this.bare = bare
    this.daemon = daemon
    this.served = served
    this.env = {
      PATH: `${makePrograms(cleaner)}${path.delimiter}${process.env['PATH'] ?? ''}`,
      HOME: path.dirname(daemon.home),
      SKEIN_HOME: daemon.home,
      ...PERSON,
      ...served.env,
    }
  }

  static async make(cleaner: Cleaner, options: FencedOptions = {}): Promise<FencedWorld> {
    const folder = makeFolder(cleaner, 'skein-remote-')
    const bare = path.join(folder, 'shop.git')
    const seed = path.join(folder, 'seed')
    const git = (cwd: string, ...args: string[]): void => {
      execFileSync('git', args, {
        cwd,
        env: { PATH: process.env['PATH'], ...PERSON },
        stdio: 'pipe',
      })
    }
    mkdirSync(seed)
    git(folder, 'init', '--quiet', '--bare', '--initial-branch=main', bare)
    git(seed, 'init', '--quiet', '--initial-branch=main')
    const { skeinYml = 'repo: test/shop\nrelease_on_landing: false\n', files = FILES } = options
    for (const [file, text] of Object.entries({ ...files, '.skein.yml': skeinYml }))
      writeIn(seed, file, text)
    git(seed, 'add', '--all')
    git(seed, 'commit', '--quiet', '--message', `begin ${seed}`)
    git(seed, 'push', '--quiet', bare, 'main')
    const home = path.join(makeFolder(cleaner, 'skein-home-'), 'h')
    mkdirSync(home)
    writeFileSync(
      path.join(home, 'config.yml'),
      `trust_scripts: true\nhttp_port: 0\n${options.configYml ?? ''}`,
    )
    const served = await serveGit(cleaner, options.transport ?? 'local', bare)
    const daemon = await startDaemon(cleaner, { home, env: served.env })
    return new FencedWorld(cleaner, bare, daemon, served)
  }

  /** A clone of its own for a session; its pushes are fenced. */
  async clone(session: string, { fenced = true } = {}): Promise<FencedClone> {
    const root = path.join(makeFolder(this.#cleaner, 'skein-clone-'), session)
    const clone = new FencedClone(this, root, { ...this.env, SKEIN_SESSION: session })
    const { url } = this.served
    must(await clone.run('git', ['clone', '--quiet', url, root], path.dirname(root)))
    if (fenced) await clone.git('config', `url.skein::${url}.pushInsteadOf`, url)
    return clone
  }

  /** Refs of the bare repository by name. */
  refs(): ReadonlyMap<string, string> {
    const format = '%(refname) %(objectname)'
    const text = execFileSync('git', ['for-each-ref', `--format=${format}`], {
      cwd: this.bare,
      encoding: 'utf8',
    })
    const lines = text.split('\n').filter((line) => line !== '')
    return new Map(lines.map((line) => line.split(' ') as [string, string]))
  }

  fences(): readonly number[] {
    const names = [...this.refs().keys()].filter((ref) => ref.startsWith('refs/skein/fence/t/'))
    return names.map((ref) => Number(ref.slice(ref.lastIndexOf('/') + 1)))
  }

  /** A hook of the bare repository. */
  hook(name: string, script: string): void {
    const file = path.join(this.bare, 'hooks', name)
    writeFileSync(file, script)
    chmodSync(file, 0o755)
  }

  /**
   * Runs this in the middle of the next push, after the remote has taken its objects and before it moves its refs.
   * @returns what it said, once it has run.
   */
  inTheMiddle(script: string, env: Readonly<Record<string, string>>): () => string | null {
    const folder = makeFolder(this.#cleaner, 'skein-hook-')
    const [flag, log, file] = ['flag', 'log', 'script'].map((name) => path.join(folder, name)) as [
      string,
      string,
      string,
    ]
    const exports = Object.entries(env).map(([name, value]) => `export ${name}='${value}'`)
    writeFileSync(file, [...exports, 'set -e', script, ''].join('\n'))
    writeFileSync(flag, '')
    // The hook's git variables point into the quarantine of the push that it belongs to.
    const unset =
      'for name in $(env | sed -n "s/^\\(GIT_[A-Z_]*\\)=.*/\\1/p"); do unset $name; done'
    this.hook(
      'pre-receive',
      `#!/bin/sh\nrm '${flag}' 2>/dev/null || exit 0\n${unset}\nsh '${file}' >'${log}' 2>&1 || echo FAILED >>'${log}'\nexit 0\n`,
    )
    return () => (existsSync(log) ? readFileSync(log, 'utf8') : null)
  }

  onCleanup(undo: () => void): void {
    onCleanup(this.#cleaner, undo)
  }
}

export class FencedClone {
  readonly world: FencedWorld
  readonly root: string
  readonly env: Readonly<Record<string, string>>

  constructor(world: FencedWorld, root: string, env: Readonly<Record<string, string>>) {
    this.world = world
    this.root = root
    this.env = env
  }

  /** The same clone where no daemon answers: its home is another. */
  alone(): FencedClone {
    return new FencedClone(this.world, this.root, {
      ...this.env,
      SKEIN_HOME: `${this.root}-no-home`,
    })
  }

  /** The same clone in the hands of this agent. */
  as(agent: string): FencedClone {
    return new FencedClone(this.world, this.root, { ...this.env, SKEIN_AGENT: agent })
  }

  /** Runs git, which has to succeed; its output. */
  async git(...args: readonly string[]): Promise<string> {
    return must(await this.run('git', args)).stdout
  }

  push(...args: readonly string[]): Promise<Ran> {
    return this.run('git', ['push', ...args])
  }

  skein(...words: readonly string[]): Promise<Ran> {
    return this.run('skein', words)
  }

  /** Claims a pattern; the fence. */
  async claim(
    ...words: readonly string[]
  ): Promise<{ readonly id: string; readonly fence: number }> {
    const { stdout } = must(await this.skein('claim', ...words, '--json'))
    const { claims } = JSON.parse(stdout) as { claims: { id: string; fence: number }[] }
    const [claim] = claims
    if (claim === undefined) throw new Error(`nothing was granted: ${stdout}`)
    return claim
  }

  write(file: string, text: string): void {
    writeIn(this.root, file, text)
  }

  /** A commit that adds a line to a file. */
  async commit(file: string, line: string): Promise<string> {
    appendFileSync(path.join(this.root, file), `${line}\n`)
    await this.git('add', '--all')
    await this.git('commit', '--quiet', '--message', line)
    return (await this.git('rev-parse', 'HEAD')).trim()
  }

  run(program: string, args: readonly string[], cwd = this.root): Promise<Ran> {
    const child = spawn(program, [...args], {
      cwd,
      env: this.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')))
    return new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => {
        resolve({ code: code ?? -1, stdout, stderr })
      })
    })
  }
}

export function must(ran: Ran): Ran {
  if (ran.code === 0) return ran
  throw new Error(`it ended with ${String(ran.code)}: ${ran.stdout}${ran.stderr}`)
}

const PERSON = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'tester',
  GIT_AUTHOR_EMAIL: 'tester@example.org',
  GIT_COMMITTER_NAME: 'tester',
  GIT_COMMITTER_EMAIL: 'tester@example.org',
} as const
