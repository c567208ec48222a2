// The code blocks of a page, and a place to run them in as its reader would: in their order, in one checkout with a daemon.
// A block that begins like a program, `#!/bin/sh` and `# with-claim: …`, is saved under that name and put on the PATH.
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { collect, makeMachine, PROGRAM } from './cli-daemon.ts'
import type { Ran } from './cli-io.ts'

export interface Block {
  readonly language: string
  /** The word behind the language: `endless` for one that its reader has to stop. */
  readonly mark: string
  readonly text: string
  /** In the page. */
  readonly line: number
  /** Of a program that is saved, not run. */
  readonly savedAs: string | null
}

export function blocksOf(page: string): readonly Block[] {
  const all = readFileSync(page, 'utf8')
  return [...all.matchAll(/^```(\w+)(?: (\w+))?\n([\s\S]*?)^```$/gm)].map((found) => {
    const [, language = '', mark = '', text = ''] = found
    const line = all.slice(0, found.index).split('\n').length
    const saved = /^(?:#!.*\n)?(?:#|\/\/) ([\w-]+(?:\.\w+)?): /.exec(text)
    const isProgram = text.startsWith('#!') || language !== 'sh'
    return { language, mark, text, line, savedAs: (isProgram && saved?.[1]) || null }
  })
}

/** Programs that a block calls and this machine does not have, as the reason to skip it; false: none. */
export function missingFor({ text, language }: Block): string | false {
  const wanted = [language, 'jq', 'curl', 'python3', 'openssl'].filter(
    (name) => (name === language && name === 'bash') || new RegExp(`\\b${name}\\b`).test(text),
  )
  const missing = wanted.filter(
    (name) => PROGRAMS.has(name) && spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0,
  )
  return missing.length === 0 ? false : `not installed here: ${missing.join(', ')}`
}

const PROGRAMS: ReadonlySet<string> = new Set(['bash', 'jq', 'curl', 'python3', 'openssl'])

export interface Desk {
  readonly home: string
  readonly root: string
  readonly env: Readonly<Record<string, string>>
  /** Saves a program on the PATH. */
  save(block: Block): void
  /** In a process group of its own; the checkout is its working directory. */
  start(shell: string, text: string, env?: Readonly<Record<string, string>>): Started
  run(shell: string, text: string, env?: Readonly<Record<string, string>>): Promise<Ran>
  /** Of anybody, in this repository. */
  liveClaims(): Promise<readonly string[]>
}

export interface Started {
  readonly child: ChildProcessWithoutNullStreams
  readonly ended: Promise<Ran>
  /** Signals all of its processes. */
  signal(name: NodeJS.Signals): void
}

/** A checkout of `team/shop` with an origin, a home, and `skein` on the PATH. */
export function layDesk(t: Pick<TestContext, 'after'>): Desk {
  const machine = makeMachine(t as TestContext)
  const bin = path.join(machine.folder, 'bin')
  mkdirSync(bin)
  symlinkSync(PROGRAM, path.join(bin, 'skein'))
  symlinkSync(path.resolve('node_modules'), path.join(bin, 'node_modules'))
  const root = machine.makeRepo('shop', FILES)
  const env = {
    PATH: `${bin}${path.delimiter}${path.dirname(process.execPath)}${path.delimiter}${process.env['PATH'] ?? ''}`,
    HOME: machine.folder,
    SKEIN_HOME: machine.home,
    SKEIN_HTTP_PORT: '0',
    GIT_CONFIG_GLOBAL: os.devNull,
    GIT_AUTHOR_NAME: 't',
    GIT_AUTHOR_EMAIL: 't@localhost',
    GIT_COMMITTER_NAME: 't',
    GIT_COMMITTER_EMAIL: 't@localhost',
  }
  const origin = path.join(machine.folder, 'origin.git')
  spawnSync('git', ['init', '--quiet', '--bare', origin], { env })
  spawnSync('git', ['remote', 'add', 'origin', origin], { cwd: root, env })
  const start: Desk['start'] = (shell, text, more = {}) => {
    const child = spawn(shell, ['-c', text], {
      cwd: root,
      env: { ...env, ...more },
      detached: true,
    })
    child.stdin.end()
    const signal = (name: NodeJS.Signals): void => {
      if (child.pid !== undefined) process.kill(-child.pid, name)
    }
    return { child, ended: collect(child), signal }
  }
  const run: Desk['run'] = (shell, text, more) => start(shell, text, more).ended
  return {
    home: machine.home,
    root,
    env,
    start,
    run,
    save({ savedAs, text }) {
      const file = path.join(bin, savedAs ?? 'unnamed')
      writeFileSync(file, text)
      chmodSync(file, 0o755)
    },
    async liveClaims() {
      const { stdout } = await run('sh', 'skein claims --json')
      const { claims } = JSON.parse(stdout) as { claims: readonly { pattern: string }[] }
      return claims.map(({ pattern }) => pattern)
    },
  }
}

const FILES = {
  '.skein.yml': 'repo: team/shop\n',
  'README.md': 'shop\n',
  'CHANGELOG.md': 'none\n',
  'src/a.ts': 'export const a = 1\n',
  'src/b.ts': 'export const b = 2\n',
  'src/login.ts': 'export function login() {}\n',
  'src/router.ts': 'export class Router {\n  handle() {}\n}\n',
  'db/migrations/001.sql': 'select 1;\n',
}
