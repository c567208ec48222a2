// Builds and tests a commit on this machine, in a worktree of its own, with the commands that the commit itself declares, if a person
// here approved exactly those.
//
// 1. Nothing of a checkout of anybody changes, and only folders with names of ours under the worktrees' own root are ever removed.
// 2. What a daemon that died left behind, folders and processes, is removed before anything new is started.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { makeId, SkeinError } from '../../protocol/index.ts'
import { openBoundedLog } from '../bounded-log.ts'
import { clean } from '../callers.ts'
import { bootId, isLiving, systemProcesses, type ProcessIdentity } from '../client/proc.ts'
import { parseConfigText } from '../config-file.ts'
import { repoFileSchema } from '../config-schema.ts'
import type { LandingGit } from '../git-landing.ts'
import { identityOf, signalGroup } from '../process-group.ts'
import { runCommand } from './run.ts'
import type { Commands, Trust } from './trust.ts'

export interface CheckedCommit {
  readonly repo: string
  /** A checkout of the clone that has the commit. */
  readonly root: string
  readonly commit: string
}

/** `none`: it declares neither a build nor a test. */
export type CheckOutcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'none' }
  | { readonly kind: 'unapproved'; readonly diff: readonly string[] }
  | CheckFailure

export interface CheckFailure {
  readonly kind: 'failed'
  readonly step: 'build' | 'test'
  readonly code: number | null
  /** How it ended, and the last of what it said, in one line. */
  readonly note: string
}

export interface Checks {
  /** What the commit declares. @throws SkeinError CONFIG_INVALID */
  commandsOf(of: Pick<CheckedCommit, 'root' | 'commit'>): Promise<Commands>
  /** May what the commit declares run here? Null: it may, or there is nothing to run. @throws SkeinError CONFIG_INVALID */
  doubt(of: CheckedCommit): Promise<readonly string[] | null>
  /** @param say what is said on the way. @throws SkeinError REPO_NOT_GIT, CONFIG_INVALID */
  run(of: CheckedCommit, say: (text: string) => void, signal: AbortSignal): Promise<CheckOutcome>
  /** Ends what runs. */
  stop(): Promise<void>
}

export interface ChecksOptions {
  readonly home: string
  /** Of what is started: the user's, without what is the daemon's own. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly git: Pick<LandingGit, 'fileAt' | 'addDetached' | 'removeDetached'>
  readonly trust: Trust
  /** Of one command. */
  readonly secondsMax: number
  readonly now: () => number
  readonly random: (bytes: number) => Uint8Array
}

/** Of what a command says so much is kept, and always its end. */
const LOG_BYTES_MAX = 8 * 1_048_576
const LOGS_KEPT = 20
const TAIL_CHARACTERS = 4_000
const NOTE_CHARACTERS = 400
const NAME = /^chk_[0-9A-HJKMNP-TV-Z]{26}$/

export function createChecks(options: ChecksOptions): Checks {
  return new LocalChecks(options)
}

class LocalChecks implements Checks {
  readonly #options: ChecksOptions
  readonly #ending = new AbortController()
  readonly #running = new Set<Promise<unknown>>()
  readonly #env: Readonly<Record<string, string | undefined>>

  constructor(options: ChecksOptions) {
    this.#options = options
    const own = Object.entries(options.env).filter(([name]) => !/^(?:SKEIN|GIT)_/.test(name))
    this.#env = Object.fromEntries(own)
    this.#clear()
  }

  /** As the commit has them: a branch that changes them is tested by what it declares, once a person has seen that. */
  async commandsOf({ root, commit }: Pick<CheckedCommit, 'root' | 'commit'>): Promise<Commands> {
    const text = await this.#options.git.fileAt(root, commit, '.skein.yml')
    if (text === null) return {}
    const name = `.skein.yml of ${commit.slice(0, 12)}`
    return parseConfigText(name, text, '.skein.yml', repoFileSchema).value.commands ?? {}
  }

  async doubt(of: CheckedCommit): Promise<readonly string[] | null> {
    const commands = await this.commandsOf(of)
    const needed = commands.build !== undefined || commands.test !== undefined
    return needed ? this.#options.trust.doubt(of.repo, commands) : null
  }

