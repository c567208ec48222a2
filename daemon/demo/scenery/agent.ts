// A scripted agent: a session of its own in a worktree of its own. It does what its script says, and believes what it is told.
import { appendFileSync } from 'node:fs'
import path from 'node:path'
import type { OperationName, OperationResult } from '../../../protocol/index.ts'
import type { DemoMachine } from './machine.ts'
import { gitWith, isolated, type Git } from './repository.ts'
import { runProgram, type Environment, type Ran } from '../../client/child.ts'

export type ClaimAnswer = OperationResult<'claim'>
export type ClaimFacts = ClaimAnswer['claims'][number]

export interface Scope {
  readonly pattern: string
  readonly symbol?: string
}

export class DemoAgent {
  readonly name: string
  readonly machine: DemoMachine
  /** The root of its worktree. */
  readonly root: string
  readonly #options: AgentOptions
  readonly #git: Git

  constructor(name: string, machine: DemoMachine, root: string, options: AgentOptions) {
    this.name = name
    this.machine = machine
    this.root = root
    this.#options = options
    this.#git = gitWith(this.#env, options.signal)
  }

  /** As the program of an agent asks it. */
  call<Name extends OperationName>(name: Name, input: object = {}): Promise<OperationResult<Name>> {
    const who = { cwd: this.root, agent: this.name, session: this.#session }
    return this.machine.call(name, { ...who, ...input })
  }

  claim({ pattern, symbol }: Scope, description: string, more: object = {}): Promise<ClaimAnswer> {
    const scope =
      symbol === undefined
        ? { kind: 'file', pattern }
        : { kind: 'symbol', pattern, symbols: [symbol] }
    return this.call('claim', { scopes: [scope], description, ...more })
  }

  /** A command of this program, as somebody types it. */
  type(...words: readonly string[]): Promise<Ran> {
    const [program = process.execPath, ...start] = this.#options.self
    const { signal } = this.#options
    return runProgram(program, [...start, ...words], { cwd: this.root, env: this.#env, signal })
  }

  /** Adds a line to a file and commits it. @returns the short name of the commit */
  async work(file: string, message: string): Promise<string> {
    appendFileSync(path.join(this.root, file), `// ${message}\n`)
    await this.#git(this.root, 'commit', '--quiet', '--message', message, '--', file)
    return (await this.#git(this.root, 'rev-parse', '--short', 'HEAD')).trim()
  }

  /** Brings its work to the top of `main`, and pushes it there through the fence. */
  async push(): Promise<Ran> {
    await this.#git(this.root, 'fetch', '--quiet', 'origin')
    await this.#git(this.root, 'rebase', '--quiet', 'origin/main')
    return this.type('push', 'origin', 'HEAD:main')
  }

  async head(): Promise<string> {
    return (await this.#git(this.root, 'rev-parse', '--short', 'HEAD')).trim()
  }

  get #session(): string {
    return `demo-${this.name}`
  }

  get #env(): Environment {
    const own = { SKEIN_HOME: this.machine.home, SKEIN_AGENT: this.name }
    const env = { ...this.#options.env, ...own, SKEIN_SESSION: this.#session, SKEIN_NO_START: '1' }
    return isolated(env, this.name)
  }
}

export interface AgentOptions {
  readonly env: Environment
  readonly self: readonly string[]
  readonly signal: AbortSignal
}