  run(of: CheckedCommit, say: (text: string) => void, signal: AbortSignal): Promise<CheckOutcome> {
    const running = this.#run(of, say, AbortSignal.any([signal, this.#ending.signal]))
    this.#running.add(running)
    return running.finally(() => this.#running.delete(running))
  }

  async stop(): Promise<void> {
    this.#ending.abort()
    await Promise.allSettled(this.#running)
  }

  async #run(of: CheckedCommit, say: (text: string) => void, signal: AbortSignal) {
    const commands = await this.commandsOf(of)
    const { build, test } = commands
    const steps = (['build', 'test'] as const).flatMap((step) => {
      const command = { build, test }[step]
      return command === undefined ? [] : [{ step, command }]
    })
    if (steps.length === 0) return { kind: 'none' } as const
    const diff = this.#options.trust.doubt(of.repo, commands)
    if (diff !== null) return { kind: 'unapproved', diff } as const
    const { home, git, now, random } = this.#options
    const id = makeId('chk', now(), random(10))
    const cwd = path.join(home, 'worktrees', id)
    mkdirSync(path.dirname(cwd), { recursive: true, mode: 0o700 })
    await git.addDetached(of.root, cwd, of.commit)
    try {
      for (const { step, command } of steps) {
        say(`$ ${clean(command)}\n`)
        const failure = await this.#step(id, { step, command, cwd, say, signal })
        if (failure !== null) return failure
      }
      return { kind: 'passed' } as const
    } finally {
      await git.removeDetached(of.root, cwd)
      rmSync(this.#file(id, 'json'), { force: true })
      this.#trim()
    }
  }

  async #step(id: string, { step, command, cwd, say, signal }: Step): Promise<CheckFailure | null> {
    const log = openBoundedLog(this.#file(id, 'log'), LOG_BYTES_MAX)
    let tail = ''
    const end = await runCommand({
      ...{ command, cwd, env: this.#env, signal },
      millisecondsMax: this.#options.secondsMax * 1000,
      onOutput: (chunk) => {
        log.write(chunk)
        const text = chunk.toString('utf8')
        tail = (tail + text).slice(-TAIL_CHARACTERS)
        say(text)
      },
      onStart: (pid) => {
        const record = { leader: identityOf(pid), boot: bootId() }
        writeFileSync(this.#file(id, 'json'), JSON.stringify(record), { mode: 0o600 })
      },
    })
    log.close()
    // Nobody may take a run that was broken off for one that failed.
    if (signal.aborted) throw new SkeinError('BUSY', 'the checks were stopped')
    if (end.code === 0) return null
    return { kind: 'failed', step, code: end.code, note: noteOf(end.how, tail) }
  }

  #file(id: string, kind: 'log' | 'json'): string {
    const folder = path.join(this.#options.home, 'checks')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return path.join(folder, `${id}.${kind}`)
  }

  /** Of an earlier daemon of this home: nobody waits for it. */
  #clear(): void {
    const { home } = this.#options
    for (const file of namesIn(path.join(home, 'checks')).filter((name) =>
      name.endsWith('.json'),
    )) {
      const leader = leaderIn(path.join(home, 'checks', file))
      if (leader !== null && isLiving(leader, systemProcesses())) signalGroup(leader.pid, 'SIGKILL')
      rmSync(path.join(home, 'checks', file), { force: true })
    }
    for (const name of namesIn(path.join(home, 'worktrees')).filter((each) => NAME.test(each)))
      rmSync(path.join(home, 'worktrees', name), { recursive: true, force: true, maxRetries: 3 })
  }

  #trim(): void {
    const folder = path.join(this.#options.home, 'checks')
    const logs = namesIn(folder).filter((name) => name.endsWith('.log'))
    for (const name of logs.sort().slice(0, Math.max(0, logs.length - LOGS_KEPT)))
      rmSync(path.join(folder, name), { force: true })
  }
}

interface Step {
  readonly step: CheckFailure['step']
  readonly command: string
  readonly cwd: string
  readonly say: (text: string) => void
  readonly signal: AbortSignal
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function leaderIn(file: string): ProcessIdentity | null {
  try {
    const { leader, boot } = JSON.parse(readFileSync(file, 'utf8')) as {
      readonly leader: ProcessIdentity
      readonly boot: string
    }
    return boot === bootId() ? leader : null
  } catch {
    return null
  }
}

/** The end of what it said is where the reason stands. */
function noteOf(how: string, tail: string): string {
  const lines = tail.split('\n').map(clean)
  const said = lines.filter((line) => line !== '').slice(-NOTE_LINES)
  return [how, ...said].join(' | ').slice(0, NOTE_CHARACTERS)
}

const NOTE_LINES = 3
